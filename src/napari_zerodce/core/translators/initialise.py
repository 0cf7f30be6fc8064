"""How the weights of generators and discriminators begin."""

from __future__ import annotations

from typing import Final, Literal

from torch import nn

Start = Literal["normal", "xavier"]

_GAIN: Final = 0.02
"""The deviation of normal weights (pix2pix, section 6.2); CUT's code scales xavier's by it."""


def initialise(network: nn.Module, kind: Start) -> None:
    """Draw the weights of a network from torch's global generator.

    Parameters
    ----------
    network : Module
        Changed in place. Biases become 0, weights of batch normalisation N(1, 0.02).
    kind : {"normal", "xavier"}
        N(0, 0.02) for pix2pix and CycleGAN, xavier with a gain of 0.02 for CUT.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            if kind == "normal":
                nn.init.normal_(layer.weight, 0.0, _GAIN)
            else:
                nn.init.xavier_normal_(layer.weight, gain=_GAIN)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, _GAIN)
            nn.init.zeros_(layer.bias)
