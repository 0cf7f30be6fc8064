"""The compared part: the plane on screen, every pixel of it, and the same part of a reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.compare import part
from napari_zerodce.gui.docks.compare.part import (
    describe_part,
    describe_place,
    is_on_screen,
    of_part,
    of_reference,
    part_on_screen,
)
from napari_zerodce.gui.layers.source import read_source, request_for


def _samples(request: Any) -> np.ndarray:
    scope = request.scope
    leading = tuple(start for start, _ in scope.leading)
    return np.asarray(request.image[(*leading, slice(*scope.rows), slice(*scope.columns))])


def test_plane_of_a_stack(model: Any, stack: Any) -> None:
    model.dims.set_point(0, 2)
    source = read_source(stack)
    screen = part_on_screen(model, source)
    assert describe_part(screen) == "plane 2, 8x8 pixels"
    request = of_part(request_for(source, EnhanceSettings()), screen)
    np.testing.assert_array_equal(_samples(request), stack.data[2])
    assert is_on_screen(model, screen)
    model.dims.set_point(0, 1)
    assert not is_on_screen(model, screen)
    model.dims.ndisplay = 3
    assert not is_on_screen(model, screen)
    with pytest.raises(RequestError, match="3D"):
        part_on_screen(model, source)


def test_plain_plane_has_no_place(model: Any) -> None:
    screen = part_on_screen(model, read_source(model.add_image(np.zeros((4, 6)))))
    assert describe_place(screen) == ""
    assert describe_part(screen) == "6x4 pixels"


def test_large_plane_gives_every_pixel_of_what_is_on_screen(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "MOST_PIXELS", 100)
    layer = model.add_image(np.arange(400).reshape(20, 20), scale=(2, 2))
    camera = model.scene.camera
    camera.center, camera.zoom = (10, 30), max(model.canvas.size) / 12  # 6 pixels at most
    source = read_source(layer)
    screen = part_on_screen(model, source)
    rows, columns = screen.viewport.rows, screen.viewport.columns
    assert rows.start <= 5 < rows.stop
    assert columns.start <= 15 < columns.stop
    assert screen.viewport.step == 1
    assert np.prod(screen.viewport.shape) <= 100
    assert "of what is on screen" in describe_part(screen)
    camera.center = (1000, 1000)
    with pytest.raises(RequestError, match="No pixel"):
        part_on_screen(model, source)


def test_middle_of_what_is_too_large(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "MOST_PIXELS", 100)
    layer = model.add_image(np.zeros((20, 40)))
    model.fit_to_view()
    screen = part_on_screen(model, read_source(layer))
    assert screen.viewport.shape == (7, 14)  # of the proportions of the image
    assert (screen.viewport.rows, screen.viewport.columns) == (slice(6, 13), slice(13, 27))


def test_coarser_level_of_a_pyramid(model: Any) -> None:
    finest = np.arange(64.0).reshape(8, 8)
    layer = model.add_image([finest, finest[::2, ::2]], multiscale=True)
    layer.data_level = 1
    source = read_source(layer)
    screen = part_on_screen(model, source)
    assert describe_part(screen) == "4x4 pixels of a level that is 2 times smaller"
    request = of_part(request_for(source, EnhanceSettings()), screen)
    np.testing.assert_array_equal(_samples(request), finest[::2, ::2])
    same = read_source(model.add_image(np.ones((4, 4)), name="small reference"))
    assert of_reference(same, screen).image.shape == (4, 4)


def test_reference_gives_the_part_that_belongs_to_it(model: Any, stack: Any) -> None:
    model.dims.set_point(0, 1)
    screen = part_on_screen(model, read_source(stack))
    pair = model.add_image(stack.data * 2, name="pair")
    np.testing.assert_array_equal(_samples(of_reference(read_source(pair), screen)), pair.data[1])
    plane = model.add_image(stack.data[0], name="plane")
    np.testing.assert_array_equal(_samples(of_reference(read_source(plane), screen)), plane.data)


@pytest.mark.parametrize(
    ("shape", "rgb", "said"),
    [
        ((9, 8), False, "8x9 pixels, but 'stack' has 8x8"),
        ((8, 8, 3), True, "in colour"),
        ((5, 8, 8), False, "5 planes of other axes"),
    ],
)
def test_reference_that_does_not_fit(
    model: Any, stack: Any, shape: tuple[int, ...], rgb: bool, said: str
) -> None:
    screen = part_on_screen(model, read_source(stack))
    other = read_source(model.add_image(np.zeros(shape, np.uint8), rgb=rgb, name="other"))
    with pytest.raises(RequestError, match=said):
        of_reference(other, screen)
