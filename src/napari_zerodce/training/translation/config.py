"""The configuration of a translator's training: all that decides its result beside the images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.setting import Setting
from napari_zerodce.training.config import MOST_RATE
from napari_zerodce.training.run_config import AnyRunConfig, Frozen

TrainingMethod = Literal["pix2pix", "cyclegan", "cut", "fastcut"]
METHODS: Final[tuple[TrainingMethod, ...]] = get_args(TrainingMethod)

TRAINING_TITLES: Final[Mapping[TrainingMethod, str]] = {
    "pix2pix": "pix2pix",
    "cyclegan": "CycleGAN",
    "cut": "CUT",
    "fastcut": "FastCUT",
}

NetworkSize = Literal["small", "full"]
SIZES: Final[Mapping[NetworkSize, Mapping[str, Any]]] = {
    "small": {
        "features": 16,
        "blocks": 4,
        "crop": 64,
        "steps": 500,
        "learning_rate": 5e-4,
    },
    "full": {"features": 64, "blocks": 9, "crop": 256, "steps": 5000, "learning_rate": 2e-4},
}
"""Small networks, for a minute on a CPU, and the published ones, for a GPU."""

SMALLEST_CROP: Final = 32
"""The discriminator judges no patch of a smaller picture."""

CROP_MULTIPLE: Final = 16
"""Crops are sampled with such sides."""

SHALLOWEST: Final = 5
"""The official class of U-Nets has no fewer halvings."""

DEEPEST: Final = 8
"""How many times the largest published U-Net halves a picture (pix2pix, section 6.1.1)."""

_FROZEN_SHARE: Final = 4
"""Of a run, at most one part of so many."""

_WEIGHT = partial(Setting, minimum=0, offered=(0, 1e6), decimals=3)


class TranslationConfig(Frozen):
    """How to train a translator. The defaults are those of the papers and published codes."""

    method: TrainingMethod
    inputs: Annotated[int, Field(ge=1)] = 3
    outputs: Annotated[int, Field(ge=1)] = 3
    """Channels of the sources and of the targets."""
    steps: Annotated[
        int,
        Setting(
            label="Steps",
            noun="number of steps",
            help="Number of training steps, each with one crop of the sources and one of the "
            "targets. In the second half, the learning rate falls to 0.",
            minimum=1,
            maximum=10**9,
            step=100,
            metavar="N",
        ),
    ] = 5000
    crop: Annotated[
        int,
        Setting(
            label="Crop",
            noun="crop size",
            help="Side of the square crops for training, a multiple of 16; for pix2pix a multiple "
            "of 32, and for a loaded U-Net of its own size.",
            minimum=SMALLEST_CROP,
            offered=(SMALLEST_CROP, 4096),
            step=32,
            unit="px",
            metavar="PIXELS",
        ),
    ] = 256
    features: Annotated[
        int,
        Setting(
            label="Features",
            help="Feature maps of the first layers of the networks; the published ones have 64.",
            minimum=1,
            maximum=1024,
            offered=(4, 256),
            step=16,
            metavar="N",
        ),
    ] = 64
    blocks: Annotated[
        int,
        Setting(
            label="Blocks",
            noun="number of residual blocks",
            help="Residual blocks of the generator. The published networks have 9; the one of "
            "pix2pix has none.",
            minimum=1,
            maximum=64,
            offered=(1, 16),
            step=1,
            metavar="N",
        ),
    ] = 9
    learning_rate: Annotated[
        float,
        Setting(
            label="Learning rate",
            help="Learning rate of Adam in the first half of the steps.",
            expected="a number above 0, such as 0.0002",
            above=0,
            maximum=MOST_RATE,
            offered=(1e-7, 1),
            step=1e-4,
            decimals=7,
        ),
    ] = 2e-4
    gan: Annotated[
        float,
        _WEIGHT(
            label="GAN loss",
            noun="GAN weight",
            help="Weight of the loss with which the discriminator makes results look like targets.",
            option="gan-weight",
            step=0.5,
        ),
    ] = 1.0
    l1: Annotated[
        float,
        _WEIGHT(
            label="L1 loss",
            noun="L1 weight",
            help="Weight of the difference between a result and its target. Only pix2pix has it.",
            option="l1-weight",
            step=10,
        ),
    ] = 100.0
    cycle: Annotated[
        float,
        _WEIGHT(
            label="Cycle loss",
            noun="cycle weight",
            help="Weight of the loss that makes the way there and back end at the same picture. "
            "Only CycleGAN has it.",
            option="cycle-weight",
            step=1,
        ),
    ] = 10.0
    identity: Annotated[
        float,
        _WEIGHT(
            label="Identity loss",
            noun="identity weight",
            help="Weight of the loss that leaves targets as they are, times the cycle weight. "
            "Without it, CycleGAN often inverts the contrast. Only CycleGAN has it.",
            option="identity-weight",
            step=0.1,
        ),
    ] = 0.5
    nce: Annotated[
        float | None,
        _WEIGHT(
            label="PatchNCE loss",
            noun="PatchNCE weight",
            help="Weight of the loss that keeps what is at each place. More weight invents less. "
            "Only CUT and FastCUT have it. The default is 1 for CUT and 10 for FastCUT.",
            option="nce-weight",
            step=1,
        ),
    ] = None
    frozen_steps: Annotated[
        int,
        Setting(
            label="Frozen steps",
            noun="number of frozen steps",
            help="For so many steps, but at most a quarter of a run, a loaded generator does not "
            "change, while its discriminator learns: discriminators are not in published files. A "
            "generator with random weights learns from the first step.",
            minimum=0,
            maximum=10**9,
            offered=(0, 10**6),
            step=50,
            metavar="N",
        ),
    ] = 100
    checkpoint_steps: Annotated[
        int | None,
        Setting(
            label="Checkpoint every",
            noun="number of steps between checkpoints",
            help="Steps between two checkpoints from which you can choose later. By default there "
            "are 10 in a run.",
            minimum=1,
            maximum=10**9,
            suggested=100,
            unit="steps",
            metavar="N",
        ),
    ] = None
    seed: Annotated[
        int,
        Setting(
            label="Seed",
            help="The start of the random numbers. The same seed gives the same result on the same "
            "CPU. If a result is inverted, another seed may help.",
            minimum=0,
            below=2**63,
            offered=(0, 2**31 - 1),
            metavar="N",
        ),
    ] = 0

    @property
    def nce_weight(self) -> float:
        """The weight of PatchNCE: 1 for CUT and 10 for FastCUT (ECCV 2020, section 4)."""
        return self.nce if self.nce is not None else 10.0 if self.method == "fastcut" else 1.0

    @property
    def steps_between_checkpoints(self) -> int:
        """Steps between two checkpoints that are kept."""
        return self.checkpoint_steps or max(1, math.ceil(self.steps / 10))

    @property
    def frozen(self) -> int:
        """Steps for which a loaded generator does not change: a short run must change it, too."""
        return min(self.frozen_steps, self.steps // _FROZEN_SHARE)

    @property
    def is_paired(self) -> bool:
        """Whether each source has a target of its own."""
        return self.method == "pix2pix"

    @property
    def design(self) -> GeneratorDesign:
        """The generator that turns sources into targets, if none is loaded."""
        first = self.inputs, self.outputs, self.features
        if self.method == "pix2pix":
            depth = unet_depth(self.crop)
            return GeneratorDesign("unet", *first, depth=depth, norm="batch", dropout=True)
        blurred = self.method in {"cut", "fastcut"}
        return GeneratorDesign(
            "resnet", *first, depth=self.blocks, antialias_down=blurred, antialias_up=blurred
        )


class TranslationRunConfig(AnyRunConfig):
    """The ``config.json`` of a run that trains a translator; `images` are the sources."""

    kind: Literal["translation"] = "translation"
    training: TranslationConfig
    targets: tuple[str, ...] = ()
    """Names of the images that show what results should look like."""


def unet_depth(crop: int) -> int:
    """Return how many times a U-Net halves crops: at most 8 times, and only even sides.

    Parameters
    ----------
    crop : int
        Side of the crops in pixels.
    """
    return next(depth for depth in range(DEEPEST, 0, -1) if crop % 2**depth == 0)
