"""Images in HDF5 files keep their axes; the rest of the file comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import hdf5
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import read_image, read_images, write_image, write_images

h5py = pytest.importorskip("h5py")


@pytest.fixture
def volume(tmp_path):
    """Return a file of ilastik's order of axes, and its samples (X, Y, Z, C)."""
    path = tmp_path / "a.h5"
    array = np.arange(30 * 20 * 4 * 2, dtype="u2").reshape(30, 20, 4, 2)
    with h5py.File(path, "w") as file:
        options = {"chunks": (10, 10, 2, 1), "compression": "gzip", "shuffle": True}
        data = file.create_dataset("exported/raw", data=array, **options)
        data.attrs["axistags"] = json.dumps({"axes": [{"key": key} for key in "xyzc"]})
        data.attrs["element_size_um"] = [0.1, 0.2, 0.5]
        table = file.create_dataset("table", data=np.arange(30.0))
        table.make_scale("x in um")
        data.dims[0].attach_scale(table)
        file["labels"] = np.ones((30, 20), "u1")
        file["again"] = table
        file.attrs["microscope"] = "ours"
    return path, array


def test_axes_and_sizes_are_those_of_the_file(volume):
    path, array = volume
    image = read_image(path)
    assert (image.channels, image.details["axes"]) == ("mono", "ZCYX")
    np.testing.assert_array_equal(image.array, array.transpose(2, 3, 1, 0))
    sizes = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.2, "PhysicalSizeZ": 0.5}
    assert image.details["metadata"] == sizes


def test_the_result_is_a_copy_with_other_pixels(volume, tmp_path):
    path, array = volume
    image = read_image(path)
    write_image(tmp_path / "b.h5", replace(image, array=image.array + 1))
    with h5py.File(tmp_path / "b.h5") as back, h5py.File(path) as file:
        data = back["exported/raw"]
        np.testing.assert_array_equal(data[()], array + 1)
        assert (data.chunks, data.compression, data.shuffle) == ((10, 10, 2, 1), "gzip", True)
        assert data.attrs["axistags"] == file["exported/raw"].attrs["axistags"]
        assert data.dims[0][0] == back["table"]
        assert back["again"] == back["table"]
        np.testing.assert_array_equal(back["labels"][()], 1)
        assert back.attrs["microscope"] == "ours"
        np.testing.assert_array_equal(file["exported/raw"][()], array)  # the source is as it was


def test_a_part_keeps_the_name_and_the_axes(volume, tmp_path):
    image = read_image(volume[0])
    part = image.array[:2, :, :5, :6]
    write_image(tmp_path / "b.h5", replace(image, array=part))
    back = read_image(tmp_path / "b.h5")
    np.testing.assert_array_equal(back.array, part)
    assert back.details["axes"] == "ZCYX"
    assert back.details["hdf5"]["name"] == "/exported/raw"


def test_a_source_that_is_gone_leaves_the_pixels(volume, tmp_path):
    image = read_image(volume[0])
    volume[0].unlink()
    write_image(tmp_path / "b.h5", image)
    np.testing.assert_array_equal(h5py.File(tmp_path / "b.h5")["exported/raw"][()], volume[1])


def test_images_of_other_files_keep_their_axes(tmp_path):
    stack = ImageFile(np.zeros((3, 9, 8), "f4"), "mono", {"axes": "TYX"})
    photo = ImageFile(np.zeros((40, 50, 3), "u1"), "rgb", {"axes": "YXS", "exif": b"Exif\0\0"})
    write_images(tmp_path / "a.h5", (stack, photo))
    back = read_images(tmp_path / "a.h5")
    assert [(each.channels, each.array.shape) for each in back] == [
        ("mono", (3, 9, 8)),
        ("rgb", (40, 50, 3)),
    ]
    assert back[0].details["axes"] == "TYX"
    assert hdf5.left_out((stack, photo), ".h5") == ("EXIF",)


