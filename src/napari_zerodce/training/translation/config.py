"""The configuration of a translator's training: all that decides its result beside the images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, ValidationError

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.counting import counted
from napari_zerodce.errors import RequestError
from napari_zerodce.setting import Setting
from napari_zerodce.training.config import MOST_RATE, mistake_of_user
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

_OF_THE_NETWORK: Final[Mapping[str, str]] = {
    "inputs": "input channel",
    "outputs": "output channel",
    "features": "feature",
    "blocks": "residual block",
}
"""The settings that a loaded generator decides, and what they count."""

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


def crop_multiple(method: TrainingMethod, loaded: GeneratorDesign | None) -> int:
    """Return the number of pixels of which the sides of crops are multiples.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    loaded : GeneratorDesign, optional
        Of a generator to start from; a new one is made for the crops.
    """
    if loaded is not None and loaded.family == "unet":
        return max(CROP_MULTIPLE, loaded.multiple)
    return 2**SHALLOWEST if loaded is None and method == "pix2pix" else CROP_MULTIPLE


def taker_of_crops(method: TrainingMethod, loaded: GeneratorDesign | None) -> str:
    """Return the name of the network that decides `crop_multiple`, or else of the training."""
    if loaded is not None and loaded.family == "unet":
        return loaded.title
    return TRAINING_TITLES[method]


def check_crop(config: TranslationConfig, loaded: GeneratorDesign | None) -> None:
    """Check that a generator can take crops.

    Parameters
    ----------
    config : TranslationConfig
    loaded : GeneratorDesign, optional
        Of a generator to start from; a new one is made for the crops.

    Raises
    ------
    RequestError
        If the side is not a multiple of what the generator takes.
    """
    crop, multiple = config.crop, crop_multiple(config.method, loaded)
    if crop % multiple == 0:
        return
    below = crop // multiple * multiple
    near = [str(side) for side in (below, below + multiple) if side >= SMALLEST_CROP]
    other = "" if loaded is None else " or another checkpoint"
    raise RequestError(
        f"The crop size is {crop} px, and {taker_of_crops(config.method, loaded)} takes multiples "
        f"of {multiple}; choose {' or '.join(near)} px{other}."
    )


def check_channels(config: TranslationConfig) -> None:
    """Refuse a training whose losses compare pictures with other numbers of channels.

    Parameters
    ----------
    config : TranslationConfig

    Raises
    ------
    RequestError
        If sources and targets have other numbers of channels, and the method compares them.
    """
    title = TRAINING_TITLES[config.method]
    if config.inputs == config.outputs or config.method == "pix2pix":
        return
    found = f"The sources have {counted(config.inputs, 'channel')} and the targets {config.outputs}"
    if config.method != "cyclegan":
        raise RequestError(
            f"{found}, and {title} compares them; choose images of one kind, or pix2pix with pairs."
        )
    if config.identity > 0:
        raise RequestError(
            f"{found}, so that {title} can have no identity loss; set the identity weight to 0, or "
            "choose images of one kind."
        )


def check_family(method: TrainingMethod, loaded: GeneratorDesign) -> None:
    """Refuse a generator of a family that a method cannot train.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    loaded : GeneratorDesign
        Of a generator to start from.

    Raises
    ------
    RequestError
        If the method compares features of a ResNet, and the generator is none.
    """
    if loaded.family == "unet" and method in {"cut", "fastcut"}:
        raise RequestError(
            f"{TRAINING_TITLES[method]} compares features of a ResNet, and the checkpoint is a "
            f"U-Net ({loaded.title}); choose pix2pix or CycleGAN, or another checkpoint."
        )


def check_networks(config: TranslationConfig, loaded: GeneratorDesign | None) -> None:
    """Check settings that may not come from `configure`: their channels, crops and networks.

    Parameters
    ----------
    config : TranslationConfig
    loaded : GeneratorDesign, optional
        Of a generator to start from.

    Raises
    ------
    RequestError
        If the method cannot train such networks, or the generator is another one.
    """
    check_channels(config)
    check_crop(config, loaded)
    if loaded is not None:
        check_family(config.method, loaded)
        own = _values_of(loaded).keys() & _OF_THE_NETWORK.keys()
        _check_network(loaded, {name: getattr(config, name) for name in sorted(own)})


def configure(
    method: TrainingMethod,
    size: NetworkSize = "full",
    *,
    loaded: GeneratorDesign | None = None,
    **changes: Any,
) -> TranslationConfig:
    """Return the configuration of a method.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    size : {"small", "full"}
        The network and its crops; see `SIZES`.
    loaded : GeneratorDesign, optional
        Of a generator to start from, which decides its own network.
    **changes
        Fields of `TranslationConfig` that replace those of the size and of the generator.

    Raises
    ------
    RequestError
        If there is no such method or field, a value is invalid, or the loaded generator has
        another network or cannot take crops of this size.
    """
    if method not in METHODS:
        raise RequestError(f"There is no method {method!r}; choose {', '.join(METHODS)}.")
    if loaded is not None:
        _check_network(loaded, changes)
    values = {"method": method, **SIZES[size], **_values_of(loaded), **changes}
    try:
        config = TranslationConfig.model_validate(values)
    except ValidationError as err:
        raise RequestError(mistake_of_user(err, {(): TranslationConfig})) from err
    check_crop(config, loaded)
    return config


def _check_network(loaded: GeneratorDesign, changes: Mapping[str, Any]) -> None:
    """Refuse settings of another network: its weights would be random, or its provenance false."""
    own = _values_of(loaded)
    for name, noun in _OF_THE_NETWORK.items():
        has = own.get(name, 0)
        if changes.get(name, has) != has:
            raise RequestError(
                f"The checkpoint ({loaded.title}) has {counted(has, noun)}, and {changes[name]} "
                f"{'was' if changes[name] == 1 else 'were'} asked for; leave this setting out, or "
                "start from random weights."
            )


def _values_of(loaded: GeneratorDesign | None) -> dict[str, int]:
    """Return the settings that a generator decides."""
    if loaded is None:
        return {}
    values = {"inputs": loaded.inputs, "outputs": loaded.outputs, "features": loaded.features}
    if loaded.family == "resnet":
        return {**values, "blocks": loaded.depth}
    return {**values, "crop": max(loaded.multiple, SMALLEST_CROP)}
