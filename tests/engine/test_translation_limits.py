"""What a translator costs: numbers by hand."""

from __future__ import annotations

import pytest

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.device import Device
from napari_zerodce.engine import translation_limits
from napari_zerodce.engine.translation_limits import (
    bytes_per_pixel,
    cost_of,
    first_tile,
    halo_of,
    padded,
    working_memory,
)
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.planes import PlaneLayout
from napari_zerodce.imaging.scope import Scope

RESNET = GeneratorDesign("resnet")
UNET = GeneratorDesign("unet", depth=8, norm="batch")
CPU = Device("cpu", "")
SMALL = GeneratorDesign("resnet", features=16, depth=2)  # 288 bytes a pixel, halo 31


@pytest.mark.parametrize(
    ("length", "design", "expected"),
    [(1, RESNET, 8), (8, RESNET, 8), (9, RESNET, 12), (253, RESNET, 256), (1, UNET, 256),
     (257, UNET, 512)],
)  # fmt: skip
def test_sides_become_multiples(length: int, design: GeneratorDesign, expected: int) -> None:
    assert padded(length, design) == expected


def test_a_halo_can_be_cut_to_multiples_and_still_holds_the_receptive_field() -> None:
    assert halo_of(RESNET) == 84 + 3
    assert halo_of(GeneratorDesign("resnet", antialias_down=True)) == 96 + 3  # 93, rounded up


def test_memory_is_that_of_the_plane_or_of_a_tile_with_its_halo() -> None:
    assert bytes_per_pixel(SMALL) == 288
    assert working_memory(SMALL, (100, 201), 201) == 100 * 204 * 288
    assert working_memory(SMALL, (1000, 1000), 100) == 162 * 162 * 288
    assert working_memory(SMALL, (50, 1000), 100) == 52 * 162 * 288


@pytest.mark.parametrize(
    ("room", "tile"),
    [(300 * 400 * 288, 400), (300 * 400 * 288 - 1, 282), (200 * 200 * 288, 138), (1, 4)],
)
def test_the_first_tile_is_the_plane_or_what_fits_with_its_halo(
    monkeypatch: pytest.MonkeyPatch, room: int, tile: int
) -> None:
    monkeypatch.setattr(translation_limits, "room_for_blocks", lambda _: room)
    assert first_tile(SMALL, (300, 400), CPU) == tile


@pytest.mark.parametrize(
    ("room", "sentence"),
    [
        (2**19 * 288, r"288\.0 MiB of memory .* at most 144\.0 MiB .* at most 512x512 pixels"),
        (2**9, r"288\.0 MiB of memory .* at most 512 bytes can be used .* so free memory\."),
    ],
)
def test_a_unet_says_the_size_that_fits_in_readable_units(
    monkeypatch: pytest.MonkeyPatch, room: int, sentence: str
) -> None:
    monkeypatch.setattr(translation_limits, "room_for_blocks", lambda _: room)
    monkeypatch.setattr(translation_limits, "bytes_per_pixel", lambda _: 288)
    with pytest.raises(ImageError, match=sentence):
        first_tile(UNET, (1, 2**12), CPU)


def test_the_cost_counts_halos_and_measuring() -> None:
    layout = PlaneLayout((5, 3000, 2000), "mono")
    part = Scope(((0, 5),), (0, 3000), (0, 2000))
    whole = cost_of(SMALL, layout, part, 3000, locked=False)
    assert (whole.pixels, whole.memory) == (5 * 3000 * 2000, 3000 * 2000 * 288)
    tiled = cost_of(SMALL, layout, part, 1000, locked=False)
    assert tiled.pixels == 5 * (3000 + 3 * 62) * (2000 + 2 * 62) + 5 * 2**21
    locked = cost_of(SMALL, layout, part, 1000, locked=True)
    assert locked.pixels == tiled.pixels - 4 * 2**21
