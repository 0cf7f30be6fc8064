"""Which axis of an image its file calls channels or time."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile, axis_in
from napari_zerodce.imaging.files.images import read_image


@pytest.mark.parametrize(
    ("axes", "shape", "channels", "time"),
    [
        ("YX", (5, 6), None, None),
        ("CYX", (2, 5, 6), 0, None),
        ("TZCYX", (3, 4, 2, 5, 6), 2, 0),
        ("TCYX", (1, 2, 5, 6), 1, None),
        ("SYX", (5, 5, 6), 0, None),
        ("CSYX", (2, 5, 5, 6), 0, None),
        ("TSYX", (2, 5, 5, 6), 1, 0),
        ("CSYX", (1, 5, 5, 6), 1, None),
        ("QYX", (2, 5, 6), None, None),
        ("", (2, 5, 6), None, None),
    ],
)
def test_samples_that_are_no_colours_are_channels(axes, shape, channels, time):
    image = ImageFile(np.zeros(shape), "mono", {"axes": axes})
    assert (axis_in(image, "C"), axis_in(image, "T")) == (channels, time)


def test_the_samples_of_a_photo_are_no_channels():
    image = ImageFile(np.zeros((2, 5, 6, 3)), "rgb", {"axes": "CYXS"})
    assert axis_in(image, "C") == 0
    image = ImageFile(np.zeros((2, 5, 6, 3)), "rgb", {"axes": "QYXS"})
    assert axis_in(image, "C") is None


@pytest.mark.parametrize(
    "options",
    [
        {"photometric": "minisblack", "planarconfig": "separate"},
        {"imagej": True, "metadata": {"axes": "CYX"}},
        {"ome": True, "metadata": {"axes": "CYX"}},
        {"metadata": {"axes": "CYX"}},
    ],
)
def test_tiffs_with_channels(tmp_path, options):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 30, 40), np.uint16), **options)
    image = read_image(tmp_path / "a.tif")
    assert image.array.shape == (2, 30, 40)
    assert axis_in(image, "C") == 0
