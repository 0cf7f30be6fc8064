"""Large images are looked at in parts that are spread evenly and meet every channel."""

from __future__ import annotations

from itertools import pairwise
from math import gcd, prod

import dask.array
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.errors import Cancelled, UnreadableError
from napari_zerodce.imaging import sampling
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.sampling import Sampler, region_steps, spread, thinning_step

shapes = st.lists(st.integers(1, 30), min_size=2, max_size=5).map(tuple)
small_shapes = st.lists(st.integers(1, 9), min_size=2, max_size=5).map(tuple)  # each is read


def never():
    return False


class Lazy:
    """An array that is no NumPy array and notes what is read."""

    def __init__(self, array, chunks=None):
        self.array, self.shape, self.dtype, self.chunks = array, array.shape, array.dtype, chunks
        self.read = np.zeros(array.shape, int)

    def __getitem__(self, key):
        self.read[key] += 1
        return self.array[key]


@pytest.mark.parametrize(
    ("shape", "chunks", "most", "steps"),
    [
        ((10, 20), None, 1000, (10, 20)),
        ((10, 20), None, 45, (2, 20)),
        ((10, 20), None, 7, (1, 7)),
        ((6, 10, 20), None, 450, (2, 10, 20)),
        ((6, 10, 20, 3), None, 600, (1, 10, 20, 3)),
        ((6, 10, 20), (1, 5, 5), 110, (1, 5, 20)),
        ((6, 10, 20), (1, 5, 5), 200, (1, 10, 20)),
        ((6, 10, 20), (4, 10, 20), 100, (4, 10, 20)),
    ],
)
def test_regions_are_whole_chunks_and_no_larger_than_asked_for(shape, chunks, most, steps):
    assert region_steps(shape, chunks, most) == steps


@given(shapes, st.integers(1, 500))
def test_without_chunks_no_region_is_too_large(shape, most):
    assert prod(region_steps(shape, None, most)) <= most


