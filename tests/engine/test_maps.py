"""Curve maps are those that enhance an image; steps and gains follow from them by the formulas."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from napari_zerodce.core.curves import apply_curves
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.maps import curve_maps, fill_maps, in_memory
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.intensity import WindowChoice

UNIT = WindowChoice("range", 0, 1)


def request_for(image, channels="mono", **settings):
    given = {"window": UNIT, "device": "cpu", "precision": "float32", **settings}
    return EnhanceRequest(image=image, channels=channels, settings=EnhanceSettings(**given))


@pytest.mark.parametrize("tile", [None, 16])
@pytest.mark.parametrize(("checkpoint", "scale_factor"), [("zero-dce", None), ("zero-dce-pp", 5)])
@pytest.mark.parametrize(
    ("shape", "channels", "colours"),
    [((30, 41), "mono", 1), ((30, 41, 3), "rgb", 3), ((2, 30, 41, 4), "rgba", 3)],
)
def test_maps_applied_to_the_image_are_the_enhanced_image(
    run, shape, channels, colours, checkpoint, scale_factor, tile
):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    settings = {"checkpoint": checkpoint, "scale_factor": scale_factor, "tile": tile}
    maps = curve_maps(request_for(image, channels, **settings))
    leading = shape[:-2] if channels == "mono" else shape[:-3]
    assert maps.shape == (*leading, 8, colours, 30, 41)
    assert maps.dtype == np.float32
    assert (np.abs(maps) <= 1).all()

    planes = image[..., None] if channels == "mono" else image[..., :3]
    planes = torch.from_numpy(np.moveaxis(planes, -1, -3).reshape(-1, colours, 30, 41))
    curved = apply_curves(planes, torch.from_numpy(maps.reshape(-1, 8, colours, 30, 41)))
    enhanced = run(image, channels, window=(0, 1), **settings)
    expected = enhanced[..., None] if channels == "mono" else enhanced[..., :3]
    expected = np.moveaxis(expected, -1, -3).reshape(curved.shape)
    np.testing.assert_allclose(curved.numpy(), expected, rtol=0, atol=1e-6)


def test_maps_that_have_no_room_are_told():
    huge = np.broadcast_to(np.uint8(0), (2**20, 2**10, 2**10))
    with pytest.raises(ImageError, match=r"The curve maps need 32768\.0 GiB of memory, and"):
        curve_maps(request_for(huge))


def test_progress_and_cancel_are_those_of_a_run():
    told = []
    image = np.zeros((3, 40, 40), np.uint8)
    curve_maps(request_for(image), report=told.append)
    assert told[-1].done == told[-1].total == 3
    with pytest.raises(Cancelled):
        curve_maps(request_for(image), should_stop=lambda: len(told) > 0)


# ---- kinds


def unit_planes(image, channels, window):
    """The image mapped to [0, 1], shape (planes, C, H, W), float64."""
    low, high = window
    unit = np.nan_to_num((image.astype(np.float64) - low) / (high - low), nan=0).clip(0, 1)
    unit = unit[..., None] if channels == "mono" else unit[..., :3]
    unit = np.moveaxis(unit, -1, -3)
    return torch.from_numpy(unit.reshape(-1, *unit.shape[-3:]))


def filled(image, kind, channels="mono", step=1, **settings):
    return fill_maps(request_for(image, channels, **settings), kind, in_memory, step=step)


@pytest.mark.parametrize("kind", ["steps", "gain", "noise-gain"])
@pytest.mark.parametrize(("checkpoint", "scale_factor"), [("zero-dce", None), ("zero-dce-pp", 5)])
@pytest.mark.parametrize(
    ("shape", "channels"),
    [((30, 41), "mono"), ((30, 41, 3), "rgb"), ((2, 30, 41, 4), "rgba"), ((1, 1), "mono")],
)
def test_kinds_follow_from_the_maps_by_the_formulas(
    shape, channels, checkpoint, scale_factor, kind
):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    settings = {"checkpoint": checkpoint, "scale_factor": scale_factor}
    maps = filled(image, kind, channels, tile=16, **settings)
    alphas = curve_maps(request_for(image, channels, **settings)).astype(np.float64)
    assert maps.shape == alphas.shape
    assert maps.dtype == np.float32
    x = unit_planes(image, channels, (0, 1)).numpy()
    alphas = alphas.reshape(-1, 8, *x.shape[1:])
    found = maps.reshape(alphas.shape)
    slope = gain = np.ones_like(x)
    for step in range(8):
        alpha = alphas[:, step]
        slope = slope * (1 + alpha * (1 - 2 * x))
        gain = gain * (1 + alpha * (1 - x))
        x = x + alpha * x * (1 - x)
        expected = {"steps": x, "gain": gain, "noise-gain": slope}[kind]
        np.testing.assert_allclose(found[:, step], expected, rtol=1e-5, atol=2e-6)


def test_the_last_step_is_the_enhanced_image(run):
    image = np.random.default_rng(0).random((30, 41, 3)).astype(np.float32)
    steps = filled(image, "steps", "rgb")
    enhanced = run(image, "rgb", window=(0, 1))
    np.testing.assert_array_equal(steps[-1], enhanced.transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["gain", "noise-gain"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_gains_are_one_outside_the_window_and_only_there(kind, dtype):
    image = np.linspace(0, 250, 20 * 30).reshape(20, 30).astype(dtype)
    if dtype == "f4":
        image[4, 5], image[6, 7] = np.nan, np.inf
    window = WindowChoice("range", 30, 200)
    maps = filled(image, kind, window=window, tile=16)
    inside = (image >= 30) & (image <= 200)
    assert (maps[:, 0, ~inside] == 1).all()
    dark = inside & (image < 40)
    assert (maps[-1, 0, dark] > 1.5).all()
    assert (maps[:, 0, inside] != 1).mean() > 0.99


@pytest.fixture(scope="module")
def stack_maps():
    """Maps of one stack, shape (2, 8, 1, 30, 41); those of every pixel are made once."""
    image = np.random.default_rng(0).integers(0, 60_000, (2, 30, 41), dtype=np.uint16)

    def maps(kind, checkpoint, **settings):
        window = WindowChoice("range", 1000, 50_000)
        return filled(image, kind, checkpoint=checkpoint, window=window, **settings)

    every = functools.cache(maps)
    return lambda kind, checkpoint, **few: (maps if few else every)(kind, checkpoint, **few)


@pytest.mark.parametrize("kind", ["alphas", "steps", "gain", "noise-gain"])
@pytest.mark.parametrize("step", [1, 2, 7, 16, 41, 100])
@pytest.mark.parametrize("tile", [None, 7, 16])
@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_every_few_pixels_are_those_of_all(
    assert_seamless, stack_maps, checkpoint, tile, step, kind
):
    every = stack_maps(kind, checkpoint)
    few = stack_maps(kind, checkpoint, step=step, tile=tile)
    assert few.shape == (2, 8, 1, -(-30 // step), -(-41 // step))
    assert_seamless(few, np.ascontiguousarray(every[..., ::step, ::step]))


@pytest.mark.parametrize("kind", ["steps", "gain", "noise-gain"])
@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_images(kind, value):
    maps = filled(np.full((9, 9), value, np.uint8), kind, window=WindowChoice("dtype"))
    alphas = curve_maps(request_for(np.full((9, 9), value, np.uint8), window=WindowChoice("dtype")))
    grown = np.cumprod(1 + alphas, axis=0)
    expected = {
        ("steps", 0): np.zeros_like(grown),
        ("steps", 255): np.ones_like(grown),
        ("gain", 0): grown,
        ("gain", 255): np.ones_like(grown),
        ("noise-gain", 0): grown,
        ("noise-gain", 255): np.cumprod(1 - alphas, axis=0),
    }[kind, value]
    np.testing.assert_allclose(maps, expected, rtol=1e-5)


def test_maps_may_be_written_anywhere_slice_by_slice():
    image = np.random.default_rng(0).random((2, 30, 41, 3)).astype(np.float32)
    told = []

    class Somewhere:
        def __init__(self, shape):
            self.array = np.full(shape, np.nan, np.float32)
            told.append(shape)

        def __setitem__(self, key, block):
            self.array[key] = block

    made = fill_maps(request_for(image, "rgb", tile=16), "gain", Somewhere)
    assert told == [(2, 8, 3, 30, 41)]
    np.testing.assert_array_equal(made.array, filled(image, "gain", "rgb", tile=16))


def test_the_look_does_not_matter():
    image = np.random.default_rng(0).random((20, 20)).astype(np.float32)
    looked = curve_maps(request_for(image, look=Look(0.2, 3, 1, global_curve=True)))
    np.testing.assert_array_equal(looked, curve_maps(request_for(image)))
