"""Equal colours stay equal: a grey picture in colours becomes what the mono picture becomes."""

from __future__ import annotations

from dataclasses import replace

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
    known = replace(request(image), is_grey=True)
    made = enhance(known).image
    assert made[40, 40, 0] > made[40, 40, 1], "it stays red"
    made[40, 40] = 0
    assert_grey(made)
    assert not np.array_equal(enhance(request(image)).image, made), "a colour decides otherwise"


def test_an_image_with_colours_is_not_changed_by_the_rule():
    image = in_colours(scene(64, 64))
    image[..., 2] //= 2
    settings = request(image)
    np.testing.assert_array_equal(
        enhance(settings).image, enhance(replace(settings, is_grey=False)).image
    )


def test_translators_have_no_curves_to_share(translator):
    image = in_colours(scene(64, 64))
    settings = request(image, checkpoint=translator())
    known = replace(settings, is_grey=False)
    np.testing.assert_array_equal(enhance(settings).image, enhance(known).image)