@given(st.integers(1, 300), st.integers(1, 300))
def test_numbers_are_spread(count, kept):
    numbers = spread(count, kept)
    assert len(numbers) == min(count, kept)
    assert all(0 <= number < count for number in numbers)
    distances = [after - before for before, after in pairwise(numbers)]
    assert min(distances, default=1) >= 1
    assert max(distances, default=1) <= 2 * -(-count // kept)


@pytest.mark.parametrize("channels", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("count", [128, 240, 1000, 127])
def test_no_channel_of_a_stack_is_missed(count, channels):
    numbers = spread(count, 60)
    seen = np.bincount(np.array(numbers) % channels, minlength=channels)
    assert seen.min() >= 60 / channels / 2


@given(st.integers(1, 100), shapes)
def test_thinning_meets_every_column(thinning, shape):
    step = thinning_step(thinning, shape)
    assert step >= thinning
    assert gcd(step, shape[-1]) == gcd(step, shape[-2]) == 1


@given(small_shapes, st.integers(1, 400), st.sampled_from([None, 1, 3, 7]))
def test_all_samples_are_every_sample_once(shape, most, chunk):
    array = np.arange(prod(shape)).reshape(shape)
    lazy = Lazy(array, chunks=None if chunk is None else (chunk,) * len(shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "SAMPLES_PER_REGION", most)
        samples = list(Sampler(lazy, layout_of(lazy, channels="mono"), never).all_samples())
    assert (lazy.read == 1).all()
    np.testing.assert_array_equal(np.sort(np.concatenate(samples)), array.ravel())


def test_alpha_and_what_is_not_finite_are_left_out():
    array = np.zeros((1, 4, 4), np.float32)
    array[0, 0] = [1, 2, 3, 99]
    array[0, 1] = [np.nan, np.inf, -np.inf, 99]
    samples = np.concatenate(
        list(Sampler(array, layout_of(array, channels="rgba"), never).all_samples())
    )
    assert sorted(samples) == [0, 0, 0, 0, 0, 0, 1, 2, 3]


def test_a_dask_array_is_computed_chunk_by_chunk_and_each_once():
    computed = []

    def make(block_info):
        computed.append(block_info[None]["chunk-location"])
        return np.ones(block_info[None]["chunk-shape"], np.uint16)

    chunks = ((2, 2, 1), (8, 8), (8, 4))
    image = dask.array.map_blocks(make, chunks=chunks, dtype=np.uint16, meta=np.empty(0, "u2"))
    samples = Sampler(image, layout_of(image), never).all_samples()
    assert sum(part.size for part in samples) == 5 * 16 * 12
    assert sorted(computed) == [(i, j, k) for i in range(3) for j in range(2) for k in range(2)]


def test_of_a_large_lazy_image_some_planes_are_read_and_of_one_in_memory_all(monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLES_PER_REGION", 50)
    monkeypatch.setattr(sampling, "MOST_SAMPLES_OF_LAZY_IMAGE", 200)
    array = np.arange(40 * 50, dtype=np.uint16).reshape(40, 5, 10)
    lazy = Lazy(array)
    samples = list(Sampler(lazy, layout_of(lazy, channels="mono"), never).spread_samples())
    assert sum(part.size for part, _ in samples) == 200
    planes = np.flatnonzero(lazy.read.any(axis=(1, 2)))
    assert len(planes) == 4
    assert [plane // 10 for plane in planes] == [0, 1, 2, 3]
    in_memory = Sampler(array, layout_of(array, channels="mono"), never).spread_samples()
    assert sum(part.size for part, _ in in_memory) == array.size


@pytest.fixture
def small_limits(monkeypatch):
    """Of an image with more than 2000 samples, regions of 16x16 are read: about 20 of them."""
    monkeypatch.setattr(sampling, "SAMPLES_PER_REGION", 256)
    monkeypatch.setattr(sampling, "_SAMPLES_PER_SMALL_REGION", 256)
    monkeypatch.setattr(sampling, "_LEAST_REGIONS", 20)
    monkeypatch.setattr(sampling, "MOST_SAMPLES_OF_LAZY_IMAGE", 2000)
    monkeypatch.setattr(sampling, "MOST_SAMPLES_OF_PYRAMID", 20 * 256)


def pyramid_of_a_rare_spot():
    """An image of 128x128 with one bright region of 16x16, and its level of 32x32."""
    image = np.zeros((128, 128), np.uint16)
    image[32:48, 80:96] = 1000
    coarse = np.rint(image.reshape(32, 4, 32, 4).mean((1, 3))).astype(np.uint16)
    return Lazy(image, chunks=(16, 16)), coarse


@pytest.mark.usefixtures("small_limits")
def test_a_coarser_level_leads_to_the_bright_regions_which_count_as_what_they_are():
    lazy, coarse = pyramid_of_a_rare_spot()
    sampler = Sampler(lazy, layout_of(lazy), never, coarser=[coarse])
    found = list(sampler.spread_samples())
    assert lazy.read[32:48, 80:96].all(), "the only bright region of 64 is read"
    assert lazy.read.sum() <= 20 * 256
    assert sum(weight for _, weight in found) == 64
    assert sum(weight * part.mean() for part, weight in found) / 64 == lazy.array.mean()


class Bounded:
    """An array that is read with a start and a stop within it for each axis only."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, key):
        ends = zip(key, self.shape, strict=True)
        assert all(0 <= part.start < part.stop <= length for part, length in ends)
        return self.array[key]


@pytest.mark.usefixtures("small_limits")
def test_a_virtual_level_gets_a_slice_of_numbers_for_each_axis():
    lazy, coarse = pyramid_of_a_rare_spot()
    virtual = list(
        Sampler(lazy, layout_of(lazy), never, coarser=[Bounded(coarse)]).spread_samples()
    )
    plain = list(Sampler(lazy, layout_of(lazy), never, coarser=[coarse]).spread_samples())
    assert [weight for _, weight in virtual] == [weight for _, weight in plain]


@pytest.mark.usefixtures("small_limits")
def test_even_samples_count_the_same_whatever_their_region_stands_for():
    lazy, coarse = pyramid_of_a_rare_spot()
    sampler = Sampler(lazy, layout_of(lazy), never, coarser=[coarse])
    samples = np.concatenate([part for part, _ in sampler.spread_samples(even=True)])
    assert samples.mean() == pytest.approx(lazy.array.mean(), rel=0.3)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("level", [np.zeros((4, 4)), np.zeros((1, 32, 32)), np.zeros((4, 32))])
def test_a_level_that_cannot_tell_regions_apart_is_not_used(level):
    lazy, _ = pyramid_of_a_rare_spot()
    alone = list(Sampler(lazy, layout_of(lazy), never).spread_samples())
    read = lazy.read.copy()
    found = list(Sampler(lazy, layout_of(lazy), never, coarser=[level]).spread_samples())
    np.testing.assert_array_equal(lazy.read, 2 * read)
    assert [weight for _, weight in found] == [1] * len(alone)


def test_thinned_samples_are_about_as_many_as_asked_for_and_of_all_colours():
    array = np.broadcast_to(np.array([1, 2, 3], np.int32), (60, 60, 3))
    layout = layout_of(array, channels="rgb")
    sampler = Sampler(array, layout, never)
    samples = np.concatenate([part for part, _ in sampler.spread_samples(most=1200)])
    assert 300 <= samples.size <= 1200
    assert np.ptp(np.bincount(samples)[1:]) <= 1


def test_the_wish_to_stop_is_asked_for_before_each_region(monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLES_PER_REGION", 12)
    lazy = Lazy(np.zeros((5, 3, 4)))
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        list(Sampler(lazy, layout_of(lazy), lambda: next(answers)).all_samples())
    assert lazy.read.any(axis=(1, 2)).tolist() == [True, True, False, False, False]


class Lost:
    """An image of which nothing can be read."""

    shape, dtype, chunks = (100_000, 64, 64), np.dtype(np.uint8), (1, 64, 64)

    def __init__(self):
        self.tried = 0

    def __getitem__(self, _key):
        self.tried += 1
        raise OSError("the server does not answer")


def test_a_lost_image_is_given_up_soon():
    image = Lost()
    sampler = Sampler(image, layout_of(image, channels="mono"), never)
    with pytest.raises(UnreadableError, match="the server does not answer"):
        list(sampler.all_samples())
    assert image.tried < 200
