"""A look on NumPy arrays, in blocks and in any order in memory, is that on tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.core.memory_order import interleaved, is_interleaved
from napari_zerodce.engine import apply_look
from napari_zerodce.engine.apply_look import base_for, halo_of, noise_gain, tone
from napari_zerodce.engine.look import Look

LOOKS = [
    Look(),
    Look(0.5, 3, -1.5),
    Look(2, detail_gain_limit=2),
    Look(1.3, exposure=1, detail_gain_limit=0),
]
INNER = slice(9, 33), slice(8, 41)


def pixels(seed, *shape):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def maps_of(kind, order):
    maps = pixels(1, 1, 8, 3, 24, 33) * 2 - 1
    if kind == "one curve":
        return maps.mean((2, 3, 4), keepdims=True)
    if kind == "one map":
        return np.broadcast_to(order(maps[:, :1]), maps.shape)
    return maps


@pytest.mark.parametrize("order", [np.asarray, interleaved])
@pytest.mark.parametrize("kind", ["own maps", "one map", "one curve"])
@pytest.mark.parametrize("look", LOOKS, ids=Look.describe)
def test_numpy_and_torch_agree(look, kind, order, monkeypatch):
    outer, maps = order(pixels(0, 1, 3, 44, 49)), maps_of(kind, order)

    def made(outer, alphas):
        base, unit = base_for(outer, INNER, look), outer[(..., *INNER)]
        gain = noise_gain(unit, alphas, Look(look.strength, exposure=look.exposure))
        return tone(unit, alphas, look, base=base), gain

    toned, gain = made(outer, maps)
    expected = made(torch.from_numpy(outer), torch.from_numpy(maps.copy()))
    np.testing.assert_allclose(toned, expected[0], rtol=0, atol=2e-5)  # of slopes up to 256
    np.testing.assert_allclose(gain, expected[1], rtol=1e-4, atol=1e-5)
    assert is_interleaved(toned) == is_interleaved(outer)
    monkeypatch.setattr(apply_look, "_BLOCK", 1)
    np.testing.assert_array_equal(made(outer, maps)[0], toned)


@pytest.mark.parametrize("look", LOOKS, ids=Look.describe)
def test_order_in_memory_changes_no_bit(look):
    assert halo_of(look) in {0, 8}
    found = [
        tone(
            order(pixels(0, 1, 3, 24, 33)),
            maps_of("one map", order),
            look,
            base=order(pixels(2, 1, 3, 24, 33)),
        )
        for order in (np.asarray, interleaved)
    ]
    np.testing.assert_array_equal(*found)
