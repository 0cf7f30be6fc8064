"""Fine-tune photo weights so that grey stays grey and bright places stay, and all else too.

    python scripts/refine_photos.py --data DATA --checkpoint OLD --output new.safetensors

The losses of the paper leave a faint tint on grey images, whose channels get three different
curves, and brighten what is bright already. Here the network learns from its own results: grey
crops should become the mean of their channels, places brighter than 0.35 should come nearer to what
they were, and everything else should stay as the network made it. DATA is that of
scripts/train_bundled.py.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from train_bundled import ALL_STOPS, Pictures, load_pictures

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import CurveNetwork, forget_subnormal_weights
from napari_zerodce.training.objective import estimate

WHOLE_SHARE = 0.4
SIDE = 64
BATCH = 8
RATE = 1e-3
GREY = 2
"""Every second crop is grey."""

PLACE = 9
"""Side in pixels of the surroundings that say how bright a place is; the network sees 15."""

BRIGHT = (0.35, 0.6)
MOST = 0.5
GREY_WEIGHT = 10.0
"""A tint is a small deviation that an eye notices."""


def goal_of(images: Tensor, enhanced: Tensor) -> Tensor:
    """Return what results should be: every `GREY`-th grey, bright places nearer to the image."""
    goal = enhanced.clone()
    goal[::GREY] = enhanced[::GREY].mean(1, keepdim=True)
    return torch.lerp(goal, images, brightness_share(images))


def brightness_share(images: Tensor) -> Tensor:
    """Return how much of the image the goal holds: 0 in places up to 0.35, more where it is bright.

    Parameters
    ----------
    images : Tensor, shape (N, 3, H, W), values in [0, 1]

    Returns
    -------
    Tensor, shape (N, 1, H, W), values in [0, `MOST`]
    """
    local = functional.avg_pool2d(
        images.mean(1, keepdim=True), PLACE, 1, PLACE // 2, count_include_pad=False
    )
    return MOST * ((local - BRIGHT[0]) / (BRIGHT[1] - BRIGHT[0])).clamp(0, 1)


def make_grey(images: Tensor) -> Tensor:
    """Return images with every `GREY`-th one replaced by its brightness."""
    images = images.clone()
    images[::GREY] = images[::GREY].mean(1, keepdim=True)
    return images


def enhanced_by(network: CurveNetwork, images: Tensor) -> Tensor:
    """Return images enhanced at scale factor 1."""
    alphas, _ = estimate(network, images)
    enhanced: Tensor = apply_curves(images, alphas)
    return enhanced


def refine(network: CurveNetwork, pictures: Pictures, *, steps: int, seed: int = 0) -> None:
    """Change the weights of a network in place.

    Parameters
    ----------
    network : CurveNetwork
    pictures : Pictures
        Source of photographs.
    steps : int
    seed : int
    """
    scale_factor, network.scale_factor = network.scale_factor, 1
    teacher = copy.deepcopy(network).eval()
    network.requires_grad_(True)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    for step in range(steps):
        generator = np.random.default_rng((seed, step))
        images = make_grey(torch.from_numpy(pictures(generator, count=BATCH, side=SIDE).images))
        with torch.no_grad():
            goal = goal_of(images, enhanced_by(teacher, images))
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 + np.cos(np.pi * step / steps)) / 2
        deviation = (enhanced_by(network, images) - goal).square()
        loss = deviation.mean() + (GREY_WEIGHT - 1) * deviation[::GREY].mean() / GREY
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % 100 == 99:
            print(
                f"step {step + 1}/{steps}: deviation {deviation.mean().sqrt().item():.5f}",
                flush=True,
            )
    network.requires_grad_(False)
    network.scale_factor = scale_factor
    forget_subnormal_weights(network)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add: Callable[..., object] = parser.add_argument
    add("--data", type=Path, required=True, help="folder with hdr/ and photos/")
    add("--checkpoint", required=True, help="the weights to start from")
    add("--output", type=Path, required=True, help="checkpoint to write, ending in .safetensors")
    add("--steps", type=int, default=1200)
    arguments = parser.parse_args()
    torch.set_flush_denormal(True)  # weights that vanish would be 40 times slower on CPUs
    start = load_checkpoint(arguments.checkpoint)
    pictures = Pictures(load_pictures(arguments.data), WHOLE_SHARE, ALL_STOPS)
    network = start.curve_network
    refine(network, pictures, steps=arguments.steps)
    facts = dict(start.info.provenance) | {
        "refined": f"{arguments.steps} steps of scripts/refine_photos.py from "
        f"sha256 {start.info.sha256}"
    }
    save_checkpoint(arguments.output, network, licence=start.info.licence, provenance=facts)


if __name__ == "__main__":
    main()
