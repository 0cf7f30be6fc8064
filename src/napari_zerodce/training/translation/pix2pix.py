"""A step of pix2pix (CVPR 2017): the discriminator judges a source and its result together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_zerodce.core.translators.gan_losses import gan_loss
from napari_zerodce.core.translators.generators import Generator
from napari_zerodce.training.translation.trainer import Losses, Trainer, unchanged


class Pix2PixTrainer(Trainer):
    """Trainer of a generator on pairs: first the discriminator, then the generator."""

    def _add_networks(self, generator: Generator) -> None:
        design = generator.design
        self.networks["D"] = self.discriminator(design.inputs + design.outputs)

    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        return {"G": ("G",), "D": ("D",)}

    def step(
        self, source: Tensor, target: Tensor, generator: np.random.Generator, *, frozen: bool
    ) -> Losses:
        """Change the networks once; see `Trainer.step`. There are no random numbers."""
        del generator
        judge, config = self.networks["D"], self.config
        made = self.networks["G"](source)
        judged_made = judge(torch.cat((source, made.detach()), 1))
        judged_real = judge(torch.cat((source, target), 1))
        told = gan_loss(judged_made, real=False, mode="vanilla")
        told = (told + gan_loss(judged_real, real=True, mode="vanilla")) / 2
        self._descend(told, "D")
        with unchanged(judge):
            judged = judge(torch.cat((source, made), 1))
            losses = {
                "gan": config.gan * gan_loss(judged, real=True, mode="vanilla"),
                "l1": config.l1 * functional.l1_loss(made, target),
            }
            self._descend(losses["gan"] + losses["l1"], "G", frozen=frozen)
        return {**losses, "discriminator": told}
