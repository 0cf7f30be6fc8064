"""Samples and pixels: what a format holds comes back, in the colours and the range it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.video.samples import Colour, SampleKind, frame_of, samples_of

av = pytest.importorskip("av", reason="videos need PyAV")

LIMITED, FULL = 1, 2
BT601, BT709, BT2020 = 5, 1, 9


@pytest.mark.parametrize(
    ("pixels", "channels", "bits", "dtype", "held_as"),
    [
        ("yuv420p", "rgb", None, "u1", "rgb24"),
        ("yuvj422p", "rgb", None, "u1", "rgb24"),
        ("nv12", "rgb", None, "u1", "rgb24"),
        ("pal8", "rgb", None, "u1", "rgb24"),
        ("rgb565le", "rgb", None, "u1", "rgb24"),
        ("monow", "mono", None, "u1", "gray"),
        ("gray", "mono", None, "u1", "gray"),
        ("ya8", "rgba", None, "u1", "rgba"),
        ("gray12le", "mono", 12, "u2", "gray12le"),
        ("gray16le", "mono", None, "u2", "gray16le"),
        ("p010le", "rgb", 10, "u2", "gbrp10le"),
        ("yuv420p10le", "rgb", 10, "u2", "gbrp10le"),
        ("yuv444p9le", "rgb", 9, "u2", "gbrp9le"),
        ("yuva420p9le", "rgba", 10, "u2", "gbrap10le"),
        ("yuva444p12le", "rgba", 12, "u2", "gbrap12le"),
        ("yuv422p16le", "rgb", None, "u2", "rgb48le"),
        ("gbrpf32le", "rgb", None, "u2", "rgb48le"),
        ("bgra", "rgba", None, "u1", "rgba"),
    ],
)
def test_a_format_of_pixels_says_its_samples(pixels, channels, bits, dtype, held_as) -> None:
    kind = SampleKind.of(av.VideoFormat(pixels))
    assert (kind.channels, kind.bits, kind.dtype) == (channels, bits, np.dtype(dtype))
    assert kind.pixel_format == held_as


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("channels", ["mono", "rgb", "rgba"])
def test_samples_come_back_from_a_format_that_holds_them(channels, depth) -> None:
    kind = SampleKind(channels, depth)
    shape = kind.shape(7, 33)  # odd, and not a multiple of a line's alignment
    samples = np.random.default_rng(0).integers(0, 2**depth, shape).astype(kind.dtype)
    frame = frame_of(samples, kind, kind.pixel_format, Colour())
    assert np.array_equal(samples_of(frame, kind, Colour()), samples)


@pytest.mark.parametrize("extent", [LIMITED, FULL])
@pytest.mark.parametrize("space", [BT601, BT709, BT2020])
def test_colours_come_back_through_each_matrix_and_range(space, extent) -> None:
    kind, colour = SampleKind("rgb", 8), Colour(extent, space=space)
    samples = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    frame = frame_of(samples, kind, "yuv444p", colour)
    assert np.abs(samples_of(frame, kind, colour).astype(int) - samples).max() <= 2


def test_black_and_white_are_where_the_range_says() -> None:
    kind = SampleKind("rgb", 8)
    samples = np.zeros((8, 16, 3), np.uint8)
    samples[:, 8:] = 255
    for extent, ends in ((LIMITED, (16, 235)), (FULL, (0, 255)), (0, (16, 235))):
        frame = frame_of(samples, kind, "yuv444p", Colour(extent, space=BT709))
        luma = bytes(frame.planes[0])
        assert (luma[0], luma[15]) == ends


def test_red_has_the_luma_of_its_matrix() -> None:
    kind = SampleKind("rgb", 8)
    red = np.zeros((8, 16, 3), np.uint8)
    red[..., 0] = 255
    for space, share in ((BT601, 0.299), (BT709, 0.2126), (BT2020, 0.2627)):
        frame = frame_of(red, kind, "yuv444p", Colour(LIMITED, space=space))
        assert bytes(frame.planes[0])[0] == pytest.approx(16 + 219 * share, abs=1)


def test_what_the_file_says_counts_before_what_a_frame_says() -> None:
    assert Colour(0, 2, 9, 2).or_else(Colour(1, 1, 1, 1)) == Colour(1, 1, 9, 1)
    assert Colour(2, 9, 9, 9).or_else(Colour(1, 1, 1, 1)) == Colour(2, 9, 9, 9)


def test_samples_are_read_only() -> None:
    kind = SampleKind("rgb", 8)
    frame = frame_of(np.zeros((8, 16, 3), np.uint8), kind, "rgb24", Colour())
    with pytest.raises(ValueError, match="read-only"):
        samples_of(frame, kind, Colour())[0] = 1


def test_colours_that_are_not_converted_are_told() -> None:
    sentence = r"^a\.mkv has the colours YCgCo, which are not supported here; convert"
    with pytest.raises(ImageError, match=sentence):
        Colour(space=8).check(av.VideoFormat("yuv444p"), Path("a.mkv"))
    Colour(space=8).check(av.VideoFormat("rgb24"), Path("a.mkv"))
    Colour(space=BT2020).check(av.VideoFormat("yuv420p10le"), Path("a.mkv"))


def test_a_mark_of_rgb_does_not_go_to_luma_and_chroma() -> None:
    assert Colour(FULL, 1, 1, 0).of_pixels("gbrp", "yuv420p") == Colour(LIMITED, 1, 1, BT709)
    assert Colour(FULL, 1, 1, 0).of_pixels("gbrp", "rgb24") == Colour(FULL, 1, 1, 0)
    assert Colour(FULL, 9, 1, 9).of_pixels("yuv420p", "yuv444p") == Colour(FULL, 9, 1, 9)
