"""Equal colours stay equal: a grey picture in colours becomes what the mono picture becomes."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.maps import fill_maps, in_memory
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.imaging.scope import Scope

CHECKPOINTS = ["zero-dce", "zero-dce-pp"]


def scene(*shape, dtype=np.uint8):
    """Return a dark mono photo: no background, steps and noise."""
    noise = np.random.default_rng(0).normal(0, 6, shape)
    rows = np.linspace(20, 90, shape[-2])[:, None]
    image = (rows + noise + 40 * (np.arange(shape[-1]) > shape[-1] // 2)).clip(0, 255)
    return (image * (np.iinfo(dtype).max // 255)).astype(dtype)


def in_colours(mono):
    return np.repeat(mono[..., None], 3, -1)


def request(image, **settings):
    channels = "mono" if image.shape[-1] not in {3, 4} else ("rgb", "rgba")[image.shape[-1] - 3]
    given = {"checkpoint": "zero-dce", "device": "cpu", "precision": "float32", **settings}
    return EnhanceRequest(image, channels, EnhanceSettings(**given))


def assert_grey(image):
    for n in (1, 2):
        np.testing.assert_array_equal(image[..., 0], image[..., n])


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("tile", [None, 37])
@pytest.mark.parametrize("look", [Look(), DEFAULT_LOOK, Look(global_curve=True, exposure=0.5)])
def test_it_becomes_what_the_mono_picture_becomes(checkpoint, tile, look):
    mono = scene(2, 101, 83)
    settings = {"checkpoint": checkpoint, "tile": tile, "look": look}
    made = enhance(request(in_colours(mono), **settings)).image
    assert_grey(made)
    alone = enhance(request(mono, **settings)).image
    assert int(np.abs(made[..., 0].astype(int) - alone).max()) <= (checkpoint != "zero-dce")
    assert made.mean() > 1.2 * mono.mean()


def test_deep_samples_and_alpha():
    image = in_colours(scene(50, 41, dtype=np.uint16))
    alpha = np.random.default_rng(1).integers(0, 65535, (50, 41, 1), np.uint16)
    made = enhance(request(np.concatenate((image, alpha), -1))).image
    assert_grey(made[..., :3])
    np.testing.assert_array_equal(made[..., 3:], alpha)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_series_share_their_curves(checkpoint):
    settings = {"time": "shared", "time_window": 3, "checkpoint": checkpoint}
    made = enhance(replace(request(in_colours(scene(4, 60, 51)), **settings), time_axis=0)).image
    assert_grey(made)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_lazy_levels(checkpoint):
    image = in_colours(scene(128, 96))
    settings = {"checkpoint": checkpoint, "look": DEFAULT_LOOK}
    levels = LazyEnhancement(resolve(request(image, **settings)), [image[::2, ::2]]).levels
    for level in levels:
        assert_grey(np.asarray(level))
    np.testing.assert_array_equal(levels[0][...], enhance(request(image, **settings)).image)


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("look", [DEFAULT_LOOK, Look(detail_gain_limit=None, global_curve=True)])
def test_what_is_on_screen(step, look):
    image = in_colours(scene(90, 70))
    view = estimate_view(request(image), Viewport(slice(10, 80), slice(0, 70), step))
    assert view.is_grey
    shown = view.render(look)
    assert_grey(shown)
    if step == 1 and not look.global_curve:
        made = enhance(request(image, look=look)).image
        np.testing.assert_array_equal(shown, made[10:80])


def test_maps_of_colours_are_equal():
    resolved = resolve(request(in_colours(scene(40, 31))))
    for kind in ("alphas", "noise-gain"):
        maps = fill_maps(resolved, kind, in_memory)
        assert maps.shape == (8, 3, 40, 31)
        np.testing.assert_array_equal(maps[:, 0], maps[:, 1])
        np.testing.assert_array_equal(maps[:, 0], maps[:, 2])


def test_a_colour_that_was_not_looked_at_is_not_lost():
    image = in_colours(scene(64, 64))
    image[40, 40] = 200, 20, 20
    looked = resolve(request(image))
    looked.grey._found[()] = True
    made = enhance(looked).image
    assert made[40, 40, 0] > made[40, 40, 1], "it stays red"
    made[40, 40] = 0
    assert_grey(made)
    assert not np.array_equal(enhance(request(image)).image, made), "a colour decides otherwise"


def mixed():
    """Return a stack of a grey plane between two that have colours."""
    stack = in_colours(scene(3, 70, 61))
    stack[::2, ..., 2] //= 2
    return stack


def as_lazy(stack):
    return da.from_array(stack, chunks=(1, 32, 61, 3))


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("kind", [np.asarray, as_lazy])
@pytest.mark.parametrize("look", [Look(), DEFAULT_LOOK])
def test_each_plane_of_a_stack_is_treated_as_it_is_alone(checkpoint, kind, look):
    stack = mixed()
    settings = {"checkpoint": checkpoint, "look": look, "tile": 37}
    made = enhance(request(kind(stack), **settings)).image
    assert_grey(made[1])
    for n in range(3):
        np.testing.assert_array_equal(made[n], enhance(request(stack[n], **settings)).image)
    part = Scope.parse("1:3,10:40,20:50", request(stack).layout)
    some = enhance(replace(request(kind(stack), **settings), scope=part)).image
    np.testing.assert_array_equal(some, made[1:3, 10:40, 20:50])


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("look", [Look(), Look(global_curve=True)])
def test_a_grey_frame_of_a_series_with_colours_stays_grey(checkpoint, look):
    settings = {"time": "shared", "time_window": 3, "checkpoint": checkpoint, "look": look}
    made = enhance(replace(request(mixed(), **settings), time_axis=0)).image
    assert_grey(made[1])
    assert (made[1] > mixed()[1]).mean() > 0.9


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_levels_of_a_stack_and_what_is_on_screen_follow_their_plane(checkpoint):
    stack = mixed()
    resolved = resolve(request(stack, checkpoint=checkpoint))
    _, coarse = LazyEnhancement(resolved, [stack[:, ::2, ::2]]).levels
    shown = estimate_view(resolved.at((1,)), Viewport(slice(0, 70), slice(0, 61), 2))
    assert shown.is_grey
    assert_grey(np.asarray(coarse)[1])
    # A colour that this level has and its plane does not: the plane decides.
    stack_of_others = stack[:, ::2, ::2].copy()
    stack_of_others[1, 0, 0] = 200, 20, 20
    other = np.asarray(LazyEnhancement(resolved, [stack_of_others]).levels[1])[1]
    other[0, 0] = 0
    assert_grey(other)
    assert not estimate_view(resolved.at((0,)), Viewport(slice(0, 9), slice(0, 9), 1)).is_grey


def test_translators_have_no_curves_to_share(translator):
    image = in_colours(scene(64, 64))
    resolved = resolve(request(image, checkpoint=translator()))
    assert resolved.grey is None
    assert enhance(resolved).image.shape == image.shape
