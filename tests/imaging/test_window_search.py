"""The window of an image: worked by hand, as NumPy finds it, and one even where all is equal."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from napari_zerodce.errors import Cancelled, ImageError, RequestError
from napari_zerodce.imaging import histogram, sampling
from napari_zerodce.imaging.intensity import normalise, restore
from napari_zerodce.imaging.window_search import (
    background_of,
    find_window,
    needs_no_samples,
    resolve_window,
)
from napari_zerodce.imaging.windows import Window, WindowChoice

AUTO, DTYPE, MINMAX = WindowChoice(), WindowChoice("dtype"), WindowChoice("minmax")
PERCENTILE = WindowChoice("percentile", 0.1, 99.9)
BACKGROUND = WindowChoice("background")
LARGEST = 3.4028234663852886e38  # of float32

dtypes = st.sampled_from("bBhHiIlLefd").map(np.dtype)
arrays = dtypes.flatmap(
    lambda dtype: st_numpy.arrays(dtype, st_numpy.array_shapes(min_dims=2, max_dims=3))
)


@pytest.mark.parametrize(
    ("dtype", "window"),
    [
        (np.uint8, Window(0, 255)),
        (np.int8, Window(-128, 127)),
        (np.uint16, Window(0, 65535)),
        (np.int16, Window(-32768, 32767)),
        (np.int32, Window(-(2**31), 2**31 - 1)),
        (np.uint64, Window(0, 2**64 - 1)),
        (np.float16, Window(0, 1)),
        (np.float32, Window(0, 1)),
        (np.float64, Window(0, 1)),
    ],
)
def test_the_window_of_a_dtype(dtype, window):
    assert resolve_window(np.zeros((2, 2), dtype), DTYPE, channels="mono") == window


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_automatic_is_the_whole_range_for_8_bits(dtype):
    image = np.arange(100, dtype=dtype).reshape(10, 10)
    assert resolve_window(image, AUTO, channels="mono") == resolve_window(
        image, DTYPE, channels="mono"
    )


@pytest.mark.parametrize("dtype", ["u2", ">u2", "i2", "i4", "u4", "i8", "u8", "f4", ">f4", "f8"])
def test_automatic_leaves_out_a_thousandth_at_either_end_for_all_others(dtype):
    image = np.arange(4001).astype(dtype)
    np.random.default_rng(0).shuffle(image)
    window = resolve_window(image[np.newaxis], AUTO, channels="mono")
    assert window == Window(4, 3996)
    whole = int if np.dtype(dtype).kind in "iu" else float
    assert type(window.low) is whole
    assert type(window.high) is whole


def test_percentiles_are_the_samples_below_and_above():
    image = np.array([[10, 20, 30, 50, 80]], np.uint16)
    choice = WindowChoice("percentile", 30, 60)  # places 1.2 and 2.4
    assert resolve_window(image, choice, channels="mono") == Window(20, 50)
    assert resolve_window(image.astype("f8"), choice, channels="mono") == Window(20, 50)


def test_there_is_one_window_for_all_planes_and_colours_without_alpha():
    image = np.zeros((2, 1, 2, 4), np.uint16)
    image[0, 0, 0] = [5, 9, 9, 65535]
    image[1, 0, 1] = [9, 9, 70, 65535]
    assert resolve_window(image, MINMAX, channels="rgba") == Window(0, 70)
    assert resolve_window(image[..., :3], MINMAX, channels="rgb") == Window(0, 70)
    assert resolve_window(image, MINMAX, channels="mono") == Window(0, 65535)


def test_two_numbers_are_the_window_and_may_lie_outside_the_dtype():
    image = np.zeros((2, 2), np.uint8)
    choice = WindowChoice("range", -5, 1000.5)
    assert resolve_window(image, choice, channels="mono") == Window(-5, 1000.5)


@given(arrays, st.floats(0, 49), st.floats(51, 100))
def test_percentiles_are_those_of_numpy(image, low, high):
    finite = image[np.isfinite(image)]
    window = resolve_window(image, WindowChoice("percentile", low, high), channels="mono")
    assert window.low < window.high
    if not finite.size:
        assert window == Window(0, 1)
        return
    # NumPy interpolates in the array's dtype, which rounds large integers: give it places.
    ordered, last = np.sort(finite), finite.size - 1
    expected = (
        ordered[int(np.floor(round(low / 100 * last, 6)))],
        ordered[int(np.ceil(round(high / 100 * last, 6)))],
    )
    if expected[0] == expected[1]:
        expected = (ordered[0], ordered[-1])
    if expected[0] < expected[1]:
        assert (window.low, window.high) == expected


@given(arrays)
def test_minimum_and_maximum_are_exact(image):
    window = resolve_window(image, MINMAX, channels="mono")
    finite = image[np.isfinite(image)]
    if finite.size and finite.min() < finite.max():
        assert (window.low, window.high) == (finite.min(), finite.max())


@given(
    dtypes.flatmap(
        lambda dtype: st_numpy.from_dtype(dtype).map(lambda value: np.array(value, dtype))
    ),
    st.sampled_from([AUTO, DTYPE, MINMAX, PERCENTILE, BACKGROUND]),
)
def test_a_constant_image_comes_through(value, choice):
    image = np.full((3, 4), value)
    window = resolve_window(image, choice, channels="mono")
    assert window.low < window.high
    if choice in {MINMAX, PERCENTILE, BACKGROUND}:
        assert restore(normalise(image, window), image, window).tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("value", "end"),
    [(0, 0), (7, 0), (-3.5, 0), (1e30, 0), (LARGEST, 1), (-LARGEST, 0)],  # none is above LARGEST
)
def test_a_constant_image_lies_at_an_end_of_its_window(value, end):
    image = np.full((3, 4), value, np.float32)
    window = resolve_window(image, AUTO, channels="mono")
    unit = normalise(image, window)
    assert unit.min() == unit.max() == end


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_where_almost_all_is_equal_the_window_is_minimum_to_maximum(dtype):
    image = np.full((100, 100), 40, dtype)
    image[3, 3], image[5, 5] = 39, 4000
    assert resolve_window(image, AUTO, channels="mono") == Window(39, 4000)


@pytest.mark.parametrize("choice", [AUTO, MINMAX, PERCENTILE, BACKGROUND])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_an_image_without_a_finite_sample_has_a_window(choice, dtype):
    image = np.array([[np.nan, np.inf], [-np.inf, np.nan]], dtype)
    assert resolve_window(image, choice, channels="mono") == Window(0, 1)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("chunks", [(1, 5, 5), (3, 16, 20), (2, 7, 9)])
def test_dask_and_zarr_have_the_window_of_numpy(dtype, chunks, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLES_PER_REGION", 100)
    image = np.random.default_rng(0).integers(0, 5000, (5, 16, 20)).astype(dtype)
    expected = resolve_window(image, PERCENTILE, channels="mono")
    stored = zarr.create_array(
        zarr.storage.MemoryStore(), shape=image.shape, dtype=image.dtype, chunks=chunks
    )
    stored[...] = image
    lazy = dask.array.from_array(image, chunks=chunks)
    assert resolve_window(stored, PERCENTILE, channels="mono") == expected
    assert resolve_window(lazy, PERCENTILE, channels="mono") == expected


def test_percentiles_of_many_floats_come_from_an_even_selection(monkeypatch):
    image = np.random.default_rng(0).random((300, 300))
    exact = resolve_window(image, WindowChoice("percentile", 10, 90), channels="mono")
    monkeypatch.setattr(histogram, "MOST_SAMPLES_SORTED", 5000)
    window = resolve_window(image, WindowChoice("percentile", 10, 90), channels="mono")
    assert window != exact
    assert window.low == pytest.approx(exact.low, abs=0.02)
    assert window.high == pytest.approx(exact.high, abs=0.02)


@pytest.mark.parametrize("dtype", [np.uint16, np.float64])
def test_the_search_can_be_stopped(dtype):
    with pytest.raises(Cancelled):
        resolve_window(np.ones((4, 4), dtype), AUTO, channels="mono", should_stop=lambda: True)


def test_what_is_no_image_is_refused():
    with pytest.raises(ImageError, match="mask"):
        resolve_window(np.zeros((4, 4), bool), AUTO, channels="mono")


# ---- the background


def fluorescence(dtype=np.uint16, *, offset=100, shape=(200, 200)):
    """Cells on nine tenths of noise with a standard deviation of 3."""
    rng = np.random.default_rng(0)
    image = rng.normal(offset, 3, shape)
    image[..., : shape[-1] // 10] = rng.uniform(offset + 20, 250, (*shape[:-1], shape[-1] // 10))
    return (np.rint(image) if np.dtype(dtype).kind in "iu" else image).astype(dtype)


@pytest.mark.parametrize("dtype", ["u1", "u2", ">u2", "i2", "i4", "f4", "f8"])
def test_automatic_begins_at_the_end_of_a_dark_background(dtype):
    image = fluorescence(dtype)
    found = find_window(image, AUTO, channels="mono")
    assert found.background.is_dark
    assert found.window == resolve_window(image, BACKGROUND, channels="mono")
    assert found.window.low == pytest.approx(103, abs=1)
    assert found.window.high == resolve_window(image, PERCENTILE, channels="mono").high
    assert resolve_window(image, PERCENTILE, channels="mono").low < 95
    assert type(found.window.low) is (int if np.dtype(dtype).kind in "iu" else float)


def test_background_is_that_of_a_whole_stack_so_that_nothing_flickers():
    bright, dim = fluorescence(), fluorescence() // 2
    stack = np.stack([bright, dim, dim])
    window = resolve_window(stack, AUTO, channels="mono")
    assert window.low == pytest.approx(51, abs=2), "two of three planes have this background"
    assert window.low == resolve_window(np.concatenate(stack), AUTO, channels="mono").low


def test_grey_background_keeps_the_window_of_its_dtype():
    image = np.random.default_rng(0).normal(120, 10, (100, 100)).clip(0, 255)
    image[:20], image[80:] = 40, 200
    found = find_window(image.astype(np.uint8), AUTO, channels="mono")
    assert not found.background.is_dark
    assert found.window == Window(0, 255)
    wide = find_window(image.astype(np.uint16), AUTO, channels="mono")
    assert wide.window == resolve_window(image.astype(np.uint16), PERCENTILE, channels="mono")


def test_colour_images_have_no_background_unless_it_is_asked_for():
    image = np.repeat(fluorescence(np.uint8)[..., None], 3, axis=2)
    image[0, 0] = 1, 2, 3
    assert find_window(image, AUTO, channels="rgb").window == Window(0, 255)
    assert find_window(image, AUTO, channels="rgb").background is None
    assert not find_window(image, AUTO, channels="rgb").is_grey
    assert resolve_window(image, BACKGROUND, channels="rgb").low == pytest.approx(103, abs=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_grey_images_in_colours_have_the_background_of_a_mono_one(dtype):
    mono = fluorescence(dtype)
    found = find_window(np.repeat(mono[..., None], 3, axis=2), AUTO, channels="rgb")
    alone = find_window(mono, AUTO, channels="mono")
    assert found.is_grey
    assert not alone.is_grey
    assert found.background.is_dark
    assert (found.window, found.background.level) == (alone.window, alone.background.level)


@pytest.mark.parametrize(
    ("dtype", "bits", "window"),
    [
        (np.uint8, None, Window(0, 255)),
        (np.uint16, None, Window(0, 65535)),
        (np.uint16, 12, Window(0, 4095)),
        (np.uint16, 16, Window(0, 65535)),
        (np.uint32, None, Window(0, 2**32 - 1)),
        (np.float32, None, Window(0, 1)),
    ],
)
@pytest.mark.parametrize("is_grey", [False, True])
def test_photos_of_any_depth_have_the_window_of_their_dtype(dtype, bits, window, is_grey):
    image = np.random.default_rng(0).uniform(0.2, 0.6, (20, 20, 1 if is_grey else 3))
    image = np.repeat(image, 3, axis=2)[..., :3]
    top = window.high if np.dtype(dtype).kind == "u" else 1
    image = (image * top).astype(dtype)
    assert resolve_window(image, AUTO, channels="rgb", bits=bits) == window
    assert resolve_window(image, DTYPE, channels="rgb", bits=bits) == window


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.9), (0, 1.5), (0, 4000)])
def test_colours_of_floats_that_exceed_one_have_percentiles(low, high):
    image = np.random.default_rng(0).uniform(low, high, (40, 40, 3)).astype(np.float32)
    found = resolve_window(image, AUTO, channels="rgb")
    assert found == resolve_window(image, PERCENTILE, channels="rgb")
    image.ravel()[:4] = image.ravel()[:4] * 0 + 50  # some lights of a photo from 0 to 1
    rest = np.clip(image, 0, 1)
    rest[0, 0] = 50
    assert resolve_window(rest, AUTO, channels="rgb") == Window(0, 1)


def test_bits_of_mono_images_are_those_of_the_dtype_choice_only():
    image = np.arange(4001, dtype=np.uint16)[np.newaxis]
    assert resolve_window(image, DTYPE, channels="mono", bits=12) == Window(0, 4095)
    assert resolve_window(image, AUTO, channels="mono", bits=12) == Window(4, 3996)


@pytest.mark.parametrize("choice", [DTYPE, MINMAX, PERCENTILE, WindowChoice("range", 5, 9)])
def test_background_is_only_known_if_the_window_depends_on_it(choice):
    image = fluorescence()
    assert find_window(image, choice, channels="mono").background is None
    known = find_window(image, AUTO, channels="mono").background
    assert background_of(image, channels="mono") == known
    assert find_window(image, BACKGROUND, channels="mono").background == known


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.float32])
def test_without_signal_above_the_background_there_is_still_a_window(dtype):
    for image in (np.zeros((1, 1), dtype), np.full((2, 1, 2, 3, 1), 7, dtype)):
        for choice in (AUTO, BACKGROUND):
            window = resolve_window(image, choice, channels="mono")
            assert window.low < window.high


def test_one_hot_pixel_moves_no_end():
    image = fluorescence()
    clean = resolve_window(image, AUTO, channels="mono")
    image[50, 50] = 65535
    hot = resolve_window(image, AUTO, channels="mono")
    assert hot.low == clean.low
    assert hot.high <= clean.high + 1


def test_windows_of_channels_need_an_axis_of_channels():
    choice = WindowChoice.parse("1,2;3,4")
    with pytest.raises(RequestError, match="no axis of channels"):
        resolve_window(np.zeros((4, 4)), choice, channels="mono")


@pytest.mark.parametrize(
    ("text", "dtype", "channels", "is_known"),
    [
        ("auto", "u1", "rgb", True),
        ("auto", "u2", "rgba", True),
        ("auto", "f4", "rgb", False),  # the range of floats is unknown
        ("auto", "u1", "mono", False),  # its background decides
        ("dtype", "f4", "rgb", True),
        ("minmax", "u1", "rgb", False),
        ("percentile:1,99", "u2", "rgb", False),
        ("3,40", "u2", "mono", True),
        ("3,40;5,60", "u2", "rgb", True),
    ],
)
def test_samples_of_photos_are_not_needed(text, dtype, channels, is_known):
    choice = WindowChoice.parse(text)
    assert needs_no_samples(choice, np.dtype(dtype), channels, is_grey=False) is is_known
    of_grey = needs_no_samples(choice, np.dtype(dtype), channels, is_grey=True)
    assert of_grey is (is_known and text != "auto"), "a grey image may have a background"
