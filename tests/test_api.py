from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import napari_zerodce
from napari_zerodce import Look, choose_weights, curve_maps, enhance, load_checkpoint
from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.errors import CheckpointError, DeviceError, ImageError, RequestError
from napari_zerodce.imaging.intensity import WindowChoice

NAMES = ("zero-dce", "zero-dce-pp")
EXACT = {"device": "cpu", "precision": "float32"}


def dark(*shape: int, seed: int = 0) -> np.ndarray:
    """Values in [0, 0.3)."""
    return np.random.default_rng(seed).random(shape, np.float32) * np.float32(0.3)


def apply(image: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """CVPR 2020, equation 4, for one plane of shape (C, Y, X)."""
    for alpha in maps:
        image = image + alpha * image * (1 - image)
    return image


def test_names_are_imported_when_they_are_used() -> None:
    code = (
        "import sys, napari_zerodce\n"
        "assert 'numpy' not in sys.modules and 'torch' not in sys.modules\n"
        "napari_zerodce.Look(strength=0.5)\n"
        "assert 'numpy' not in sys.modules and 'torch' not in sys.modules\n"
        "napari_zerodce.enhance, napari_zerodce.curve_maps, napari_zerodce.load_checkpoint\n"
        "assert 'torch' not in sys.modules\n"
        "assert not any(name in sys.modules for name in ('napari', 'qtpy', 'magicgui'))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=200)


def test_all_names_exist() -> None:
    for name in napari_zerodce.__all__:
        assert getattr(napari_zerodce, name)
    with pytest.raises(AttributeError, match="brighten"):
        _ = napari_zerodce.brighten


# ---- load_checkpoint


def test_default_checkpoint_is_bundled() -> None:
    checkpoint = load_checkpoint()
    assert isinstance(checkpoint, Checkpoint)
    assert checkpoint.info.name == "zero-dce"
    assert checkpoint.info.parameters == sum(p.numel() for p in checkpoint.network.parameters())


def test_scale_factor_is_chosen() -> None:
    assert load_checkpoint("zero-dce-pp").info.scale_factor == 12
    assert load_checkpoint("zero-dce-pp", scale_factor=3).info.scale_factor == 3
    with pytest.raises(RequestError, match="no scale factor"):
        load_checkpoint(scale_factor=3)


def test_automatic_weights_are_those_of_an_image() -> None:
    with pytest.raises(CheckpointError, match="no image here"):
        load_checkpoint("auto")


# ---- choose_weights


def test_weights_suit_the_image_and_say_why() -> None:
    cells = np.full((40, 40), 100, np.uint16)
    cells[:8] = np.arange(1000, 1320).reshape(8, 40)
    choice = choose_weights(cells)
    assert choice.checkpoint == "zero-dce-fluo"
    assert str(choice) == "fluorescence weights, because 80 % of the image is background"
    assert choose_weights(dark(40, 50, 3)).checkpoint == "zero-dce"
    assert choose_weights([[1, 2], [3, 4]]).made_for == "photo"
    bright = enhance(cells, **EXACT)
    assert np.array_equal(bright, enhance(cells, "zero-dce-fluo", **EXACT))
    maps = curve_maps(cells, **EXACT)
    assert np.array_equal(maps, curve_maps(cells, "zero-dce-fluo", **EXACT))


@pytest.mark.parametrize("image", [np.zeros((4, 4), bool), np.zeros((0, 4)), "cells.tif"])
def test_weights_for_what_is_no_image_are_refused(image: Any) -> None:
    with pytest.raises(ImageError):
        choose_weights(image)


# ---- enhance


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((40, 50), None),
        ((40, 50, 3), None),
        ((40, 50, 4), None),
        ((2, 40, 50), None),
        ((2, 1, 40, 50, 3), None),
        ((5, 7, 3), "rgb"),
        ((3, 40, 50), "mono"),
        ((1, 1), None),
        ((1, 1, 3), "rgb"),
    ],
)
def test_shape_and_dtype_are_kept(name, shape, channels) -> None:
    for dtype in (np.uint8, np.uint16, np.int16, np.float32, np.float64):
        scale = 255 if np.dtype(dtype).itemsize == 1 else 1000
        image = (dark(*shape) * scale).astype(dtype)
        before = image.copy()
        bright = enhance(image, name, channels=channels, window=(0, scale), **EXACT)
        assert (bright.shape, bright.dtype) == (image.shape, image.dtype)
        assert np.array_equal(image, before)
        assert bright is not image
        if image.max() > 0:
            assert bright.mean() > image.mean()


