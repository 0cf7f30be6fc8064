"""Blocks of a lazy enhancement are those of `enhance`; levels are as bright as the finest."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError, RequestError
from napari_zerodce.imaging.levels import coarser_levels

RNG = np.random.default_rng(0)
STACK = RNG.integers(90, 4000, (2, 3, 150, 170)).astype(np.uint16)
PHOTO = RNG.integers(0, 90, (130, 120, 4)).astype(np.uint8)


class Counting:
    """An array that notes how many samples are read of it."""

    def __init__(self, image):
        self._image = image
        self.shape, self.dtype = image.shape, image.dtype
        self.read = 0

    def __getitem__(self, key):
        found = self._image[key]
        self.read += found.size
        return found


def resolved_for(image, channels="mono", *, channel_axis=None, **settings):
    chosen = EnhanceSettings(**{"device": "cpu", "look": DEFAULT_LOOK, **settings})
    return resolve(EnhanceRequest(image, channels, chosen, channel_axis=channel_axis))


@pytest.fixture
def assert_equal(bits_are_steady):
    def check(found, expected):
        assert found.dtype == expected.dtype
        difference = np.abs(found.astype(int) - expected.astype(int)).max(initial=0)
        assert difference <= (0 if bits_are_steady else 1)

    return check


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize("channel_axis", [None, 1])
def test_slices_are_those_of_the_whole_result(checkpoint, channel_axis, assert_equal):
    resolved = resolved_for(STACK, checkpoint=checkpoint, channel_axis=channel_axis)
    whole = enhance(resolved).image
    lazy = LazyEnhancement(resolved).levels[0]
    assert (lazy.shape, lazy.ndim, lazy.dtype) == (whole.shape, 4, whole.dtype)
    for key in [
        (0, 1),
        (1, slice(0, 2), slice(20, 90), slice(-30, None)),
        (slice(None, None, -1), -1, slice(10, 100, 7), 5),
        (..., slice(3, 3)),
    ]:
        assert_equal(lazy[key], whole[key])
    assert_equal(np.asarray(lazy), whole)


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_blocks_of_a_photo_keep_alpha(checkpoint, assert_equal):
    resolved = resolved_for(PHOTO, "rgba", checkpoint=checkpoint)
    whole = enhance(resolved).image
    lazy = LazyEnhancement(resolved).levels[0]
    assert_equal(lazy[20:70, 100:], whole[20:70, 100:])
    assert_equal(lazy[3:50, 7, 1:4], whole[3:50, 7, 1:4])


@pytest.mark.parametrize(("checkpoint", "halo"), [("zero-dce", 24), ("zero-dce-pp", 120)])
def test_a_block_of_a_lazy_image_reads_its_surroundings_once(checkpoint, halo):
    image = Counting(RNG.integers(0, 999, (900, 900)).astype(np.uint16))
    resolved = resolved_for(image, checkpoint=checkpoint)
    image.read = 0
    LazyEnhancement(resolved).levels[0].block((), slice(400, 500), slice(400, 500))
    assert 100**2 < image.read <= (100 + 2 * halo) ** 2


def noisy_scene():
    """A dim gradient with bright spots and shot noise: its overview would be far too bright."""
    rows, columns = np.mgrid[:512, :512]
    light = 0.02 + 0.05 * rows / 512 + 0.5 * ((rows % 64 < 16) & (columns % 64 < 16))
    return (RNG.poisson(light * 40) * 90 + 100).astype(np.uint16)


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_levels_have_the_brightness_of_the_finest(checkpoint):
    scene = noisy_scene()
    levels = coarser_levels(scene, [(256, 256), (128, 128), (64, 64)])
    resolved = resolved_for(scene, checkpoint=checkpoint)
    width = resolved.window.high - resolved.window.low
    lazy = LazyEnhancement(resolved, levels)
    finest, *coarser = (np.asarray(level).mean() / width for level in lazy.levels)
    errors = [abs(mean - finest) for mean in coarser]
    raw = lazy.levels[3].block((), slice(0, 64), slice(0, 64), exact=False)
    raw_error = abs(raw.mean() / width - finest)
    assert max(errors) < 0.001
    assert raw_error > 0.02  # so this test can fail


def test_each_channel_has_a_brightness_of_its_own_and_z_may_be_coarser():
    scene = np.stack([noisy_scene(), noisy_scene() // 9])
    image = np.stack([scene, scene], axis=1)  # C, Z, Y, X
    level = coarser_levels(image, [(2, 1, 128, 128)])[0]
    resolved = resolved_for(image, checkpoint="zero-dce-pp", channel_axis=0)
    lazy = LazyEnhancement(resolved, [level])
    for channel in range(2):
        width = resolved.windows[channel].high - resolved.windows[channel].low
        fine, coarse = (each[channel].mean() for each in lazy.levels)
        assert abs(fine - coarse) / width < 0.005


def test_levels_may_know_no_ellipsis():
    class Virtual(Counting):
        def __getitem__(self, key):
            assert all(isinstance(part, int) or part.stop % 2 == 0 for part in key)
            return super().__getitem__(key)

    scene = noisy_scene()[:256, :256]
    level = coarser_levels(scene, [(64, 64)])[0]
    made = LazyEnhancement(resolved_for(scene), [Virtual(level)]).levels[1][...]
    np.testing.assert_array_equal(
        made, LazyEnhancement(resolved_for(scene), [level]).levels[1][...]
    )


def test_a_level_of_another_kind_is_refused():
    resolved = resolved_for(STACK)
    with pytest.raises(ImageError, match="Level 1 of the image has the shape"):
        LazyEnhancement(resolved, [STACK[0, :, ::2, ::2]])


def test_a_block_outside_is_refused_and_a_stop_stops():
    lazy = LazyEnhancement(resolved_for(STACK)).levels[0]
    with pytest.raises(RequestError, match="not inside the image"):
        lazy.block((0, 5), slice(0, 10), slice(0, 10))
    with pytest.raises(Cancelled):
        lazy.block((0, 0), slice(0, 10), slice(0, 10), should_stop=lambda: True)


def test_threads_share_it(assert_equal):
    scene = noisy_scene()
    lazy = LazyEnhancement(resolved_for(scene), coarser_levels(scene, [(128, 128)]))
    found = {}

    def read(number):
        found[number] = lazy.levels[1][:, number * 32 : number * 32 + 32]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_equal(np.concatenate([found[number] for number in range(4)], 1), lazy.levels[1][...])
