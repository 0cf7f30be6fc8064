"""The fine-tuning of photo weights: its goals, and that a tint really becomes smaller."""

from __future__ import annotations

import numpy as np
import torch
from refine_photos import MOST, brightness_share, enhanced_by, goal_of, make_grey, refine
from train_bundled import Pictures

from napari_zerodce.core.networks import ZeroDCEPlusPlus


def test_every_second_image_becomes_grey_and_the_others_stay() -> None:
    images = torch.rand(4, 3, 2, 2, generator=torch.Generator().manual_seed(0)) * 0.3
    for changed in (make_grey(images), goal_of(images, images)):
        torch.testing.assert_close(changed[::2, 0], images[::2].mean(1))
        torch.testing.assert_close(changed[::2, 0], changed[::2, 2])
        torch.testing.assert_close(changed[1::2], images[1::2])


def test_dark_places_have_the_old_result_as_their_goal_and_bright_ones_half_of_the_image() -> None:
    images = torch.full((2, 3, 12, 24), 0.2)
    images[..., 12:] = 0.9
    enhanced = torch.full_like(images, 0.5)
    share = brightness_share(images)
    assert (share[..., :6].max(), share[..., -6:].min()) == (0, MOST)
    goal = goal_of(images, enhanced)
    torch.testing.assert_close(goal[..., :6], enhanced[..., :6])
    torch.testing.assert_close(goal[..., -6:], torch.full_like(goal[..., -6:], 0.7))


def tint(network: ZeroDCEPlusPlus) -> float:
    grey = torch.full((1, 3, 32, 32), 0.2)
    with torch.no_grad():
        red, _, blue = enhanced_by(network, grey).mean((0, 2, 3)).tolist()
    return abs(red - blue)


def test_a_tint_becomes_smaller_and_the_scale_factor_stays() -> None:
    torch.manual_seed(0)
    network = ZeroDCEPlusPlus(12)
    with torch.no_grad():
        network.e_conv7.point_conv.bias.copy_(torch.tensor([-0.3, -0.2, -0.1]))
    pictures = Pictures([[np.random.default_rng(0).random((80, 80, 3), np.float32)]], 0.5, (-3, 0))
    network.scale_factor = 1
    before = tint(network)
    network.scale_factor = 12
    refine(network, pictures, steps=30)
    assert network.scale_factor == 12
    network.scale_factor = 1
    assert tint(network) < 0.5 * before