@pytest.mark.parametrize("tags", ["no JSON", json.dumps({"axes": [{"key": "x"}]}), "{}", "[]"])
def test_invalid_axistags_are_ignored(tmp_path, tags):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"] = np.zeros((9, 8), "f4")
        file["a"].attrs["axistags"] = tags
    assert read_image(tmp_path / "a.h5").array.shape == (9, 8)


def _virtual(path, source, shape, dtype):
    layout = h5py.VirtualLayout(shape=shape, dtype=dtype)
    layout[...] = h5py.VirtualSource(source, "x", shape=shape)
    with h5py.File(path, "w") as file:
        return file.create_virtual_dataset("data", layout)


@pytest.mark.parametrize("kind", ["external", "virtual", "virtual and relative"])
@pytest.mark.parametrize("folder", [".", "other"])
def test_the_files_with_the_samples_of_a_source_stay(tmp_path, kind, folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    array = np.arange(2 * 30 * 20, dtype="u2").reshape(2, 30, 20)
    with h5py.File("part.h5", "w") as file:
        file["x"] = array
    if kind == "external":
        with h5py.File("a.h5", "w") as file:
            options = {"external": [("raw.bin", 0, h5py.h5f.UNLIMITED)]}
            file.create_dataset("data", shape=array.shape, dtype="u2", **options)[...] = array
    else:
        source = "part.h5" if kind.endswith("relative") else str(tmp_path / "part.h5")
        _virtual("a.h5", source, array.shape, "u2")
    with h5py.File("a.h5", "r+") as file:
        file["data"].attrs["gain"] = 3
        for dimension, label in zip(file["data"].dims, "tyx", strict=True):
            dimension.label = label
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    image = read_image("a.h5")
    np.testing.assert_array_equal(image.array, array)
    write_image(f"{folder}/b.h5", replace(image, array=image.array + 1))
    assert {path: path.read_bytes() for path in before} == before
    with h5py.File(f"{folder}/b.h5") as back:
        data = back["data"]
        np.testing.assert_array_equal(data[()], array + 1)
        assert not data.is_virtual
        assert not data.external
        assert (data.attrs["gain"], data.dims[0].label) == (3, "t")


def test_links_to_other_files_are_links_in_the_copy(tmp_path):
    with h5py.File(tmp_path / "part.h5", "w") as file:
        file["g/x"] = np.zeros((30, 20), "u1")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["own"] = np.zeros((9, 8), "u1")
        file["far"] = h5py.ExternalLink(str(tmp_path / "part.h5"), "/g")
        file["near"] = h5py.ExternalLink("part.h5", "/g/x")
    before = (tmp_path / "part.h5").read_bytes()
    image = read_image(tmp_path / "a.h5")
    write_image(tmp_path / "b.h5", replace(image, array=image.array + 1))
    assert (tmp_path / "part.h5").read_bytes() == before
    with h5py.File(tmp_path / "b.h5") as back:
        assert (back["own"][()] == 1).all()
        assert isinstance(back.get("far", getlink=True), h5py.ExternalLink)


def test_a_matlab_file_is_told_and_read_by_the_suffix_of_hdf5(tmp_path):
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512)
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        file["x"] = np.arange(72, dtype="u1").reshape(9, 8)
    with (tmp_path / "a.h5").open("r+b") as file:
        file.write(header)
    image = read_image(tmp_path / "a.h5")
    write_image(tmp_path / "b.h5", replace(image, array=image.array + 1))
    assert (tmp_path / "b.h5").read_bytes().startswith(header)
    np.testing.assert_array_equal(read_image(tmp_path / "b.h5").array, image.array + 1)
    (tmp_path / "a.h5").rename(tmp_path / "a.mat")
    with pytest.raises(ImageError, match=r"MATLAB 7\.3 file, which is HDF5.*rename it to a\.h5"):
        read_image(tmp_path / "a.mat")
