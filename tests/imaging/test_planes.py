"""Planes of arrays of any kind are found, read and written; what is no image is refused."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.planes import PlaneLayout, layout_of

EVERYTHING = slice(None)


class Recorder:
    """Has no more than what an image needs, and notes what was asked of it."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim
        self.asked = []

    def __getitem__(self, key):
        self.asked.append(key)
        return self.array[key]


def in_memory(array):
    return array


def in_dask(array):
    return dask.array.from_array(array, chunks=(1,) * (array.ndim - 2) + (2, 3))


def in_zarr(array):
    stored = zarr.create_array(zarr.storage.MemoryStore(), shape=array.shape, dtype=array.dtype)
    stored[...] = array
    return stored


def strided(array):
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def big_endian(array):
    return array.astype(array.dtype.newbyteorder(">"))


@pytest.mark.parametrize("kind", [in_memory, in_dask, in_zarr, strided, big_endian, Recorder])
@pytest.mark.parametrize("channels", ["mono", "rgb", "rgba"])
def test_reading_and_writing_every_plane_gives_the_image_again(kind, channels):
    samples = {"mono": (), "rgb": (3,), "rgba": (4,)}[channels]
    array = np.random.default_rng(1).integers(0, 60000, (2, 3, 5, 7, *samples), np.uint16)
    image, output = kind(array), np.zeros_like(array)
    layout = layout_of(image, channels=channels)
    assert (layout.leading, layout.count, layout.height, layout.width) == ((2, 3), 6, 5, 7)
    for index in layout.indices():
        for rows in (slice(0, 2), slice(2, 5)):
            block = layout.read(image, index, rows, EVERYTHING)
            assert block.shape == (layout.colours, rows.stop - rows.start, 7)
            assert block.dtype == image.dtype
            layout.write(output, index, rows, EVERYTHING, block)
    if channels == "rgba":
        assert not output[..., 3].any()  # alpha is nobody's brightness
        output[..., 3] = array[..., 3]
    np.testing.assert_array_equal(output, array)


def test_colours_are_separate_planes_of_a_block():
    image = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    layout = layout_of(image, channels="rgba")
    block = layout.read(image, (), slice(0, 1), slice(1, 3))
    assert block.tolist() == [[[4, 8]], [[5, 9]], [[6, 10]]]


@pytest.mark.parametrize("channels", ["mono", "rgba"])
def test_only_the_region_is_read(channels):
    samples = () if channels == "mono" else (4,)
    image = Recorder(np.zeros((2, 8, 9, *samples), np.uint8))
    layout_of(image, channels=channels).read(image, (1,), slice(2, 4), slice(3, 5))
    colours = () if channels == "mono" else (slice(0, 3),)
    assert image.asked == [(1, slice(2, 4), slice(3, 5), *colours)]


def test_a_read_only_file_is_read(tmp_path):
    np.save(tmp_path / "image.npy", np.arange(12.0).reshape(3, 4))
    image = np.load(tmp_path / "image.npy", mmap_mode="r")
    block = layout_of(image).read(image, (), slice(1, 2), EVERYTHING)
    assert block.tolist() == [[[4.0, 5.0, 6.0, 7.0]]]


def test_a_plane_has_one_index_and_leading_axes_count_up_from_the_last():
    assert list(layout_of(np.zeros((4, 5))).indices()) == [()]
    layout = layout_of(np.zeros((2, 2, 4, 5)))
    assert list(layout.indices()) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize(
    ("shape", "dtype", "channels"),
    [
        ((480, 640, 3), np.uint8, "rgb"),
        ((480, 640, 4), np.uint8, "rgba"),
        ((5, 5, 3), np.uint8, "rgb"),
        ((4, 50, 3), np.uint8, "mono"),
        ((2, 31, 31, 3), np.float32, "rgb"),
        ((30, 31, 3), np.uint16, "mono"),
        ((480, 640, 2), np.uint8, "mono"),
        ((480, 3), np.uint8, "mono"),
        ((3, 480, 640), np.uint8, "mono"),
    ],
)
def test_channels_are_guessed(shape, dtype, channels):
    assert layout_of(np.zeros(shape, dtype)) == PlaneLayout(shape, channels)


@given(st_numpy.array_shapes(min_dims=2, max_dims=5), st.sampled_from("bBhHiIlLefd"))
def test_every_array_of_numbers_has_a_layout(shape, dtype):
    layout = layout_of(np.zeros(shape, dtype))
    assert layout.count * layout.height * layout.width * layout.colours <= np.prod(shape)


@pytest.mark.parametrize(
    ("image", "channels", "words"),
    [
        (np.zeros((4, 4), bool), None, "mask"),
        (np.zeros((4, 4), complex), None, "complex128"),
        (np.zeros((4, 4), object), None, "object"),
        (np.zeros((4, 4), "U3"), None, "<U3"),
        (np.zeros((4, 4), "M8[s]"), None, "datetime64"),
        (np.zeros((4, 4), [("red", "u1")]), None, "red"),
        (np.zeros(4), None, "two axes"),
        (np.float32(1), None, "two axes"),
        (np.zeros((4, 0)), None, "no pixels"),
        (np.zeros((0, 4, 4)), None, "no pixels"),
        (np.zeros((4, 4, 4)), "rgb", "colour axis"),
        (np.zeros((4, 4, 3)), "rgba", "colour axis"),
        (np.zeros((4, 3)), "rgb", "colour axis"),
        (np.zeros((4, 4)), "cmyk", "'mono', 'rgb' or 'rgba'"),
        ([[1, 2], [3, 4]], None, "a list"),
        (None, None, "NoneType"),
    ],
)
def test_what_is_no_image_is_refused_in_one_sentence(image, channels, words):
    with pytest.raises(ImageError) as caught:
        layout_of(image, channels=channels)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


def test_extended_precision_is_refused_where_there_is_such_a_thing():
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long double is double on this machine")
    with pytest.raises(ImageError, match="64 bits"):
        layout_of(np.zeros((4, 4), np.longdouble))


def test_a_dask_array_of_unknown_length_is_refused():
    image = dask.array.zeros((4, 4))
    image = image[image[:, 0] > 1]
    with pytest.raises(ImageError, match="chunk sizes"):
        layout_of(image)


def test_a_foreign_dtype_is_refused():
    image = Recorder(np.zeros((4, 4)))
    image.dtype = "foreign.float32"
    with pytest.raises(ImageError, match=r"foreign\.float32"):
        layout_of(image)


def test_interleaved_colours_are_written_as_separate_ones_are():
    output, expected = np.zeros((2, 4, 5, 3), np.uint8), np.zeros((2, 4, 5, 3), np.uint8)
    layout = layout_of(output, channels="rgb")
    block = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3).transpose(2, 0, 1)
    place = (1,), slice(1, 3), slice(2, 5)
    layout.write(output, *place, block)
    layout.write(expected, *place, np.ascontiguousarray(block))
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(output[1, 1:3, 2:5], block.transpose(1, 2, 0))
