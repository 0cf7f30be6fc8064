"""Each suffix belongs to one format, of images and of curve maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_zerodce.imaging.files.formats import FORMATS
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, lossless_suffix
from napari_zerodce.imaging.files.maps import MAP_FORMATS, MAP_SUFFIXES, map_format_of


def test_suffixes_are_lower_case_and_belong_to_one_format():
    for suffixes in (READABLE_SUFFIXES, MAP_SUFFIXES):
        assert len(set(suffixes)) == len(suffixes)
        assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in suffixes)


def test_suffixes_are_the_published_ones():
    assert {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".npy"} <= {*READABLE_SUFFIXES}
    assert {".npz", ".h5", ".exr", ".dcm", ".dng", ".nef", ".czi", ".lif"} <= {*READABLE_SUFFIXES}
    assert {".btf", ".tf8", ".lsm", ".stk", ".svs", ".ndpi", ".scn"} <= {*READABLE_SUFFIXES}
    assert MAP_SUFFIXES == (".npy", ".tif", ".tiff", ".zarr")


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_format_can_hold_comes_back(tmp_path, form):
    kinds = [kind for kind in form.KINDS if kind.is_written and not kind.is_lossy]
    if not any(kind.is_installed for kind in kinds):
        pytest.skip("Its kinds are not written, or its libraries are not installed.")
    shapes = {"mono": [(5, 4), (2, 5, 4)], "rgb": [(5, 4, 3)], "rgba": [(5, 4, 4)]}
    held = 0
    for channels, all_shapes in shapes.items():
        for shape in all_shapes:
            for dtype in ("uint8", "uint16", ">u2", "float32"):
                array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
                image = ImageFile(array, channels)
                for kind in kinds:
                    path = tmp_path / f"a{kind.suffixes[0]}"
                    if form.can_hold((image,), path.suffix):
                        form.write(path, (image,))
                        (read,) = form.read(path)
                        np.testing.assert_array_equal(read.array, array)
                        held += 1
    assert held >= 3


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "channels", "suffix"),
    [
        ("a.jpg", "u1", (5, 4, 3), "rgb", ".png"),
        ("a.JPEG", "u1", (5, 4), "mono", ".png"),
        ("a.png", "u2", (5, 4), "mono", ".png"),
        ("a.bmp", "u1", (5, 4, 3), "rgb", ".bmp"),
        ("a.png", "f4", (5, 4), "mono", ".tif"),
        ("a.tiff", "f8", (2, 5, 4), "mono", ".tiff"),
        ("a.npy", "i8", (2, 5, 4), "mono", ".npy"),
    ],
)
def test_no_sample_is_lost(name, dtype, shape, channels, suffix):
    image = ImageFile(np.zeros(shape, dtype), channels)
    assert lossless_suffix(Path(name), image) == suffix


def test_the_suffix_decides_the_format_of_maps():
    for form in MAP_FORMATS:
        for suffix in form.SUFFIXES:
            assert map_format_of(Path(f"a.b{suffix}")) is form
            assert map_format_of(Path(f"a{suffix.upper()}")) is form


@pytest.mark.parametrize("form", MAP_FORMATS)
def test_a_format_of_maps_knows_what_it_may_replace(tmp_path, form):
    suffix = form.SUFFIXES[0]
    path = tmp_path / f"maps{suffix}"
    with form.create(path, (8, 1, 3, 3), stack="", facts={}) as maps:
        maps[slice(None), slice(None), slice(0, 3), slice(0, 3)] = np.zeros((8, 1, 3, 3), "f4")
    assert path.is_dir() == form.IS_FOLDER
    assert form.is_one(path)
    folder = tmp_path / "folder"
    folder.mkdir()
    assert not form.is_one(folder)
