"""Masks: cells and empty places, and nothing in between."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.masks import AWAY, masks_of


def test_cells_dim_cells_and_background():
    generator = np.random.default_rng(0)
    image = generator.normal(20, 1, (128, 128))
    image[20:50, 20:50] = 200
    image[90:110, 90:110] = 40
    masks = masks_of(image)
    assert masks.foreground[22:48, 22:48].all()
    assert not masks.foreground[60:].any()
    assert not masks.background[92:108, 92:108].any(), "dim cells belong to neither"
    assert masks.background[70:85, 20:80].mean() > 0.99
    assert not masks.background[20:50, 50 : 50 + AWAY - 2].any()
    foreground, background = masks.shares
    assert foreground == pytest.approx(100 * 900 / 128**2, rel=0.1)
    assert 60 < background < 90
    assert not (masks.foreground & masks.background).any()


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_constant_images_have_no_masks(value):
    masks = masks_of(np.full((20, 20), value))
    assert masks.shares == (0, 0)


def test_one_bright_pixel_does_not_hide_the_cells():
    image = np.full((100, 100), 10.0)
    image[40:60, 40:60] = 50
    image[5, 5] = 60_000
    assert masks_of(image).foreground[42:58, 42:58].all()
