"""What the training of every method shares: networks, their optimisers, and one step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any, ClassVar, Final

import numpy as np
import torch
from torch import Tensor, nn

from napari_zerodce.core.translators.discriminators import PatchDiscriminator
from napari_zerodce.core.translators.generators import Generator
from napari_zerodce.core.translators.image_pool import ImagePool
from napari_zerodce.core.translators.initialise import Start, initialise
from napari_zerodce.training.translation.config import TranslationConfig

BETAS: Final = (0.5, 0.999)
"""Of Adam (pix2pix, CVPR 2017, section 3.3)."""

Losses = dict[str, Tensor]
"""By their names in `TRANSLATION_LOSSES`, each times its weight; shape ()."""


class Trainer(ABC):
    """The networks of one method, and how a step changes them.

    Parameters
    ----------
    config : TranslationConfig
    generator : Generator
        Turns sources into targets.
    loaded : bool
        Whether the generator has trained weights; otherwise it gets random ones.

    Attributes
    ----------
    networks : dict of str to Module
        By their names in the files of the official code, such as "G", "D" and "F".
    optimisers : dict of str to Adam
    pools : dict of str to ImagePool
    """

    start: ClassVar[Start] = "normal"
    forward_name: ClassVar[str] = "G"
    """The name of the generator that turns sources into targets."""

    def __init__(self, config: TranslationConfig, generator: Generator, *, loaded: bool) -> None:
        self.config = config
        self.networks: dict[str, nn.Module] = {self.forward_name: generator}
        self.optimisers: dict[str, torch.optim.Adam] = {}
        self.pools: dict[str, ImagePool] = {}
        self._add_networks(generator)
        for name, network in self.networks.items():
            if name != self.forward_name or not loaded:
                initialise(network, self.start)
            network.train().requires_grad_(requires_grad=True)

    @property
    def generators(self) -> Mapping[str, Generator]:
        """The generators by name; the one that turns sources into targets is the first."""
        found = self.networks.items()
        return {name: network for name, network in found if isinstance(network, Generator)}

    @abstractmethod
    def _add_networks(self, generator: Generator) -> None:
        """Add the other networks of the method, with any weights."""

    @abstractmethod
    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the networks that each optimiser changes."""

    @abstractmethod
    def step(
        self, source: Tensor, target: Tensor, generator: np.random.Generator, *, frozen: bool
    ) -> Losses:
        """Change the networks once.

        Parameters
        ----------
        source, target : Tensor, shape (1, C, H, W), values in [-1, 1]
        generator : numpy.random.Generator
            All random numbers but those of dropout come from it.
        frozen : bool
            Whether the generator that turns sources into targets stays as it is.

        Returns
        -------
        dict of str to Tensor
            The losses before the change, each times its weight.
        """

    def prepare(self, device: str) -> None:
        """Move the networks to a device, in torch's words, and make their optimisers."""
        for network in self.networks.values():
            network.to(device)
        for name, members in self._groups().items():
            weights = chain.from_iterable(self.networks[each].parameters() for each in members)
            self.optimisers[name] = torch.optim.Adam(
                weights, lr=self.config.learning_rate, betas=BETAS
            )

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of all optimisers."""
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate

    def _descend(self, loss: Tensor, *names: str, frozen: bool = False) -> None:
        """Let optimisers take a step down a loss; if `frozen`, without the first generator."""
        for name in names:
            self.optimisers[name].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if frozen:
            for weights in self.networks[self.forward_name].parameters():
                weights.grad = None  # Adam leaves these out
        for name in names:
            self.optimisers[name].step()

    def discriminator(self, channels: int) -> PatchDiscriminator:
        """Return a discriminator of this method, with any weights.

        Parameters
        ----------
        channels : int
            Of the pictures that it judges.
        """
        method = self.config.method
        return PatchDiscriminator(
            channels,
            features=self.config.features,
            norm="batch" if method == "pix2pix" else "instance",
            antialias=method in {"cut", "fastcut"},
        )

    # ---- to save it, and to continue

    def state(self) -> dict[str, Any]:
        """Return all that the next step depends on, as torch can save it."""
        return {
            "networks": {name: each.state_dict() for name, each in self.networks.items()},
            "optimisers": {name: each.state_dict() for name, each in self.optimisers.items()},
            "pools": {name: each.pictures for name, each in self.pools.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state` returned."""
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        for name, pool in self.pools.items():
            pool.pictures = list(state["pools"][name])


@contextmanager
def unchanged(*networks: nn.Module) -> Iterator[None]:
    """Compute no gradients for the weights of networks, inside the ``with`` block."""
    for network in networks:
        network.requires_grad_(requires_grad=False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(requires_grad=True)
