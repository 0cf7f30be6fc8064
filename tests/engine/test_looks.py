"""What a look makes of an image: identity, strength, iterations, exposure, one curve, detail."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from napari_zerodce.core.curves import apply_curves, invert_curves, trim_exposure
from napari_zerodce.core.detail import edge_preserving_base
from napari_zerodce.engine import progress as progress_module
from napari_zerodce.engine.apply_look import noise_gain, tone
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.maps import curve_maps
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.intensity import WindowChoice

NETWORKS = [("zero-dce", None), ("zero-dce-pp", 3)]
LIMITS = [0.0, 0.7, 1.5, 4.0]
SHAPES = [(1, 1), (1, 40), (40, 1), (5, 6), (70, 83)]
UNIT = WindowChoice("range", 0, 1)


def request_for(image, channels="mono", **settings):
    given = {"window": UNIT, "device": "cpu", "precision": "float32", **settings}
    return EnhanceRequest(image=image, channels=channels, settings=EnhanceSettings(**given))


def dark_image(dtype, *shape, seed=0):
    """Random numbers of a dtype, dark ones more often, with a window's worth on either side."""
    values = np.random.default_rng(seed).random(shape) ** 3
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (values * 1.2 - 0.1).astype(dtype)
    limits = np.iinfo(dtype)
    span = float(limits.max) - float(limits.min)
    return (values * 0.999 * span + float(limits.min)).astype(dtype)


def window_of(dtype):
    if np.dtype(dtype).kind == "f":
        return 0.03, 0.9
    limits = np.iinfo(dtype)
    return int(limits.min) + 3, int(limits.max) - int(limits.max) // 4


def as_planes(image):
    """(H, W) or (H, W, 3) as a tensor (1, C, H, W)."""
    image = image[..., None] if image.ndim == 2 else image
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]


# ---- strength, iterations, exposure