def test_alpha_is_kept() -> None:
    image = dark(40, 50, 4)
    bright = enhance(image, window="dtype", **EXACT)
    assert np.array_equal(bright[..., 3], image[..., 3])
    assert np.array_equal(bright[..., :3], enhance(image[..., :3], window="dtype", **EXACT))


@pytest.mark.parametrize("name", NAMES)
def test_planes_of_a_stack_are_enhanced_alone(name) -> None:
    stack = dark(2, 3, 33, 35)
    bright = enhance(stack, name, window="dtype", **EXACT)
    maps = curve_maps(stack, name, window="dtype", **EXACT)
    for index in np.ndindex(2, 3):
        assert np.array_equal(bright[index], enhance(stack[index], name, window="dtype", **EXACT))
        assert np.array_equal(maps[index], curve_maps(stack[index], name, window="dtype", **EXACT))


def test_checkpoint_by_name_by_file_and_loaded(tmp_path: Path) -> None:
    image = dark(40, 50, 3)
    loaded = load_checkpoint("zero-dce-pp")
    bright = enhance(image, "zero-dce-pp", **EXACT)
    assert np.array_equal(bright, enhance(image, loaded, **EXACT))
    assert np.array_equal(bright, enhance(image, loaded.info.path, **EXACT))
    assert np.array_equal(bright, enhance(image, str(loaded.info.path), **EXACT))
    assert not np.array_equal(bright, enhance(image, "zero-dce", **EXACT))
    other = load_checkpoint("zero-dce-pp", scale_factor=2)
    assert not np.array_equal(bright, enhance(image, other, **EXACT))


def test_weights_changed_by_the_user_are_those_used() -> None:
    checkpoint = load_checkpoint()
    for parameter in checkpoint.network.parameters():
        parameter.zero_()
    image = dark(40, 50)
    assert np.array_equal(enhance(image, checkpoint, window="dtype", **EXACT), image)
    assert not curve_maps(image, checkpoint, window="dtype", **EXACT).any()
    assert not np.array_equal(enhance(image, window="dtype", **EXACT), image)


def test_windows_are_understood() -> None:
    image = dark(40, 50) * 100
    low, high = image.min().item(), image.max().item()
    expected = enhance(image, window="minmax", **EXACT)
    for window in ((low, high), [low, high], np.array([low, high]), f"{low},{high}"):
        assert np.array_equal(enhance(image, window=window, **EXACT), expected)
    choice = WindowChoice("percentile", 1, 99)
    by_text = enhance(image, window="percentile:1,99", **EXACT)
    assert np.array_equal(enhance(image, window=choice, **EXACT), by_text)
    outside = (image < 5) | (image > 20)
    kept = enhance(image, window=(5, 20), **EXACT)[outside]
    assert np.array_equal(kept, image[outside])


def test_bits_end_the_range_of_the_dtype() -> None:
    tints = [tint * dark(40, 50) for tint in (4000, 3800, 3600)]
    image = np.stack(tints, -1).astype(np.uint16)
    by_hand = enhance(image, window=(0, 4095), **EXACT)
    assert np.array_equal(enhance(image, bits=12, **EXACT), by_hand)
    assert not np.array_equal(enhance(image, **EXACT), by_hand)
    assert np.array_equal(
        curve_maps(image, bits=12, device="cpu"), curve_maps(image, window=(0, 4095), device="cpu")
    )
    with pytest.raises(RequestError, match="such as 12"):
        enhance(image, bits=0)


def test_array_likes() -> None:
    image = dark(40, 50)
    bright = enhance(image, window="dtype", **EXACT)
    lazy = da.from_array(image, chunks=(16, 16))
    assert np.array_equal(enhance(lazy, window="dtype", **EXACT), bright)
    maps = curve_maps(image, window="dtype", **EXACT)
    assert np.array_equal(curve_maps(lazy, window="dtype", **EXACT), maps)
    nested = enhance(image.tolist(), window="dtype", **EXACT)
    assert nested.dtype == np.float64
    assert np.allclose(nested, bright, atol=1e-6)


