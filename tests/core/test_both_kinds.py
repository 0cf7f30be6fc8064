"""What NumPy computes of curves, detail and exposure is what PyTorch computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.core import curves, guided_filter
from napari_zerodce.core.arrays import repeats_one, to_numpy
from napari_zerodce.core.detail import BASE_HALO, edge_preserving_base, limit_detail_gain
from napari_zerodce.core.memory_order import interleaved, is_interleaved, row_blocks

SHAPES = [(1, 1), (1, 40), (9, 1), (2, 3), (37, 50)]


def picture(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32) ** 2


def maps_for(height, width, *, kind="own"):
    maps = picture(1, 8, 3, height, width, seed=1) * 1.9 - 0.9
    maps[:, :, :, ::3] = 0
    maps[:, :, :, :, ::3] = 1e-42  # subnormal
    if kind == "one for all pixels":
        return maps.mean((2, 3, 4), keepdims=True)
    return np.broadcast_to(maps[:, :1], maps.shape) if kind == "one for all steps" else maps


MEASURES = {
    "apply": curves.apply_curves,
    "weaker": lambda image, maps: curves.apply_curves(image, maps, strength=0.4),
    "stronger": lambda image, maps: curves.apply_curves(
        image, curves.adjust_alphas(maps, strength=1.7, iterations=5)
    ),
    "steps": curves.curve_steps,
    "gains": curves.curve_gains,
    "slopes": curves.curve_slopes,
    "back": lambda image, maps: curves.invert_curves(image, maps * 0.5),
    "trim": lambda image, _: curves.trim_exposure(image, 1.3),
    "slope of trim": lambda image, _: curves.exposure_slope(image, -1.3),
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("kind", ["own", "one for all steps", "one for all pixels"])
@pytest.mark.parametrize("shape", SHAPES)
def test_curves(measure, kind, shape):
    image, maps = picture(1, 3, *shape), maps_for(*shape, kind=kind)
    image[..., 0, 0], image[..., -1, -1] = 0, 1
    before = image.copy(), maps.copy()
    tensors = torch.from_numpy(image), torch.from_numpy(maps[:, :1].copy()).expand(maps.shape)
    if not repeats_one(maps, 1):
        tensors = tensors[0], torch.from_numpy(maps)
    found, expected = measure(image, maps), measure(*tensors)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(maps, before[1])


def test_one_map_for_all_steps_is_not_copied():
    maps = maps_for(4, 5, kind="one for all steps")
    adjusted = curves.adjust_alphas(maps, strength=1.5, iterations=3)
    assert adjusted.shape == (1, 3, 3, 4, 5)
    assert repeats_one(adjusted, 1)
    assert curves.adjust_alphas(maps, iterations=3).base is maps.base


def test_black_white_and_the_order_of_16_bits_stay():
    levels = (np.arange(65_536) / 65_535).astype(np.float32)[None, None, None]
    for alpha in np.linspace(-1, 1, 41):
        maps = np.broadcast_to(np.float32(alpha), (1, 8, 1, 1, 1))
        curved = curves.apply_curves(levels, maps)[0, 0, 0]
        assert (curved[0], curved[-1]) == (0, 1)
        assert (np.diff(np.floor(curved * 65_535 + 0.5)) >= 0).all()
        assert curved.max() <= 1


def test_maps_of_nothing_change_no_bit():
    image = picture(1, 3, 5, 6)
    for maps in (np.zeros((1, 8, 3, 5, 6), np.float32), np.empty((1, 0, 3, 5, 6), np.float32)):
        np.testing.assert_array_equal(curves.apply_curves(image, maps), image)


# ---- detail


@pytest.mark.parametrize("order", [np.asarray, interleaved])
@pytest.mark.parametrize("contrast", [1.0, 0.02])
@pytest.mark.parametrize("shape", [*SHAPES, (300, 310)])
def test_base(shape, contrast, order):
    image = order(0.3 + contrast * (picture(2, 3, *shape) - 0.3))
    base = edge_preserving_base(image)
    expected = edge_preserving_base(torch.from_numpy(image))
    # Both lose about 1e-7 of the square of a pixel, which is 1e-3 of epsilon for faint contrasts.
    np.testing.assert_allclose(base, expected, rtol=0, atol=4e-6)
    assert is_interleaved(base) == is_interleaved(image)


@pytest.mark.parametrize("order", [np.asarray, interleaved])
@pytest.mark.parametrize("numbers", [1, 3000, 20_000])
def test_bands_and_tiles_of_a_base_equal_the_whole(numbers, order, monkeypatch):
    image = order(picture(1, 3, 90, 101))
    whole = edge_preserving_base(image)
    monkeypatch.setattr(guided_filter, "_NUMBERS", numbers)
    np.testing.assert_array_equal(edge_preserving_base(image), whole)
    tile = order(image[..., 20:70, 31:])
    np.testing.assert_array_equal(
        edge_preserving_base(tile)[..., BASE_HALO:-BASE_HALO, BASE_HALO:],
        whole[..., 20 + BASE_HALO : 70 - BASE_HALO, 31 + BASE_HALO :],
    )


@pytest.mark.parametrize("limit", [0, 0.5, 2, 1e30, 1e300])
def test_limit(limit):
    image, base = picture(1, 3, 20, 30), picture(1, 3, 20, 30, seed=5)
    base[..., 0] = image[..., 0]
    curved = [curves.apply_curves(each, maps_for(20, 30)) for each in (image, base)]
    found = limit_detail_gain(image, base, *curved, limit)
    expected = limit_detail_gain(*map(torch.from_numpy, (image, base, *curved)), limit)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


# ---- arrays


@pytest.mark.parametrize("most", [1, 50, 10_000])
def test_blocks_of_rows_are_all_rows_once(most):
    blocks = list(row_blocks((1, 3, 7, 5), most))
    assert [row for block in blocks for row in range(7)[block]] == list(range(7))
    assert all(3 * 5 * len(range(7)[block]) <= max(most, 15) for block in blocks)


def test_a_tensor_of_training_becomes_numbers():
    values = torch.ones(2, requires_grad=True)
    np.testing.assert_array_equal(to_numpy(values * 2), [2, 2])
    array = np.ones(2)
    assert to_numpy(array) is array