@pytest.mark.parametrize("look", [Look(strength=0), Look(strength=0, detail_gain_limit=1)])
@pytest.mark.parametrize("channels", ["mono", "rgb", "rgba"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f2", "f4", "f8", ">f4"])
def test_strength_zero_is_the_original_bit_for_bit(run, dtype, channels, look):
    samples = {"mono": (), "rgb": (3,), "rgba": (4,)}[channels]
    image = dark_image(dtype, 20, 30, *samples)
    if image.dtype.kind == "f":
        image[3, 4], image[5, 6] = np.nan, np.inf
    for window in (None, window_of(dtype)):
        enhanced = run(image, channels, look=look, window=window, tile=16)
        assert enhanced.tobytes() == image.tobytes()
        assert not np.shares_memory(enhanced, image)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    "look", [Look(strength=0.5), Look(strength=2), Look(iterations=1), Look(0.8, 5, -1.5)]
)
@pytest.mark.parametrize("channels", ["mono", "rgb"])
def test_looks_are_the_formulas_on_the_maps(run, channels, look, network):
    checkpoint, scale_factor = network
    image = dark_image("f4", 30, 41, *((3,) if channels == "rgb" else ())).clip(0, 1)
    settings = {"checkpoint": checkpoint, "scale_factor": scale_factor}
    alphas = torch.from_numpy(curve_maps(request_for(image, channels, **settings)))[None]
    curved = as_planes(image).double()
    for alpha in alphas[0, : look.iterations].double():
        adjusted = (look.strength * alpha).clamp(-1, 1)
        curved = curved + adjusted * curved * (1 - curved)
    k = 2.0**look.exposure
    expected = (k * curved / (1 + (k - 1) * curved))[0].permute(1, 2, 0).numpy()
    enhanced = run(image, channels, window=(0, 1), look=look, tile=16, **settings)
    np.testing.assert_allclose(enhanced, expected.reshape(image.shape), rtol=0, atol=2e-6)


def test_a_stronger_look_is_brighter_where_the_curves_brighten(run):
    image = np.full((40, 40), 30, np.uint8)
    means = [run(image, look=Look(strength=s)).mean() for s in (0, 0.5, 1, 1.5, 2)]
    assert means[0] == 30
    assert (np.diff(means) > 5).all()
    stops = [run(image, look=Look(exposure=e)).mean() for e in (-4, -1, 0, 1, 4)]
    assert (np.diff(stops) > 5).all()


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize(
    "look",
    [Look(2, exposure=4), Look(2, exposure=-3.8), Look(global_curve=True, exposure=-3.3),
     Look(detail_gain_limit=1.3)],
)  # fmt: skip
def test_black_and_white_stay_whatever_the_look(run, value, look):
    image = np.full((9, 9), value, np.uint8)
    np.testing.assert_array_equal(run(image, look=look), image)
    unit = np.full((9, 9), value / 255, np.float32)
    np.testing.assert_array_equal(run(unit, window=(0, 1), look=look), unit)


@pytest.mark.parametrize(
    "look", [Look(1.7), Look(exposure=1.3), Look(global_curve=True), Look(detail_gain_limit=1)]
)
def test_what_lies_outside_the_window_comes_through(run, look):
    image = dark_image("f4", 30, 40) * 2 - 0.3
    image[0, :3] = np.nan, np.inf, -np.inf
    enhanced = run(image, window=(0, 1), look=look)
    outside = ~((image >= 0) & (image <= 1))
    assert 0.1 < outside.mean() < 0.9
    assert enhanced[outside].tobytes() == image[outside].tobytes()
    assert np.isfinite(enhanced[~outside]).all()


@pytest.mark.parametrize("global_curve", [False, True])
@pytest.mark.parametrize("limit", [None, 1.5])
def test_an_image_of_nothing_but_nan(run, limit, global_curve):
    image = np.full((5, 6), np.nan, np.float32)
    look = Look(1.5, exposure=1, global_curve=global_curve, detail_gain_limit=limit)
    assert run(image, look=look).tobytes() == image.tobytes()


# ---- one curve for all


def assert_order_is_kept(before, after):
    order = np.argsort(before, axis=None, kind="stable")
    assert (np.diff(after.ravel()[order].astype(np.float64)) >= 0).all()
    equal = np.diff(before.ravel()[order].astype(np.float64)) == 0
    assert (np.diff(after.ravel()[order].astype(np.float64))[equal] == 0).all()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    "look",
    [
        Look(global_curve=True),
        Look(2, global_curve=True, exposure=2.3),
        Look(1.3, 3, -3.1, global_curve=True),
    ],
)
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4"])
@pytest.mark.parametrize(
    ("shape", "channels"), [((3, 30, 41), "mono"), ((2, 2, 20, 31, 3), "rgb"), ((1, 1), "mono")]
)
def test_a_global_curve_keeps_the_order_over_all_planes_and_channels(
    run, shape, channels, dtype, look, network
):
    checkpoint, scale_factor = network
    image = dark_image(dtype, *shape)
    window = window_of(dtype)
    enhanced = run(
        image, channels, window=window, look=look, checkpoint=checkpoint, scale_factor=scale_factor
    )
    inside = (image >= window[0]) & (image <= window[1])
    assert_order_is_kept(image[inside], enhanced[inside])
    if image.size > 1:
        assert (enhanced[inside] != image[inside]).mean() > 0.5


def test_without_it_the_order_is_not_kept(run):
    image = dark_image("u2", 60, 60)
    enhanced = run(image)
    with pytest.raises(AssertionError):
        assert_order_is_kept(image, enhanced)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_global_curve_is_the_mean_of_all_maps_and_in_the_provenance(network):
    checkpoint, scale_factor = network
    image = dark_image("f4", 3, 30, 41, 3)
    settings = {"checkpoint": checkpoint, "scale_factor": scale_factor}
    maps = curve_maps(request_for(image, "rgb", **settings))
    result = enhance(request_for(image, "rgb", look=Look(global_curve=True), **settings))
    mean = maps.mean((0, 2, 3, 4), dtype=np.float64)
    assert len(result.global_curve) == 8
    np.testing.assert_allclose(result.global_curve, mean, rtol=0, atol=6e-7)
    assert [round(value, 6) for value in result.global_curve] == list(result.global_curve)
    provenance = json.loads(json.dumps(result.provenance.as_dict()))
    assert tuple(provenance["global_curve"]) == result.global_curve
    assert Look(**provenance["look"]) == result.look
    assert enhance(request_for(image[0], "rgb", **settings)).global_curve == ()


