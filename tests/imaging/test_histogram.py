"""How often each intensity occurs, by hand and as NumPy counts it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from napari_zerodce.imaging import histogram as histogram_module
from napari_zerodce.imaging.histogram import read_histogram
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.sampling import Sampler
from napari_zerodce.stopping import never

IMAGES = st.sampled_from("bBhHiIefd").flatmap(
    lambda code: st_numpy.arrays(np.dtype(code), st_numpy.array_shapes(min_dims=2, max_dims=3))
)


def read(image, low=0.1, high=99.9):
    sampler = Sampler(image, layout_of(image, channels="mono"), never)
    return read_histogram(sampler, image.dtype, low, high)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", ">u2", "i2", "f2"])
def test_each_value_of_a_small_dtype_is_counted(dtype):
    found = read(np.array([[3, 5, 5], [-1 if dtype[-2] in "if" else 9, 5, 3]]).astype(dtype))
    first = [(-1, 1), (3, 2), (5, 3)] if dtype[-2] in "if" else [(3, 2), (5, 3), (9, 1)]
    assert list(zip(found.values.tolist(), found.counts.tolist(), strict=True)) == first
    assert (found.low, found.high) == (first[0][0], first[-1][0])


@pytest.mark.parametrize("dtype", ["i4", "u8", "f4", "f8"])
def test_wide_dtypes_are_counted_in_bins_between_the_percentiles(dtype):
    image = np.arange(10_000).reshape(100, 100).astype(dtype)
    found = read(image, 10, 90)
    assert (found.low, found.high) == (999, 9000)
    assert found.counts.sum() == image.size
    # Samples beyond the percentiles are in the outermost bins.
    assert found.counts[0] >= 999
    assert found.counts[-1] >= 999
    assert (found.values[0], found.values[-1]) == (999, pytest.approx(9000))
    assert (np.diff(found.values) > 0).all()


@given(IMAGES)
def test_counts_are_those_of_numpy(image):
    finite = image[np.isfinite(image)]
    found = read(image)
    assert found.counts.sum() == finite.size
    if not finite.size:
        assert found.low > found.high
        return
    assert (found.counts > 0).all()
    assert found.values.min() >= finite.min().astype(np.float64) or image.dtype.itemsize > 2
    if image.dtype.itemsize <= 2 and image.dtype.kind != "f":
        values, counts = np.unique(finite, return_counts=True)
        np.testing.assert_array_equal(found.values, values)
        np.testing.assert_array_equal(found.counts, counts)


@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_constant_image_has_one_value(dtype):
    found = read(np.full((5, 4), 7, dtype))
    assert (found.values.tolist(), found.counts.tolist()) == ([7], [20])
    assert (found.low, found.high) == (7, 7)


def test_one_pixel():
    found = read(np.array([[5]], np.uint8))
    assert (found.values.tolist(), found.counts.tolist()) == ([5], [1])


def test_counting_in_parts_gives_the_same(monkeypatch):
    image = np.random.default_rng(0).integers(0, 500, (40, 50))
    whole = [read(image.astype(dtype)) for dtype in ("u2", "f8")]
    monkeypatch.setattr(histogram_module, "_SAMPLES_COUNTED_AT_ONCE", 37)
    for dtype, expected in zip(("u2", "f8"), whole, strict=True):
        found = read(image.astype(dtype))
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_array_equal(found.counts, expected.counts)
