"""The losses of a discriminator's judgement: vanilla (pix2pix) and lsgan (CycleGAN, CUT)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

GanMode = Literal["vanilla", "lsgan"]


def gan_loss(judged: Tensor, *, real: bool, mode: GanMode) -> Tensor:
    """Return how far a judgement is from "real" or from "made", averaged over all patches.

    Parameters
    ----------
    judged : Tensor, any shape
        Of a `PatchDiscriminator`; large if a patch looks real.
    real : bool
        What the judgement should be.
    mode : {"vanilla", "lsgan"}
        Binary cross-entropy of logits (pix2pix, CVPR 2017, equation 1), or the squared distance
        to 1 or 0 (CycleGAN, ICCV 2017, section 4).

    Returns
    -------
    Tensor, shape ()
    """
    wanted = torch.full_like(judged, float(real))
    if mode == "vanilla":
        return functional.binary_cross_entropy_with_logits(judged, wanted)
    return functional.mse_loss(judged, wanted)