def test_nan_stays_where_it_is() -> None:
    image = dark(40, 50)
    image[3, 4], image[5, 6] = np.nan, np.inf
    bright = enhance(image, window="dtype", **EXACT)
    assert np.isnan(bright[3, 4])
    assert np.isinf(bright[5, 6])
    assert np.isfinite(bright).sum() == bright.size - 2
    assert np.isfinite(curve_maps(image, window="dtype", **EXACT)).all()


# ---- curve_maps


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((40, 50), (8, 1, 40, 50)),
        ((40, 50, 3), (8, 3, 40, 50)),
        ((40, 50, 4), (8, 3, 40, 50)),
        ((2, 3, 33, 35), (2, 3, 8, 1, 33, 35)),
        ((2, 33, 35, 3), (2, 8, 3, 33, 35)),
        ((1, 1), (8, 1, 1, 1)),
    ],
)
def test_maps_have_the_promised_shape_and_range(name, shape, expected) -> None:
    maps = curve_maps(dark(*shape), name, window="dtype", **EXACT)
    assert maps.shape == expected
    assert maps.dtype == np.float32
    assert np.abs(maps).max() <= 1
    assert maps.mean() > 0  # the paper's sign: positive brightens, and the image is dark


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3)])
def test_maps_are_what_enhance_applies(name, shape) -> None:
    image = dark(*shape)
    planes = image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0)
    by_hand = apply(planes, curve_maps(image, name, window="dtype", **EXACT))
    bright = enhance(image, name, window="dtype", look=Look(), **EXACT)
    bright = bright[None] if image.ndim == 2 else np.moveaxis(bright, -1, 0)
    assert np.abs(by_hand - bright).max() < 1e-6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tile", [3, 16, 1000])
def test_tiles_do_not_show(name, tile) -> None:
    image = dark(37, 41, 3)
    whole = curve_maps(image, name, window="dtype", tile=64, **EXACT)
    tiled = curve_maps(image, name, window="dtype", tile=tile, **EXACT)
    assert np.abs(tiled - whole).max() < 1e-6


def test_one_map_of_zero_dce_pp_is_given_eight_times() -> None:
    maps = curve_maps(dark(40, 50, 3), "zero-dce-pp", **EXACT)
    assert (maps == maps[:1]).all()
    assert not (maps[0, 0] == maps[0, 1]).all()
    others = curve_maps(dark(40, 50, 3), "zero-dce", **EXACT)
    assert not (others == others[:1]).all()


def test_maps_without_room_are_refused_before_the_work() -> None:
    huge = np.broadcast_to(np.float32(0.1), (2_000, 10_000, 10_000))
    with pytest.raises(ImageError, match=r"curve maps need .* GiB"):
        curve_maps(huge, window=(0, 1))


# ---- looks


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (2, 40, 50)])
def test_look_that_is_not_given_limits_detail_and_an_explicit_one_means_what_it_says(shape) -> None:
    image = dark(*shape)
    bright = enhance(image, window="dtype", **EXACT)
    limited = enhance(image, window="dtype", look=Look(detail_gain_limit=2), **EXACT)
    np.testing.assert_array_equal(bright, limited)
    published = enhance(image, window="dtype", look=Look(), **EXACT)
    assert not np.array_equal(bright, published)
    assert bright.std() < published.std(), "noise grows less"


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (40, 50, 4), (2, 40, 50), (1, 1)])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f2", "f4", "f8"])
def test_strength_0_is_the_original_bit_for_bit(shape, dtype) -> None:
    image = (dark(*shape) * 300).astype(dtype)
    if dtype.startswith("f"):
        image.flat[0] = np.nan
    for look in (Look(strength=0), Look(strength=0, iterations=3, global_curve=True)):
        assert enhance(image, look=look, **EXACT).tobytes() == image.tobytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("look", "adjusted"),
    [
        (Look(), lambda maps: maps),
        (Look(iterations=1), lambda maps: maps[:1]),
        (Look(iterations=5), lambda maps: maps[:5]),
        (Look(strength=0.4), lambda maps: 0.4 * maps),
        (Look(strength=2), lambda maps: (2 * maps).clip(-1, 1)),
        (
            Look(global_curve=True, strength=1.5),
            lambda maps: 1.5 * maps.mean((1, 2, 3), keepdims=True),
        ),
    ],
)
def test_looks_are_what_they_say_of_the_maps(name, look, adjusted) -> None:
    image = dark(40, 50)
    maps = curve_maps(image, name, window="dtype", **EXACT)
    bright = enhance(image, name, window="dtype", look=look, **EXACT)
    assert np.abs(apply(image[None], adjusted(maps))[0] - bright).max() < 3e-6


