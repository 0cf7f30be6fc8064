"""Which image of a file has which number."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import write_image
from napari_zerodce.imaging.files.one_of_several import picked, read_one


def stack(pages, *, value, **details):
    array = np.zeros((len(pages), 5, 6), np.uint8) + value
    array += np.arange(len(pages), dtype=np.uint8)[:, None, None]
    return ImageFile(array, "mono", {"axes": "QYX", "pages": pages, **details})


def test_numbers_follow_the_pages_across_stacks():
    images = (
        stack((0, 2, 5), value=10),
        stack((1, 3), value=20),
        ImageFile(np.full((9, 9), 30), "mono", {"axes": "YX", "pages": (4,)}),
    )
    values = [int(picked(images, number, "a.tif").array.flat[0]) for number in range(6)]
    assert values == [10, 20, 11, 21, 30, 12]
    first = picked(images, 1, "a.tif")
    assert first.array.shape == (5, 6)
    assert first.details["axes"] == "YX"


def test_an_image_of_a_stack_has_its_own_facts():
    series = (
        {"axes": "YX", "pages": (0,), "name": "a"},
        {"axes": "YX", "pages": (1,), "name": "b"},
    )
    image = stack((0, 1), value=0, series=series)
    assert picked((image,), 1, "a.tif").details == series[1]


def test_without_pages_the_order_is_that_of_the_images():
    images = (
        ImageFile(np.zeros((5, 6)), "mono"),
        ImageFile(np.ones((2, 5, 6)), "mono", {"axes": "ZYX"}),
    )
    assert picked(images, 1, "a").array.shape == (2, 5, 6)
    assert picked(images, 0, "a") is images[0]


def test_pages_of_a_tiff_go_out_as_they_came_in(tmp_path):
    path = tmp_path / "a.tif"
    pages = [
        np.full((5, 6), 7, np.uint16),
        np.full((4, 4, 3), 8, np.uint8),
        np.full((5, 6), 9, np.uint16),
    ]
    with tifffile.TiffWriter(path) as file:
        for number, page in enumerate(pages):
            kind = "rgb" if page.ndim == 3 else "miniswhite"
            file.write(page, photometric=kind, metadata=None, description=f"page {number}")
    for number, page in enumerate(pages):
        image = read_one(path, number)
        write_image(tmp_path / f"{number}.tif", image)
        with tifffile.TiffFile(tmp_path / f"{number}.tif") as file:
            assert len(file.pages) == 1
            np.testing.assert_array_equal(file.asarray(), page)
            assert file.pages[0].description == f"page {number}"
            assert file.pages[0].photometric == (2 if page.ndim == 3 else 0)


@pytest.mark.parametrize("number", [-1, 1, 99])
def test_other_numbers_are_refused(number):
    with pytest.raises(RequestError, match=r"a\.tif holds 1 image, and the series"):
        picked((ImageFile(np.zeros((5, 6)), "mono"),), number, "a.tif")
