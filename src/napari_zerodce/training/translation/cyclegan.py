"""A step of CycleGAN (ICCV 2017): there and back ends at the same picture, from both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from napari_zerodce.core.translators.gan_losses import gan_loss
from napari_zerodce.core.translators.generators import Generator, make_generator
from napari_zerodce.core.translators.image_pool import ImagePool
from napari_zerodce.training.translation.trainer import Losses, Trainer, unchanged


class CycleGANTrainer(Trainer):
    """Trainer of two generators, there (A) and back (B): first them, then the discriminators.

    The discriminator D_A judges what G_A makes, as in the official code.
    """

    forward_name: ClassVar[str] = "G_A"

    def _add_networks(self, generator: Generator) -> None:
        there = generator.design
        back = replace(there, inputs=there.outputs, outputs=there.inputs)
        self.networks["G_B"] = make_generator(back)
        for name, design in (("D_A", there), ("D_B", back)):
            self.networks[name] = self.discriminator(design.outputs)
            self.pools[name] = ImagePool()

    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        return {"G": ("G_A", "G_B"), "D": ("D_A", "D_B")}

    def step(
        self, source: Tensor, target: Tensor, generator: np.random.Generator, *, frozen: bool
    ) -> Losses:
        """Change the networks once; see `Trainer.step`."""
        there, back, *judges = (self.networks[name] for name in ("G_A", "G_B", "D_A", "D_B"))
        made = there(source), back(target)
        with unchanged(*judges):
            judged = [
                gan_loss(judge(picture), real=True, mode="lsgan")
                for judge, picture in zip(judges, made, strict=True)
            ]
            losses = {"gan": self.config.gan * (judged[0] + judged[1])}
            losses |= self._comparisons(source, target, made)
            total = losses["gan"] + losses["cycle"]
            self._descend(total + losses.get("identity", 0), "G", frozen=frozen)
        told = [
            self._told(name, real, picture, generator)
            for name, real, picture in zip(("D_A", "D_B"), (target, source), made, strict=True)
        ]
        self._descend(told[0] + told[1], "D")
        return {**losses, "discriminator": told[0] + told[1]}

    def _comparisons(self, source: Tensor, target: Tensor, made: tuple[Tensor, Tensor]) -> Losses:
        """Return the losses of cycle and identity (ICCV 2017, equation 2 and section 5.2)."""
        there, back = self.networks["G_A"], self.networks["G_B"]
        weight = self.config.cycle
        ends = functional.l1_loss(back(made[0]), source), functional.l1_loss(there(made[1]), target)
        losses = {"cycle": weight * (ends[0] + ends[1])}
        if self.config.identity:
            stays = (
                functional.l1_loss(there(target), target),
                functional.l1_loss(back(source), source),
            )
            losses["identity"] = weight * self.config.identity * (stays[0] + stays[1])
        return losses

    def _told(
        self, name: str, real: Tensor, made: Tensor, generator: np.random.Generator
    ) -> Tensor:
        """Return the loss of a discriminator, also for pictures of earlier generators."""
        judge: nn.Module = self.networks[name]
        shown = self.pools[name].exchange(made, generator)
        right = gan_loss(judge(real), real=True, mode="lsgan")
        return (right + gan_loss(judge(shown), real=False, mode="lsgan")) / 2
