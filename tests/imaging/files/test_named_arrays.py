"""Tables, labels and masks are no images; the only array with rows and columns is one."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.named_arrays import images_among


@pytest.mark.parametrize(
    ("arrays", "images"),
    [
        ({"a": ((5, 4), "u1")}, ("a",)),
        ({"labels": ((50, 40), "u1")}, ("labels",)),
        ({"raw": ((50, 40), "u1"), "labels": ((50, 40), "i4")}, ("raw",)),
        ({"raw": ((9, 50, 40), "f2"), "boxes": ((1000, 4), "f4")}, ("raw",)),
        ({"b": ((50, 40), "u1"), "a": ((50, 40), "u1")}, ("b", "a")),
        ({"raw": ((50, 40), "u1"), "is": ((50, 40), "?"), "c": ((50, 40), "c8")}, ("raw",)),
    ],
)
def test_images_are_told_from_other_arrays(arrays, images):
    headers = {name: (shape, np.dtype(dtype)) for name, (shape, dtype) in arrays.items()}
    assert images_among(headers, "a.h5") == images


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({}, "other data"),
        ({"times": ((7,), "f8")}, "times"),
        ({"empty": ((0, 9), "f8")}, "empty"),
        (dict.fromkeys("abcdefg", ((7,), "f8")), r"a, b, c, d, e, \.\.\."),
    ],
)
def test_what_is_there_instead_is_named(arrays, found):
    headers = {name: (shape, np.dtype(dtype)) for name, (shape, dtype) in arrays.items()}
    with pytest.raises(ImageError, match=rf"a\.h5 holds no image, only {found}; give"):
        images_among(headers, "a.h5")