@pytest.mark.parametrize("network", NETWORKS)
def test_the_global_curve_can_be_undone_by_the_eight_numbers(network):
    checkpoint, scale_factor = network
    image = dark_image("f4", 2, 30, 41).clip(0, 1)
    look = Look(global_curve=True, exposure=0.7)
    request = request_for(image, checkpoint=checkpoint, scale_factor=scale_factor, look=look)
    provenance = json.loads(json.dumps(enhance(request).provenance.as_dict()))
    curve = torch.tensor(provenance["global_curve"], dtype=torch.float64)
    curve = curve.reshape(1, -1, 1, 1, 1)
    trimmed = torch.from_numpy(enhance(request).image.astype(np.float64))[None]
    curved = trim_exposure(trimmed, -provenance["look"]["exposure"])
    back = invert_curves(curved, curve)[0].numpy()
    assert np.abs(enhance(request).image - image).max() > 0.1
    np.testing.assert_allclose(back, image, rtol=0, atol=2e-5)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("look", [Look(global_curve=True), Look(1.5, 8, 1, True, 1.4)])
def test_the_global_curve_does_not_depend_on_tiles(bits_are_steady, assert_seamless, network, look):
    checkpoint, scale_factor = network
    image = dark_image("u2", 2, 90, 83, 3)
    window = WindowChoice("dtype")
    found = [
        enhance(
            request_for(
                image, "rgb", checkpoint=checkpoint, scale_factor=scale_factor, look=look,
                tile=tile, window=window,
            )
        )
        for tile in (10_000, 64, 27)
    ]  # fmt: skip
    for result in found[1:]:
        if bits_are_steady:
            assert result.global_curve == found[0].global_curve
        assert_seamless(result.image, found[0].image)


def test_the_mean_is_summed_so_that_tiles_do_not_round_it(monkeypatch, bits_are_steady):
    if not bits_are_steady:
        pytest.skip("this machine's last bits vary with the size of a block")
    # With all its decimals; float32 would differ in the eighth, and now and then change the sixth.
    monkeypatch.setattr("napari_zerodce.engine.global_curve.GLOBAL_CURVE_DECIMALS", 15)
    request = request_for(dark_image("u2", 90, 83), look=Look(global_curve=True))
    found = [
        enhance(replace(request, settings=replace(request.settings, tile=tile))).global_curve
        for tile in (10_000, 17)
    ]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-13)


def test_a_global_curve_takes_two_passes_and_says_so(monkeypatch):
    monkeypatch.setattr(progress_module, "_SECONDS_BETWEEN_REPORTS", 0.0)
    told = []
    image = np.zeros((2, 40, 40), np.uint8)
    enhance(request_for(image, look=Look(global_curve=True), tile=16), report=told.append)
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert done[-1] == told[-1].total == 4