def test_exposure_goes_both_ways_and_keeps_the_ends() -> None:
    image = dark(40, 50)
    image[0, 0], image[0, 1] = 0, 1
    darker, same, brighter = (
        enhance(image, window="dtype", look=Look(exposure=stops), **EXACT) for stops in (-1, 0, 1)
    )
    inside = (image > 0) & (image < 1)
    assert (darker < same)[inside].all()
    assert (same < brighter)[inside].all()
    for each in (darker, same, brighter):
        assert (each[0, 0], each[0, 1]) == (0, 1)


def test_one_curve_keeps_the_order_of_intensities() -> None:
    image = np.random.default_rng(0).permutation(2000).reshape(40, 50).astype(np.uint16)
    order = image.ravel().argsort()
    bright = enhance(image, window="minmax", look=Look(global_curve=True), **EXACT)
    assert (np.diff(bright.ravel()[order].astype(int)) >= 0).all()
    each_its_own = enhance(image, window="minmax", look=Look(), **EXACT)
    assert (np.diff(each_its_own.ravel()[order].astype(int)) < 0).any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"strength": -0.1}, "strength is -0.1"),
        ({"iterations": 2.0}, "iterations is 2.0"),
        ({"exposure": float("nan")}, "exposure is nan"),
        ({"detail_gain_limit": -1}, "limit is -1"),
    ],
)
def test_wrong_looks_are_told_when_they_are_made(settings, words) -> None:
    with pytest.raises(RequestError, match=words):
        Look(**settings)


# ---- mistakes


@pytest.mark.parametrize("function", [enhance, curve_maps])
@pytest.mark.parametrize(
    ("image", "choices", "error", "words"),
    [
        (np.ones((4, 4), bool), {}, ImageError, "mask"),
        (np.ones(4), {}, ImageError, "two axes"),
        (np.ones((0, 4)), {}, ImageError, "no pixels"),
        (np.ones((4, 4), complex), {}, ImageError, "complex"),
        ("photo.png", {}, ImageError, "read the file first"),
        ([[1.0, 2.0], [3.0]], {}, ImageError, "rows differ"),
        (np.ones((4, 4)), {"channels": "rgb"}, ImageError, "height, width, 3"),
        (np.ones((4, 4)), {"channels": "cmyk"}, ImageError, "cmyk"),
        (np.ones((4, 4)), {"window": "bright"}, RequestError, "bright"),
        (np.ones((4, 4)), {"window": (1, 2, 3)}, RequestError, "two numbers"),
        (np.ones((4, 4)), {"window": 5}, RequestError, "two numbers"),
        (np.ones((4, 4)), {"window": ("a", "b")}, RequestError, "two numbers"),
        (np.ones((4, 4)), {"window": (2, 1)}, RequestError, "smaller"),
        (np.ones((4, 4)), {"window": (0, np.nan)}, RequestError, "nan"),
        (np.ones((4, 4)), {"tile": 0}, RequestError, "tile is 0"),
        (np.ones((4, 4)), {"device": "tpu"}, DeviceError, "tpu"),
        (np.ones((4, 4)), {"precision": "float8"}, DeviceError, "float8"),
        (np.ones((4, 4)), {"checkpoint": "nothing"}, CheckpointError, "nothing"),
        (np.ones((4, 4)), {"checkpoint": Path("nowhere.pth")}, CheckpointError, "nowhere.pth"),
    ],
)
def test_mistakes_are_told_in_one_sentence(function, image, choices, error, words) -> None:
    with pytest.raises(error, match=words) as raised:
        function(image, **choices)
    assert "\n" not in str(raised.value)
