"""Translated planes: values, sizes, channels, tiles that equal the whole, and locked statistics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_zerodce.engine import translation_limits
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.maps import curve_maps
from napari_zerodce.engine.methods.crops import crops_of
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import code_of_layer, command_line, python_lines
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.errors import (
    Cancelled,
    CheckpointError,
    ImageError,
    RequestError,
    ZeroDCEError,
)
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice

UNIT = WindowChoice("range", 0, 1)
PHOTO = np.random.default_rng(0).random((90, 131, 3)).astype(np.float32)


def request_for(image, checkpoint, channels="mono", *, scope=None, **settings):
    given = EnhanceSettings(checkpoint=checkpoint, window=UNIT, device="cpu")
    return EnhanceRequest(image, channels, replace(given, **settings), scope=scope)


def made_of(*given, **settings):
    return enhance(request_for(*given, **settings)).image


def by_torch(checkpoint, picture):
    """Translate a picture of shape (C, H, W) whose sides need no padding, as published."""
    with torch.inference_mode():
        made = checkpoint.generator.train()(torch.from_numpy(picture)[None] * 2 - 1)[0]
    checkpoint.generator.eval()
    return (made.numpy() + 1) / 2


@pytest.mark.parametrize("family", ["resnet", "unet"])
def test_a_photo_becomes_what_the_published_code_makes_of_it(translator, family):
    checkpoint = translator(family, norm="instance")
    photo = PHOTO[:88, :128]
    expected = np.moveaxis(by_torch(checkpoint, np.moveaxis(photo, -1, 0).copy()), 0, -1)
    np.testing.assert_allclose(made_of(photo, checkpoint, "rgb"), expected, atol=1e-6)


def test_a_window_maps_to_the_range_of_the_network_and_back(translator):
    checkpoint = translator(inputs=1, outputs=1)
    mono = PHOTO[:88, :128, 0]
    expected = by_torch(checkpoint, mono[None].copy())[0]
    stretched = (mono * 60000 + 100).astype(np.uint16)
    made = made_of(stretched, checkpoint, window=WindowChoice("range", 100, 60100))
    assert made.dtype == np.uint16
    np.testing.assert_allclose((made - 100.0) / 60000, expected, atol=0.001)
    assert made.max() - made.min() > 10_000


def test_samples_outside_the_window_are_translated_too(translator):
    checkpoint = translator(inputs=1, outputs=1)
    mono = PHOTO[..., 0].copy()
    mono[40:50, 60:70] = 1.0
    clipped = made_of(mono, checkpoint)
    mono[40:50, 60:70] = 7.5
    np.testing.assert_array_equal(made_of(mono, checkpoint), clipped)


def test_nan_stays_where_it_was_and_counts_as_darkest(translator):
    checkpoint = translator(inputs=1, outputs=1)
    mono = PHOTO[..., 0].copy()
    mono[40:50, 60:70] = 0
    dark = made_of(mono, checkpoint)
    mono[40:50, 60:70] = np.nan
    made = made_of(mono, checkpoint)
    missing = np.isnan(mono)
    assert np.isnan(made[missing]).all()
    np.testing.assert_array_equal(made[~missing], dark[~missing])


def test_a_mono_image_is_three_equal_channels_and_the_mean_of_three(translator):
    checkpoint = translator()
    mono = PHOTO[:88, :128, 0]
    expected = by_torch(checkpoint, np.stack([mono] * 3)).mean(0)
    np.testing.assert_allclose(made_of(mono, checkpoint), expected, atol=1e-6)


def test_one_output_of_a_photo_is_grey(translator):
    made = made_of(PHOTO, translator(outputs=1), "rgb")
    assert made.shape == PHOTO.shape
    np.testing.assert_array_equal(made[..., 0], made[..., 2])
    assert made.std() > 0.01


def test_alpha_stays(translator):
    alpha = np.linspace(0, 1, 90 * 131, dtype=np.float32).reshape(90, 131, 1)
    made = made_of(np.concatenate((PHOTO, alpha), -1), translator(), "rgba")
    np.testing.assert_array_equal(made[..., 3:], alpha)
    np.testing.assert_array_equal(made[..., :3], made_of(PHOTO, translator(), "rgb"))


@pytest.mark.parametrize("tile", [24, 61])
@pytest.mark.parametrize(
    "design",
    [
        {},
        {"norm": "batch"},
        {"norm": "none"},
        {"antialias_down": True, "antialias_up": True},
        {"antialias_down": True},
        {"depth": 1, "antialias_up": True},
    ],
    ids=str,
)
def test_tiled_equals_untiled(translator, design, tile):
    checkpoint = translator(**design)
    image = np.random.default_rng(1).random((173, 222, 3)).astype(np.float32)
    whole = made_of(image, checkpoint, "rgb")
    # Without normalisation, these weights make huge numbers, of which the last bits show.
    tolerance = 1e-4 if design.get("norm") == "none" else 1e-5
    tiled = made_of(image, checkpoint, "rgb", tile=tile)
    np.testing.assert_allclose(tiled, whole, atol=tolerance)


def test_a_halo_that_is_too_small_would_be_seen(translator, monkeypatch):
    checkpoint = translator()
    image = np.random.default_rng(1).random((173, 222, 3)).astype(np.float32)
    whole = made_of(image, checkpoint, "rgb")
    for where in ("translation_limits", "methods.translation"):
        monkeypatch.setattr(f"napari_zerodce.engine.{where}.halo_of", lambda _: 12)
    assert np.abs(made_of(image, checkpoint, "rgb", tile=24) - whole).max() > 1e-4


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 2), (8, 8), (3, 70)])
@pytest.mark.parametrize("family", ["resnet", "unet"])
def test_the_smallest_images_have_a_translation(translator, family, shape):
    image = np.random.default_rng(1).random(shape).astype(np.float32)
    made = made_of(image, translator(family))
    assert made.shape == shape
    assert np.isfinite(made).all()


@pytest.mark.parametrize("family", ["resnet", "unet"])
def test_a_part_is_that_of_the_translated_whole(translator, family):
    checkpoint = translator(family)
    scope = Scope((), (20, 61), (33, 90))
    part = made_of(PHOTO, checkpoint, "rgb", scope=scope)
    np.testing.assert_array_equal(part, made_of(PHOTO, checkpoint, "rgb")[20:61, 33:90])


STACK = np.random.default_rng(2).random((12, 40, 52)).astype(np.float32)


def test_each_plane_has_its_own_statistics(translator):
    checkpoint = translator(inputs=1, outputs=1)
    made = made_of(STACK, checkpoint)
    for plane, own in zip(STACK, made, strict=True):
        np.testing.assert_allclose(own, made_of(plane, checkpoint), atol=1e-6)


def test_locked_statistics_let_equal_pixels_stay_equal(translator):
    checkpoint = translator(inputs=1, outputs=1)
    stack = np.repeat(STACK[:1], 6, 0)
    stack[3, :, 44:] = 1  # something bright comes into one frame
    own, locked = (made_of(stack, checkpoint, lock_normalisation=each) for each in (False, True))
    far = slice(0, 12)  # farther than the network sees, 28 pixels
    assert np.abs(own[3, :, far] - own[0, :, far]).max() > 1e-3
    np.testing.assert_allclose(locked[3, :, far], locked[0, :, far], atol=1e-6)


def test_locked_statistics_do_not_depend_on_the_part(translator):
    checkpoint = translator(inputs=1, outputs=1)
    whole = made_of(STACK, checkpoint, lock_normalisation=True)
    scope = Scope(((5, 7),), (0, 40), (0, 52))
    part = made_of(STACK, checkpoint, lock_normalisation=True, scope=scope)
    np.testing.assert_allclose(part, whole[5:7], atol=1e-6)
    tiled = made_of(STACK, checkpoint, lock_normalisation=True, tile=16)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_channels_are_locked_each_for_itself(translator):
    checkpoint = translator(inputs=1, outputs=1)
    image = np.stack((STACK, STACK * 0.1), 1)
    request = request_for(image, checkpoint, lock_normalisation=True)
    both = enhance(replace(request, channel_axis=1)).image
    alone = made_of(np.ascontiguousarray(image[:, 1]), checkpoint, lock_normalisation=True)
    np.testing.assert_allclose(both[:, 1], alone, atol=1e-6)


@pytest.mark.parametrize(("image", "channel_axis"), [(STACK[0], None), (STACK[:2], 0)])
def test_a_lock_that_has_nothing_to_lock_is_not_stated(translator, image, channel_axis):
    request = request_for(image, translator(inputs=1, outputs=1), lock_normalisation=True)
    request = replace(request, channel_axis=channel_axis)
    result = enhance(request)
    assert result.provenance.lock_normalisation is False
    assert result.settings.describe_sharing() == ""
    assert "--lock" not in command_line(result.provenance, "a.tif", "b.tif")
    assert resolve(request).provenance().lock_normalisation is False, "as of a lazy result"


def test_crops_of_locked_planes_see_all_of_the_field(translator):
    checkpoint = translator(inputs=1, outputs=1)
    places = np.arange(1100 * 1100, dtype=np.float32).reshape(1100, 1100) / 1100**2
    resolved = resolve(request_for(np.stack([places] * 8), checkpoint, lock_normalisation=True))
    assert resolved.notices == ("Crops from 8 planes decide how all planes are normalised.",)
    planes = [resolved.plane((number,)) for number in range(8)]
    crops = crops_of(planes, checkpoint.generator.design)
    # 1100 pixels have room for 5 crops of 256 in each direction.
    assert len(np.unique(crops[:, 0, 0, 0])) == len(crops) == 25
    assert crops.min() == places.min()
    assert crops.max() == places.max()


def test_a_lock_without_effect_does_not_hide_that_crops_decide(translator, monkeypatch):
    monkeypatch.setattr(translation_limits, "room_for_translation", lambda _: 2**19)
    image = np.tile(STACK[0], (30, 24))
    request = request_for(image, translator(inputs=1, outputs=1), lock_normalisation=True)
    assert "crops of it decide" in resolve(request).notices[-1]


def test_a_plane_that_does_not_fit_is_normalised_by_crops_of_it(translator, monkeypatch):
    checkpoint = translator(inputs=1, outputs=1)
    image = np.tile(STACK[0], (30, 24))
    whole = made_of(image, checkpoint)
    monkeypatch.setattr(translation_limits, "room_for_blocks", lambda _: 2**24)
    result = enhance(request_for(image, checkpoint))
    assert "does not fit into memory whole" in result.notices[0]
    assert result.provenance.statistics == "crops of each plane"
    assert result.tile < 500
    # The image is a pattern, so the crops have nearly the statistics of the whole.
    np.testing.assert_allclose(result.image, whole, atol=0.02)


def test_a_unet_says_which_size_fits(translator, monkeypatch):
    monkeypatch.setattr(translation_limits, "room_for_blocks", lambda _: 2**20)
    with pytest.raises(ImageError, match=r"crop of at most 168x168 pixels\.$"):
        made_of(np.zeros((2000, 3000), np.uint8), translator("unet"))


def test_lazy_blocks_are_those_of_the_whole(translator):
    for checkpoint in (translator(inputs=1, outputs=1), translator("unet", "u.pth")):
        lazy = LazyEnhancement(resolve(request_for(STACK, checkpoint)), [STACK[:, ::2, ::2]])
        whole = made_of(STACK, checkpoint)
        part = (slice(3, 5), slice(10, 30), slice(7, 50))
        # Planes side by side have one thread each, and the last bits may differ.
        np.testing.assert_allclose(lazy.levels[0][part], whole[part], atol=1e-6)
        coarse = made_of(STACK[:, ::2, ::2], checkpoint)
        np.testing.assert_allclose(lazy.levels[1][4], coarse[4], atol=1e-6)


def test_a_run_reports_progress_within_a_plane_and_can_be_stopped_there(translator):
    told = []
    enhance(request_for(STACK[0], translator(inputs=1, outputs=1)), report=told.append)
    assert told[-1].done == told[-1].total == 1
    asked = 0

    def should_stop():
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(Cancelled):
        enhance(request_for(STACK[0], translator(inputs=1, outputs=1)), should_stop=should_stop)
    assert asked < 8


@pytest.mark.parametrize(
    ("design", "channels", "said"),
    [
        ({"inputs": 1, "outputs": 1}, "rgb", "split it into its channels"),
        ({"inputs": 1, "outputs": 3}, "mono", "translates 1 -> 3 channels, and the image is mono"),
        ({"inputs": 4, "outputs": 4}, "rgb", "translates 4 -> 4 channels, and the image is RGB"),
    ],
)
def test_other_channels_are_refused_in_a_sentence(translator, design, channels, said):
    image = PHOTO if channels == "rgb" else PHOTO[..., 0]
    with pytest.raises(CheckpointError, match=said):
        made_of(image, translator(**design), channels)


class Unreadable:
    shape, dtype, ndim = (40, 50), np.dtype("u1"), 2

    def __getitem__(self, key):
        raise AssertionError("it need not be read")


def test_what_needs_curves_refuses_translators_before_the_image_is_read(translator):
    request = request_for(Unreadable(), translator())
    viewport = Viewport(slice(0, 9), slice(0, 9))
    for use in (curve_maps, lambda request: estimate_view(request, viewport)):
        with pytest.raises(CheckpointError, match="translates pictures and has no curves; choose"):
            use(request)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"look": Look(strength=0.5)}, "has no look"),
        ({"tile": 64}, "has no tiles; leave the tile out"),
        ({"precision": "bfloat16"}, "runs in float32 only, and not in bfloat16"),
    ],
)
def test_settings_without_effect_are_refused_in_a_sentence(translator, settings, said):
    with pytest.raises(ZeroDCEError, match=said):
        made_of(PHOTO[..., 0], translator("unet"), **settings)


def test_the_usual_look_is_no_wish(translator):
    made_of(PHOTO[..., 0], translator(), look=DEFAULT_LOOK)


def test_series_settings_are_refused(translator):
    request = request_for(STACK, translator(inputs=1, outputs=1), time="smoothed")
    with pytest.raises(RequestError, match="has no time 'smoothed'"):
        enhance(replace(request, time_axis=0))


def test_eight_bit_images_run_in_float32(translator):
    result = enhance(request_for(PHOTO[..., 0].astype(np.uint8), translator()))
    assert result.precision == "float32"


def test_the_provenance_says_what_made_it_and_makes_it_again(translator):
    checkpoint = translator(inputs=1, outputs=1)
    result = enhance(request_for(STACK, checkpoint, lock_normalisation=True))
    made = result.provenance
    assert made.design == "CycleGAN, ResNet with 2 blocks, 1 -> 1 channel"
    assert made.statistics == "some planes of the stack together"
    assert "not there" in made.as_dict()["display_only"]
    assert Provenance.from_dict(made.as_dict()) == made
    assert "--lock-normalisation" in command_line(made, "a.tif", "b.tif")
    assert "lock_normalisation=True" in python_lines(made, code_of_layer("a"))


@pytest.mark.parametrize("look", [Look(), DEFAULT_LOOK])
def test_the_provenance_has_no_facts_of_curves(translator, look):
    made = enhance(request_for(PHOTO[:8, :8, 0], translator(), look=look)).provenance
    written = made.as_dict()
    assert not written.keys() & {"look", "global_curve", "scale_factor", "time", "time_window"}
    assert Provenance.from_dict(written) == made
    assert "--detail" not in command_line(made, "a.tif", "b.tif")
    assert "look" not in python_lines(made, code_of_layer("a"))
    with pytest.raises(RequestError):
        Provenance.from_dict(written | {"architecture": "zero-dce-pp"})