# ---- detail


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("channels", ["mono", "rgb"])
@pytest.mark.parametrize("shape", SHAPES)
def test_limited_detail_leaves_no_seam(run, assert_seamless, shape, channels, limit, network):
    checkpoint, scale_factor = network
    image = dark_image("u2", *shape, *((3,) if channels == "rgb" else ()))
    settings = {
        "checkpoint": checkpoint, "scale_factor": scale_factor, "window": (0, 65_535),
        "look": Look(exposure=0.5, detail_gain_limit=limit),
    }  # fmt: skip
    whole = run(image, channels, tile=10_000, **settings)
    for tile in (16, 37):
        assert_seamless(run(image, channels, tile=tile, **settings), whole)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_halo_one_pixel_too_small_for_the_base_would_be_seen(run, monkeypatch, network):
    checkpoint, scale_factor = network
    image = dark_image("f4", 70, 83).clip(0, 1) * 0.05  # faint, or all would be edges
    settings = {
        "checkpoint": checkpoint, "scale_factor": scale_factor, "window": (0, 1),
        "look": Look(2, exposure=3, detail_gain_limit=1.0),
    }  # fmt: skip
    whole = run(image, tile=10_000, **settings)
    monkeypatch.setattr("napari_zerodce.engine.apply_look.BASE_HALO", 7)
    assert np.abs(run(image, tile=31, **settings) - whole).max() > 1e-5


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("limit", LIMITS)
def test_limited_detail_is_the_formula_on_the_maps(run, limit, network):
    checkpoint, scale_factor = network
    image = dark_image("f4", 30, 41, 3).clip(0, 1)
    settings = {"checkpoint": checkpoint, "scale_factor": scale_factor}
    maps = torch.from_numpy(curve_maps(request_for(image, "rgb", **settings)))[None].double()
    x = as_planes(image).double()
    base = edge_preserving_base(x)
    fx, fb = apply_curves(x, maps), apply_curves(base, maps)
    detail = torch.sign(x - base) * torch.minimum((fx - fb).abs(), limit * (x - base).abs())
    expected = (fb + detail)[0].permute(1, 2, 0).numpy()
    look = Look(detail_gain_limit=limit)
    enhanced = run(image, "rgb", window=(0, 1), look=look, tile=16, **settings)
    np.testing.assert_allclose(enhanced, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("look", [Look(), Look(2, 5, 1.5), Look(1, 8, -1, global_curve=True)])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_a_huge_limit_is_no_limit_bit_for_bit(run, bits_are_steady, dtype, look):
    if not bits_are_steady:
        pytest.skip("this machine's last bits vary with the size of a block")
    image = dark_image(dtype, 40, 50, 3)
    limited = Look(**{**look.as_dict(), "detail_gain_limit": 1e9})
    np.testing.assert_array_equal(run(image, "rgb", look=limited), run(image, "rgb", look=look))


def test_noise_in_a_flat_dark_place_comes_out_weaker(run):
    noise = np.random.default_rng(0).normal(0.03, 0.004, (80, 80)).clip(0, 1).astype(np.float32)
    spread = [
        run(noise, window=(0, 1), look=Look(detail_gain_limit=limit)).std()
        for limit in (None, 4.0, 2.0, 1.0, 0.0)
    ]
    assert spread[0] >= spread[1] > 1.5 * spread[2] > 2 * spread[3] > 2 * spread[4]
    # Means of 3x3 and what is finer than those: the light of the whole stays.
    limited = run(noise, window=(0, 1), look=Look(detail_gain_limit=1.0))
    assert limited.mean() == pytest.approx(run(noise, window=(0, 1)).mean(), rel=0.02)
    assert sliding_window_view(limited, (9, 9)).mean((2, 3)).min() > 2 * noise.mean()


# ---- tone and noise gain themselves


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.25, 1.26, 2.0])
def test_what_is_known_of_the_maps_changes_nothing(strength):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, 3, 9, 8), generator=generator)
    alphas = (torch.rand((1, 8, 3, 9, 8), generator=generator) * 2 - 1) * 0.8
    base = edge_preserving_base(image)
    for look in (Look(strength), Look(strength, 3, 1.0, detail_gain_limit=1.2)):
        expected = tone(image, alphas, look, base=base)
        known = tone(image, alphas, look, base=base, bound=alphas.abs().max().item())
        torch.testing.assert_close(known, expected, rtol=0, atol=1e-6)


def test_noise_gain_is_the_slope_of_tone():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, 3, 9, 8), generator=generator, dtype=torch.float64) * 0.99 + 0.005
    alphas = torch.rand((1, 8, 3, 9, 8), generator=generator, dtype=torch.float64) * 2 - 1
    h = 1e-6
    for look in (Look(), Look(0.5, 4), Look(2, 8, 1.7), Look(1, 8, -2)):
        numerical = (tone(image + h, alphas, look) - tone(image - h, alphas, look)) / (2 * h)
        torch.testing.assert_close(noise_gain(image, alphas, look), numerical, rtol=1e-6, atol=1e-6)
    nothing = noise_gain(image, alphas, Look(strength=0))
    assert torch.equal(nothing, torch.ones_like(image))
    limited = noise_gain(image, alphas, Look(detail_gain_limit=0.8))
    assert torch.equal(limited, noise_gain(image, alphas, Look()).clamp(max=0.8))
    assert limited.max() == 0.8
