"""A step of CUT and FastCUT (ECCV 2020): each place resembles the same place of the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from napari_zerodce.core.translators.gan_losses import gan_loss
from napari_zerodce.core.translators.generators import Generator, ResNetGenerator
from napari_zerodce.core.translators.initialise import Start
from napari_zerodce.core.translators.patch_nce import (
    FeatureNetwork,
    choose_places,
    contrast,
    feature_widths,
    nce_layers,
)
from napari_zerodce.training.translation.trainer import Losses, Trainer, unchanged


class CUTTrainer(Trainer):
    """Trainer of a generator on two sets: the discriminator, then generator and features.

    CUT also compares targets with what the generator makes of them. FastCUT does not, and flips
    half of its sources instead.
    """

    start: ClassVar[Start] = "xavier"

    def _add_networks(self, generator: Generator) -> None:
        assert isinstance(generator, ResNetGenerator)
        self._layers = nce_layers(generator.design)
        self.networks["D"] = self.discriminator(generator.design.outputs)
        self.networks["F"] = FeatureNetwork(feature_widths(generator))

    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        return {"G": ("G",), "D": ("D",), "F": ("F",)}

    def step(
        self, source: Tensor, target: Tensor, generator: np.random.Generator, *, frozen: bool
    ) -> Losses:
        """Change the networks once; see `Trainer.step`."""
        network, judge, is_fast = self.networks["G"], self.networks["D"], self._is_fast
        flipped = is_fast and bool(generator.random() < 0.5)
        shown = source.flip(3) if flipped else source
        made = network(shown if is_fast else torch.cat((shown, target)))
        told = gan_loss(judge(made[:1].detach()), real=False, mode="lsgan")
        told = (told + gan_loss(judge(target), real=True, mode="lsgan")) / 2
        self._descend(told, "D")
        with unchanged(judge):
            nce = self._contrast(source, made[:1], generator, flipped=flipped)
            if not is_fast:
                nce = (nce + self._contrast(target, made[1:], generator)) / 2
            judged = gan_loss(judge(made[:1]), real=True, mode="lsgan")
            losses = {"gan": self.config.gan * judged, "nce": self.config.nce_weight * nce}
            self._descend(losses["gan"] + losses["nce"], "G", "F", frozen=frozen)
        return {**losses, "discriminator": told}

    @property
    def _is_fast(self) -> bool:
        return self.config.method == "fastcut"

    def _contrast(
        self, source: Tensor, made: Tensor, generator: np.random.Generator, *, flipped: bool = False
    ) -> Tensor:
        """Return PatchNCE between a source and its result, both as the generator sees them."""
        network, features = self.networks["G"], self.networks["F"]
        assert isinstance(network, ResNetGenerator)
        assert isinstance(features, FeatureNetwork)
        with torch.no_grad():
            keys = network.features(source, self._layers)
        queries = network.features(made, self._layers)
        places = choose_places(keys, generator)
        return contrast(features, queries, keys, places, flipped=flipped)
