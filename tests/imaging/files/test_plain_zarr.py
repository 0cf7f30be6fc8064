"""Zarr arrays without OME metadata are read, with the axes that they name."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr, read_ome_zarr

PIXELS = np.random.default_rng(0).integers(0, 4000, (4, 40, 50), np.uint16)
FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def _write(path, array, *, zarr_format=3, **options):
    # An array at a place of its own is what programs write that know nothing of OME.
    made = zarr.create_array(
        path, shape=array.shape, dtype=array.dtype, zarr_format=zarr_format, **options
    )
    made[...] = array
    return path


@FORMATS
@pytest.mark.parametrize("name", ["a.zarr", "folder"])
def test_an_array_is_an_image(tmp_path, zarr_format, name):
    path = _write(tmp_path / name, PIXELS, zarr_format=zarr_format)
    assert is_ome_zarr(path)
    image = read_ome_zarr(path)
    assert (image.axes, image.channels, image.units) == ("ZYX", "mono", ("pixel",) * 3)
    np.testing.assert_array_equal(image.levels[0][1, 5:9], PIXELS[1, 5:9])


@FORMATS
def test_a_group_of_one_array_is_an_image(tmp_path, zarr_format):
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=zarr_format)
    group.create_array("raw", data=PIXELS)
    group.create_array("labels", data=PIXELS)
    group.create_array("times", data=np.zeros(4))
    np.testing.assert_array_equal(read_ome_zarr(tmp_path / "a.zarr").levels[0][...], PIXELS)


def test_names_of_dimensions_are_the_axes(tmp_path):
    path = _write(tmp_path / "a.zarr", PIXELS, dimension_names=("time", "x", "y"))
    image = read_ome_zarr(path)
    assert (image.axes, image.shape) == ("TYX", (4, 50, 40))
    np.testing.assert_array_equal(image.levels[0][...], PIXELS.transpose(0, 2, 1))
    xarray = {"attributes": {"_ARRAY_DIMENSIONS": ["c", "y", "x"]}, "zarr_format": 2}
    assert read_ome_zarr(_write(tmp_path / "b.zarr", PIXELS, **xarray)).axes == "CYX"


def test_colours_are_guessed_as_napari_does(tmp_path):
    colours = np.moveaxis(PIXELS[:3], 0, -1)
    image = read_ome_zarr(_write(tmp_path / "a.zarr", colours))
    assert (image.axes, image.channels, image.shape) == ("YX", "rgb", (40, 50, 3))
    np.testing.assert_array_equal(image.levels[0][3:5], colours[3:5])


@FORMATS
def test_a_level_of_an_ome_zarr_names_the_image(tmp_path, zarr_format):
    attributes = {"multiscales": []} if zarr_format == 2 else {"ome": {"multiscales": []}}
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=zarr_format, attributes=attributes)
    group.create_array("0", data=PIXELS)
    with pytest.raises(ImageError, match=r"is a level of an OME-Zarr; give .*a\.zarr\."):
        read_ome_zarr(tmp_path / "a.zarr" / "0")


def test_a_group_of_tables_is_no_image(tmp_path):
    zarr.create_group(tmp_path / "a.zarr").create_array("times", data=np.zeros(4))
    with pytest.raises(ImageError, match=r"a\.zarr holds no image, only times; give"):
        read_ome_zarr(tmp_path / "a.zarr")
