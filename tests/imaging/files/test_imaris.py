"""Imaris files are read without padding, with their sizes and names."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import read_image

h5py = pytest.importorskip("h5py")


def _letters(text):
    return np.array([letter.encode("latin-1") for letter in text], "S1")


def _write(path, array, **extent):
    """Write an image (T, C, Z, Y, X) in chunks that are larger than it."""
    with h5py.File(path, "w") as file:
        for time, channel in np.ndindex(array.shape[:2]):
            padded = np.full((4, 64, 64), 999, array.dtype)
            padded[: array.shape[2], : array.shape[3], : array.shape[4]] = array[time, channel]
            place = f"TimePoint {time}/Channel {channel}/Data"
            file[f"DataSet/ResolutionLevel 0/{place}"] = padded
            file[f"DataSet/ResolutionLevel 1/{place}"] = padded[:, ::2, ::2]
        facts = file.create_group("DataSetInfo/Image").attrs
        for axis, length in zip("ZYX", array.shape[2:], strict=True):
            facts[axis] = _letters(str(length))
        for name, value in extent.items():
            facts[name] = _letters(value)
        for channel, name in zip(range(array.shape[1]), ("DAPI", "GFP"), strict=False):
            file.create_group(f"DataSetInfo/Channel {channel}").attrs["Name"] = _letters(name)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((2, 2, 3, 40, 50), "TCZYX"), ((1, 2, 1, 40, 50), "CYX"), ((1, 1, 1, 40, 50), "YX")],
)
def test_the_finest_level_is_the_image(tmp_path, shape, axes):
    array = np.arange(np.prod(shape), dtype="u2").reshape(shape)
    extent = {"ExtMin0": "-1", "ExtMax0": "9", "ExtMin1": "0", "ExtMax1": "20", "Unit": "um"}
    _write(tmp_path / "a.ims", array, **extent)
    image = read_image(tmp_path / "a.ims")
    np.testing.assert_array_equal(image.array, array.squeeze())
    metadata = image.details["metadata"]
    assert image.details["axes"] == axes
    assert (metadata["PhysicalSizeX"], metadata["PhysicalSizeY"]) == (0.2, 0.5)
    assert metadata.get("Channel") == ({"Name": ["DAPI", "GFP"]} if "C" in axes else None)
    assert "PhysicalSizeZ" not in metadata


def test_another_hdf5_file_is_told(tmp_path):
    with h5py.File(tmp_path / "a.ims", "w") as file:
        file["data"] = np.zeros((9, 8))
    with pytest.raises(ImageError, match=r"a\.ims is an HDF5 file without .* to a\.h5"):
        read_image(tmp_path / "a.ims")
    (tmp_path / "b.ims").write_bytes((tmp_path / "a.ims").read_bytes()[:500])
    with pytest.raises(ImageError, match=r"b\.ims cannot be read: .*truncated"):
        read_image(tmp_path / "b.ims")
