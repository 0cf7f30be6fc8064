"""PatchNCE: each place of a result resembles the same place of its source more than others do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_zerodce.core.translators.design import RESNET_DOWNS, GeneratorDesign
from napari_zerodce.core.translators.generators import ResNetGenerator

PATCHES: Final = 256
"""Places of a picture that are compared (CUT, ECCV 2020, appendix C.1)."""

TEMPERATURE: Final = 0.07
"""Of the cross-entropy (CUT, equation 3)."""

_WIDTH: Final = 256
_EVERY: Final = 4
_LEAST_BLOCKS: Final = 5
_NEVER: Final = -10.0
_SMALLEST_NORM: Final = 1e-7


def nce_layers(design: GeneratorDesign) -> tuple[int, ...]:
    """Return the places in a ResNet's layers whose outputs are compared.

    They are 0, 4, 8, 12 and 16 in the published networks of CUT: the picture, both halvings and
    two residual blocks. In a network with other layers, the last residual block replaces the last.

    Parameters
    ----------
    design : GeneratorDesign
        Of a ResNet.
    """
    first = 4 + RESNET_DOWNS * (4 if design.antialias_down else 3)
    last = first + design.depth - 1
    if design.antialias_down and design.depth >= _LEAST_BLOCKS:
        last = 4 * _EVERY
    return tuple(sorted({*range(0, min(4 * _EVERY, last), _EVERY), last}))


def feature_widths(generator: ResNetGenerator) -> list[int]:
    """Return the numbers of channels of the compared outputs.

    Parameters
    ----------
    generator : ResNetGenerator
    """
    places, channels, widths = nce_layers(generator.design), generator.design.inputs, []
    for place, layer in enumerate(generator.model.children()):
        channels = getattr(layer, "out_channels", channels)
        if place in places:
            widths.append(channels)
    return widths


class FeatureNetwork(nn.Module):
    """Turns the features of places into directions: two linear layers for each of the outputs.

    Its tensors are named as in ``latest_net_F.pth`` of the official code.

    Parameters
    ----------
    widths : sequence of int
        Channels of the compared outputs.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        for number, width in enumerate(widths):
            layers = nn.Linear(width, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _WIDTH)
            self.add_module(f"mlp_{number}", nn.Sequential(*layers))

    def forward(self, features: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """Return the directions of some places.

        Parameters
        ----------
        features : sequence of Tensor, shape (1, C, H, W)
            The compared outputs.
        places : sequence of Tensor, shape (P,), int64
            Numbers of places in each of the outputs, row by row.

        Returns
        -------
        list of Tensor, shape (P, 256)
            Of length 1.
        """
        directions = []
        for network, output, chosen in zip(self.children(), features, places, strict=True):
            found = network(output[0].flatten(1).T[chosen])
            directions.append(found / (found.norm(dim=1, keepdim=True) + _SMALLEST_NORM))
        return directions


def choose_places(features: Sequence[Tensor], generator: np.random.Generator) -> list[Tensor]:
    """Return random places, each at most once, in each of the compared outputs.

    Parameters
    ----------
    features : sequence of Tensor, shape (1, C, H, W)
    generator : numpy.random.Generator
    """
    sizes = [output.shape[2] * output.shape[3] for output in features]
    return [
        torch.from_numpy(generator.permutation(size)[:PATCHES]).to(output.device)
        for size, output in zip(sizes, features, strict=True)
    ]


def patch_nce(queries: Tensor, keys: Tensor) -> Tensor:
    """Return the cross-entropy of finding the key of each query (CUT, equations 3 and 4).

    Parameters
    ----------
    queries : Tensor, shape (P, D)
        Directions of places of the result.
    keys : Tensor, shape (P, D)
        Directions of the same places of the source; they get no gradient. The keys of all other
        places are the wrong ones.

    Returns
    -------
    Tensor, shape ()
    """
    keys = keys.detach()
    right = (queries * keys).sum(1, keepdim=True)
    wrong = queries @ keys.T
    own = torch.eye(len(queries), dtype=torch.bool, device=queries.device)
    logits = torch.cat((right, wrong.masked_fill(own, _NEVER)), 1) / TEMPERATURE
    first = torch.zeros(len(queries), dtype=torch.long, device=queries.device)
    return functional.cross_entropy(logits, first)


def contrast(
    network: FeatureNetwork,
    queries: Sequence[Tensor],
    keys: Sequence[Tensor],
    places: Sequence[Tensor],
    *,
    flipped: bool = False,
) -> Tensor:
    """Return PatchNCE, averaged over the compared outputs.

    Parameters
    ----------
    network : FeatureNetwork
    queries, keys : sequence of Tensor, shape (1, C, H, W)
        The compared outputs of the generator for the result and for the source.
    places : sequence of Tensor, shape (P,), int64
    flipped : bool
        Whether the result is the mirror image of the source's, left to right, as in FastCUT.

    Returns
    -------
    Tensor, shape ()
    """
    if flipped:
        queries = [output.flip(3) for output in queries]
    with torch.no_grad():
        wanted = network(keys, places)
    pairs = zip(network(queries, places), wanted, strict=True)
    return torch.stack([patch_nce(query, key) for query, key in pairs]).mean()
