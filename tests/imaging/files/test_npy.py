"""Arrays of any shape come back, objects never do."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import npy
from napari_zerodce.imaging.files.image_file import ImageFile


@pytest.mark.parametrize(
    ("shape", "channels"),
    [((1, 1), "mono"), ((2, 3, 4, 5), "mono"), ((90, 80, 3), "rgb"), ((90, 80, 4), "rgba")],
)
@pytest.mark.parametrize("dtype", ["uint8", ">u2", "float64"])
@pytest.mark.parametrize("mapped_from", [1, 2**30])
def test_arrays_come_back(tmp_path, monkeypatch, shape, channels, dtype, mapped_from):
    monkeypatch.setattr(npy, "MAPPED_FROM", mapped_from)
    image = ImageFile(np.arange(np.prod(shape)).reshape(shape).astype(dtype), channels)
    assert npy.can_hold((image,), ".npy")
    npy.write(tmp_path / "a.npy", (image,))
    (read,) = npy.read(tmp_path / "a.npy")
    assert (read.channels, read.array.dtype) == (channels, np.dtype(dtype))
    assert isinstance(read.array, np.memmap) == (mapped_from == 1)
    np.testing.assert_array_equal(read.array, image.array)


@pytest.mark.parametrize("mapped_from", [1, 2**30])
def test_objects_are_refused(tmp_path, monkeypatch, mapped_from):
    monkeypatch.setattr(npy, "MAPPED_FROM", mapped_from)
    np.save(tmp_path / "a.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises((ValueError, ImageError)):
        npy.read(tmp_path / "a.npy")
