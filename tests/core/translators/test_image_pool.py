"""The image pool: what it returns before and after it is full."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.core.translators.image_pool import ImagePool


def picture(number: int) -> torch.Tensor:
    return torch.full((1, 1, 1, 1), float(number), requires_grad=True)


def test_a_pool_that_is_not_full_returns_what_it_gets() -> None:
    pool, generator = ImagePool(3), np.random.default_rng(0)
    found = [pool.exchange(picture(n), generator) for n in range(3)]
    assert [float(each.detach()) for each in found] == [0, 1, 2]
    assert not any(each.requires_grad for each in found)


def test_a_full_pool_exchanges_half_of_the_pictures_for_earlier_ones() -> None:
    pool, generator = ImagePool(50), np.random.default_rng(0)
    found = [float(pool.exchange(picture(n), generator)) for n in range(4050)]
    later = list(enumerate(found))[50:]
    exchanged = [(n, value) for n, value in later if value != n]
    assert len(exchanged) / len(later) == pytest.approx(0.5, abs=0.03)
    assert all(value < n for n, value in exchanged)
    returned = [value for _, value in exchanged]
    assert len(set(returned)) == len(returned), "an exchanged picture leaves the pool"
    # A picture that stays is returned by one in 100 of the later calls.
    assert np.mean([n - value for n, value in exchanged]) == pytest.approx(100, rel=0.1)
    assert len(pool.pictures) == 50
