"""Panoramas: a Radiance file written by hand, views whose directions are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from panoramas import read_radiance, rectilinear_view

from napari_zerodce.errors import ImageError

HEADER = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 8\n"


def scanline(red: bytes, green: bytes, blue: bytes, exponent: bytes) -> bytes:
    return bytes((2, 2, 0, 8)) + red + green + blue + exponent


RUN = bytes((128 + 8,))
"""The next byte, eight times."""

FIRST = scanline(
    RUN + bytes((128,)),
    bytes((8, 0, 32, 64, 96, 128, 160, 192, 224)),  # eight literal bytes
    bytes((128 + 3, 64, 5, 1, 2, 3, 4, 5)),  # three times 64, then five literals
    RUN + bytes((129,)),
)
SECOND = scanline(*[RUN + bytes((200,))] * 3, RUN + bytes((0,)))


def test_radiance_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "hand.hdr"
    path.write_bytes(HEADER + FIRST + SECOND)
    picture = read_radiance(path)
    assert picture.shape == (2, 8, 3)
    assert picture.dtype == np.float32
    # Exponent 129 means mantissa / 256 * 2.
    assert np.array_equal(picture[0, :, 0], np.full(8, 1.0))
    assert np.array_equal(picture[0, :, 1], np.arange(8) * 0.25)
    assert np.array_equal(picture[0, :, 2] * 128, [64, 64, 64, 1, 2, 3, 4, 5])
    assert not picture[1].any(), "an exponent of 0 is black whatever the mantissas say"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not found</html>",
        b"#?RADIANCE\n\n+Y 2 -X 8\n" + FIRST + SECOND,
        HEADER,
        HEADER + FIRST,
        HEADER + FIRST + SECOND[:-1],
        HEADER + FIRST + SECOND + b"more",
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2000000 +X 800000\n" + FIRST,
    ],
)
def test_what_is_not_radiance_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.hdr"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"broken\.hdr is .*\.$"):
        read_radiance(path)


def test_scanlines_may_be_stored_without_runs(tmp_path: Path) -> None:
    path = tmp_path / "flat.hdr"
    path.write_bytes(HEADER + bytes((64, 128, 255, 129)) * 8 + bytes((9, 9, 9, 0)) * 8)
    picture = read_radiance(path)
    assert np.array_equal(picture[0], np.tile(np.float32([0.5, 1.0, 255 / 128]), (8, 1)))
    assert not picture[1].any()


def panorama_of_directions(height: int = 180) -> np.ndarray:
    """Return a panorama whose pixels hold the unit vector they are seen in, plus 2."""
    latitude = np.pi / 2 - (np.arange(height) + 0.5) / height * np.pi
    longitude = (np.arange(2 * height) + 0.5) / height * np.pi - np.pi
    longitude, latitude = np.meshgrid(longitude, latitude)
    across, forward = np.cos(latitude) * np.sin(longitude), np.cos(latitude) * np.cos(longitude)
    return np.stack((across, np.sin(latitude), forward), axis=-1).astype(np.float32) + 2


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(
    ("yaw", "pitch", "expected"),
    [
        (0, 0, (0, 0, 1)),
        (90, 0, (1, 0, 0)),
        (180, 0, (0, 0, -1)),
        (-90, 0, (-1, 0, 0)),
        (0, 90, (0, 1, 0)),
        (0, -45, (0, -(0.5**0.5), 0.5**0.5)),
    ],
)
def test_the_view_looks_where_it_is_told(
    interpolation: str, yaw: float, pitch: float, expected: tuple[float, float, float]
) -> None:
    view = rectilinear_view(
        panorama_of_directions(),
        yaw=yaw,
        pitch=pitch,
        field_of_view=60,
        size=(21, 31),
        interpolation=interpolation,  # type: ignore[arg-type]
    )
    assert view.shape == (21, 31, 3)
    assert view[10, 15] - 2 == pytest.approx(expected, abs=1e-2)  # half a pixel at the pole


def test_the_field_of_view_spans_the_width_and_straight_lines_stay_straight() -> None:
    view = rectilinear_view(
        panorama_of_directions(), yaw=0, pitch=0, field_of_view=90, size=(40, 80)
    )
    x, y, z = np.moveaxis(view - 2, -1, 0)
    # In a rectilinear view x/z and y/z are linear in the pixel's place: -1 to 1 for 90 degrees.
    assert x / z == pytest.approx(np.tile((np.arange(80) + 0.5) / 40 - 1, (40, 1)), abs=5e-3)
    assert y[:, 40] / z[:, 40] == pytest.approx(0.5 - (np.arange(40) + 0.5) / 40, abs=5e-3)


def test_no_seam_where_the_panoramas_ends_meet() -> None:
    smooth = panorama_of_directions()
    view = rectilinear_view(smooth, yaw=180, pitch=0, field_of_view=90, size=(9, 90))
    assert np.abs(np.diff(view, axis=1)).max() < 0.03
