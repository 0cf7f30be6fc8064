"""Maps come back from each kind of file as they were written, with names for their axes."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.map_format import size_of
from napari_zerodce.imaging.files.maps import map_format_of, open_maps, stack_axes
from napari_zerodce.imaging.files.maps_ome_zarr import WholeBlocks
from napari_zerodce.imaging.tiling import tile_plane

SUFFIXES = (".npy", ".tif", ".zarr")
FACTS = {"kind": "gain", "checkpoint": "zero-dce", "window": [0, 2**60 + 1], "software": "x 1"}
ALL = slice(None)


def random_maps(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


def write(path, maps, *, stack="", size=100):
    """Write maps in tiles, as the engine does."""
    with open_maps(path, maps.shape, stack=stack, facts=FACTS) as output:
        for index in np.ndindex(maps.shape[:-4]):
            for tile in tile_plane(*maps.shape[-2:], size=size, halo=0):
                key = (*index, ALL, ALL, tile.rows, tile.columns)
                output[key] = maps[key]


def read(path):
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if path.suffix == ".tif":
        return tifffile.imread(path)
    return zarr.open_group(path, mode="r")["0"][...]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("shape", "stack"),
    [
        ((8, 1, 1, 1), ""),
        ((8, 3, 1, 1), ""),
        ((8, 3, 5, 4), ""),
        ((8, 1, 301, 523), ""),
        ((8, 3, 523, 7), ""),
        ((3, 8, 1, 40, 50), "T"),
        ((2, 8, 3, 270, 3), "Q"),
        ((1, 8, 3, 1, 1), "I"),
    ],
)
@pytest.mark.parametrize("size", [100, 256, 1000])
def test_maps_come_back(tmp_path, suffix, shape, stack, size):
    maps, path = random_maps(*shape), tmp_path / f"maps{suffix}"
    write(path, maps, stack=stack, size=size)
    found = read(path)
    assert found.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(found, maps)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_number_comes_back_too(tmp_path, suffix):
    maps = np.full((8, 1, 3, 3), np.nan, np.float32)
    maps[0] = np.inf
    write(tmp_path / f"maps{suffix}", maps)
    np.testing.assert_array_equal(read(tmp_path / f"maps{suffix}"), maps)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_tiles_that_lie_in_memory_otherwise(tmp_path, suffix):
    maps = random_maps(8, 1, 40, 30)
    expanded = np.broadcast_to(maps[:1], maps.shape)  # as Zero-DCE++ gives them
    with open_maps(tmp_path / f"a{suffix}", maps.shape, stack="", facts={}) as output:
        output[ALL, ALL, slice(0, 40), slice(0, 30)] = expanded
    np.testing.assert_array_equal(read(tmp_path / f"a{suffix}"), expanded)
    turned = np.asfortranarray(maps.astype(">f4"))
    with open_maps(tmp_path / f"b{suffix}", maps.shape, stack="", facts={}) as output:
        output[ALL, ALL, slice(0, 40), slice(0, 30)] = turned
    np.testing.assert_array_equal(read(tmp_path / f"b{suffix}"), maps)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_plane_that_is_begun_again_with_smaller_tiles(tmp_path, suffix):
    maps, path = random_maps(8, 1, 300, 301), tmp_path / f"maps{suffix}"
    with open_maps(path, maps.shape, stack="", facts={}) as output:
        for size in (200, 90):
            for tile in tile_plane(300, 301, size=size, halo=0):
                key = (ALL, ALL, tile.rows, tile.columns)
                output[key] = maps[key] if size == 90 else maps[key] + 1
                if size == 200 and tile.rows.start:
                    break  # the memory was not enough
    np.testing.assert_array_equal(read(path), maps)


def test_several_leading_axes_in_the_kinds_that_have_room(tmp_path):
    maps = random_maps(2, 3, 8, 1, 12, 11)
    for suffix in (".npy", ".tif"):
        write(tmp_path / f"maps{suffix}", maps, stack="TZ", size=5)
        np.testing.assert_array_equal(read(tmp_path / f"maps{suffix}"), maps)


@pytest.mark.parametrize(
    ("stack", "axes"),
    [
        ("", "ICYX"),
        ("T", "TICYX"),
        ("Z", "ZICYX"),
        # No letter twice: tifffile and others would not know which is which.
        ("C", "QICYX"),
        ("I", "QICYX"),
    ],
)
@pytest.mark.parametrize("name", ["maps.tif", "maps.ome.tif"])
def test_tiff_names_its_axes_and_says_how_it_was_made(tmp_path, name, stack, axes):
    write(tmp_path / name, random_maps(*(2,) * len(stack), 8, 3, 9, 8), stack=stack)
    with tifffile.TiffFile(tmp_path / name) as file:
        assert file.series[0].axes == axes
        assert not file.is_bigtiff
        (told,) = file.shaped_metadata
    assert {key: told[key] for key in FACTS} == FACTS


def test_large_tiff_is_a_bigtiff(tmp_path):
    path = tmp_path / "maps.tif"
    shape = (8, 3, 7000, 7000)  # 4.4 GiB, of which a disk keeps what was written
    assert size_of(shape) == 8 * 3 * 7000 * 7000 * 4
    block = random_maps(8, 3, 2, 3)
    with open_maps(path, shape, stack="", facts={}) as output:
        output[ALL, ALL, slice(6998, 7000), slice(6997, 7000)] = block
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
        assert file.series[0].shape == shape
        for number in (0, 23):
            last = file.series[0].pages[number].asarray()[-2:, -3:]
            np.testing.assert_array_equal(last, block.reshape(24, 2, 3)[number])


# ---- OME-Zarr


@pytest.mark.parametrize(
    ("stack", "names", "types"),
    [
        ("", ["iteration", "channel", "y", "x"], ["iteration", "channel", "space", "space"]),
        (
            "T",
            ["t", "iteration", "channel", "y", "x"],
            ["time", "iteration", "channel", "space", "space"],
        ),
        (
            "Q",
            ["plane", "iteration", "channel", "y", "x"],
            ["time", "iteration", "channel", "space", "space"],
        ),
        (
            "Z",
            ["iteration", "channel", "z", "y", "x"],
            ["iteration", "channel", "space", "space", "space"],
        ),
    ],
)
def test_ome_zarr_metadata(tmp_path, stack, names, types):
    path = tmp_path / "night.ome.zarr"
    write(path, random_maps(*(2,) * len(stack), 8, 3, 9, 8), stack=stack)
    group = json.loads((path / "zarr.json").read_text())
    assert (group["zarr_format"], group["node_type"]) == (3, "group")
    ome = group["attributes"]["ome"]
    assert ome["version"] == "0.5"
    (image,) = ome["multiscales"]
    assert image["name"] == "night"
    assert [axis["name"] for axis in image["axes"]] == names
    assert [axis["type"] for axis in image["axes"]] == types
    (dataset,) = image["datasets"]
    scale = {"type": "scale", "scale": [1] * len(names)}
    assert dataset == {"path": "0", "coordinateTransformations": [scale]}
    assert group["attributes"]["napari-zerodce"] == FACTS
    array = json.loads((path / "0" / "zarr.json").read_text())
    assert array["dimension_names"] == names
    assert array["data_type"] == "float32"


def test_depth_stands_behind_the_channels_where_ngff_wants_it(tmp_path):
    maps = random_maps(3, 8, 1, 270, 30)
    write(tmp_path / "a.zarr", maps, stack="Z")
    np.testing.assert_array_equal(read(tmp_path / "a.zarr"), np.moveaxis(maps, 0, 2))


@pytest.mark.parametrize("stack", ["TZ", "C", "S", "QQ", "TCZ"])
def test_stacks_that_ngff_has_no_room_for(stack):
    for name in ("maps.npy", "maps.tif"):
        map_format_of(Path(name)).check_stack_axes(Path(name), stack)
    with pytest.raises(ImageError, match=rf"axes {stack}: .* write a \.npy or \.tif") as raised:
        map_format_of(Path("maps.ZARR")).check_stack_axes(Path("maps.ZARR"), stack)
    assert "\n" not in str(raised.value)


class Counting:
    """An array that counts how often each of its numbers is written."""

    def __init__(self, *shape):
        self.shape = shape
        self.written = np.zeros(shape, int)

    def __setitem__(self, key, block):
        assert self.written[key].shape == block.shape
        self.written[key] += 1


@given(st.integers(1, 900), st.integers(1, 900), st.integers(40, 600))
def test_blocks_are_written_once_whatever_the_tiles(height, width, size):
    array = Counting(1, 1, height, width)
    output = WholeBlocks(array, stack="")
    for tile in tile_plane(height, width, size=size, halo=0):
        output[ALL, ALL, tile.rows, tile.columns] = np.zeros(
            (1, 1, tile.rows.stop - tile.rows.start, tile.columns.stop - tile.columns.start)
        )
    assert (array.written == 1).all()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_memory_holds_a_few_tiles(tmp_path, suffix):
    shape = (8, 3, 2000, 500)
    tiles = tile_plane(2000, 500, size=256, halo=0)
    block = random_maps(8, 3, 256, 256)
    with open_maps(tmp_path / f"maps{suffix}", shape, stack="", facts={}) as output:
        tracemalloc.start()
        for tile in tiles:
            inside = block[..., : tile.rows.stop - tile.rows.start, :250]
            output[ALL, ALL, tile.rows, tile.columns] = inside
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < size_of(shape) / 3  # measured: 6 MiB, and 23 of 92 for .zarr


# ---- axes


@pytest.mark.parametrize(
    ("shape", "channels", "axes", "expected"),
    [
        ((9, 8), "mono", None, ""),
        ((9, 8), "mono", "YX", ""),
        ((9, 8, 3), "rgb", "YXS", ""),
        ((5, 9, 8), "mono", "ZYX", "Z"),
        ((5, 9, 8, 4), "rgba", "TYXS", "T"),
        ((2, 5, 9, 8), "mono", "TZYX", "TZ"),
        ((2, 5, 9, 8), "mono", None, "QQ"),
        ((2, 5, 9, 8), "mono", "ZYX", "QQ"),  # of another array: it is not to be believed
    ],
)
def test_stack_axes_are_the_files_own(shape, channels, axes, expected):
    details = {} if axes is None else {"axes": axes}
    assert stack_axes(ImageFile(np.zeros(shape, np.uint8), channels, details)) == expected
