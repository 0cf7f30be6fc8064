"""The configuration of a training run: everything except the images that decides its result."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, field_validator

from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE_PP, Architecture
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.errors import RequestError
from napari_zerodce.setting import Choice, Setting, setting_fields
from napari_zerodce.training.run_config import AnyRunConfig, Frozen

Weight = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
MOST_RATE = 1e30
"""Far above the rates at which training diverges, and still a number in float32."""

MOST_STOPS = 8
Stops = Annotated[float, Field(ge=-MOST_STOPS, le=MOST_STOPS)]

TrainingPrecision = Literal["auto", "float32", "bfloat16"]
Encoding = Literal["srgb", "linear"]
"""How numbers encode light: as in photos, or in proportion, as from a microscope's camera."""

SMALLEST_CROP = 16

_WEIGHT = partial(Setting, minimum=0, offered=(0, 1e6), decimals=3)

_Model = TypeVar("_Model", bound=BaseModel)


class LossWeights(Frozen):
    """How much each loss counts. The defaults are the weights of the published code.

    The paper prints 1, 1, 0.5 and 20: the same ratios, but a spatial loss ten times stronger.
    """

    spatial: Annotated[
        float,
        _WEIGHT(
            label="Spatial loss",
            noun="spatial weight",
            help="Weight of the loss that keeps the contrast between neighbouring regions.",
            option="spatial-weight",
            step=0.5,
        ),
    ] = 1.0
    exposure: Annotated[
        float,
        _WEIGHT(
            label="Exposure loss",
            noun="exposure weight",
            help="Weight of the loss that pulls patches to the exposure target.",
            option="exposure-weight",
            step=1,
        ),
    ] = 10.0
    colour: Annotated[
        float,
        _WEIGHT(
            label="Colour loss",
            noun="colour weight",
            help="Weight of the loss that keeps the average colour grey. Mono images have no "
            "colour loss.",
            option="colour-weight",
            step=0.5,
        ),
    ] = 5.0
    channels: Annotated[
        float,
        _WEIGHT(
            label="Channel loss",
            noun="channel weight",
            help="Weight of the loss that keeps the curves of red, green and blue alike, so that "
            "hues stay. Mono images have no channel loss.",
            option="channel-weight",
            step=50,
        ),
    ] = 0.0
    smoothness: Annotated[
        float | None,
        _WEIGHT(
            label="Smoothness loss",
            noun="smoothness weight",
            help="Weight of the loss that keeps the curves of neighbouring pixels similar.",
            option="smoothness-weight",
            step=10,
        ),
    ] = None
    """None: 200 for Zero-DCE, 1600 for Zero-DCE++, which has 3 maps instead of 24 to sum over."""

    background: Weight = 0.0
    """Weight of the loss that keeps the background's noise, for images with known goals."""

    def smoothness_for(self, architecture: Architecture) -> float:
        """Return the weight of the smoothness loss, by default the one of the architecture."""
        if self.smoothness is not None:
            return self.smoothness
        return ARCHITECTURES[architecture].smoothness_weight


class TrainingConfig(Frozen):
    """How to train. The same configuration and images give the same weights on the same machine."""

    architecture: Architecture = ZERO_DCE_PP
    scale_factor: Annotated[int, Field(ge=1)] = 1
    """For Zero-DCE++: how many times smaller the thumbnail is from which curves are estimated."""
    seed: Annotated[
        int,
        Setting(
            label="Seed",
            help="The start of the random numbers. The same seed gives the same result on the same "
            "CPU.",
            minimum=0,
            below=2**63,
            offered=(0, 2**31 - 1),
            metavar="N",
        ),
    ] = 0
    steps: Annotated[
        int,
        Setting(
            label="Steps",
            noun="number of steps",
            help="Number of training steps.",
            minimum=1,
            maximum=10**9,
            step=100,
            metavar="N",
        ),
    ] = 1000
    batch: Annotated[
        int,
        Setting(
            label="Batch",
            noun="batch size",
            help="Number of crops in each step. If the memory is too small, training takes fewer.",
            minimum=1,
            maximum=1024,
            offered=(1, 256),
            unit="crops",
            metavar="N",
        ),
    ] = 8
    crop: Annotated[
        int,
        Setting(
            label="Crop",
            noun="crop size",
            help="Side of the square crops for training.",
            minimum=SMALLEST_CROP,
            offered=(SMALLEST_CROP, 4096),
            step=16,
            unit="px",
            metavar="PIXELS",
        ),
    ] = 128
    learning_rate: Annotated[
        float,
        Setting(
            label="Learning rate",
            help="Learning rate of Adam at the start.",
            expected="a number above 0, such as 0.0003",
            above=0,
            maximum=MOST_RATE,
            offered=(1e-7, 1),
            step=1e-4,
            decimals=7,
        ),
    ] = 1e-3
    final_learning_rate: Annotated[float, Field(gt=0, le=MOST_RATE)] = 1e-5
    """Reached at the last step along half a cosine: small steps settle the brightness."""
    warm_up: Annotated[int, Field(ge=0)] = 0
    """Steps over which the learning rate rises from 0: Adam's first steps are the least sure."""
    weight_decay: Weight = 1e-4
    gradient_clip: Positive = 0.1
    """Largest norm of a step's gradient, as in the published code."""
    target: Annotated[
        float,
        Setting(
            label="Exposure target",
            help="The brightness E, between 0 and 1, that training aims at in each patch.",
            noun="exposure target",
            option="exposure-target",
            above=0,
            below=1,
            offered=(0.05, 0.95),
            step=0.05,
            metavar="E",
        ),
    ] = 0.6
    patch: Annotated[int, Field(ge=1)] = 16
    """Side of the patches whose brightness is measured; smaller ones suit thin structures."""
    keep_background: Annotated[
        bool,
        Setting(
            label="Background stays",
            help="Patches as dark as the background (Otsu's threshold of each image) keep their "
            "brightness. All others aim at the exposure target.",
        ),
    ] = False
    weights: LossWeights = LossWeights()
    smoothness: SmoothnessKind = SmoothnessKind()
    exposure_stops: Annotated[
        tuple[Stops, Stops],
        Setting(
            label="Darker and brighter copies",
            help="Half of the crops become darker or brighter by stops from this range. 0,0 "
            "changes no crop.",
            unit="EV",
            step=0.5,
            decimals=1,
            metavar="LOW,HIGH",
        ),
    ] = (0.0, 0.0)
    encoding: Encoding = "srgb"
    """The encoding of the images: `exposure_stops` change the light, not the numbers."""
    precision: Annotated[
        TrainingPrecision,
        Setting(
            label="Precision",
            help="The precision of the network. Automatic is bfloat16 on GPUs made for it, and "
            "float32 on other devices.",
            choices=(
                Choice("auto", "Automatic"),
                Choice("float32", "float32"),
                Choice("bfloat16", "bfloat16"),
            ),
        ),
    ] = "auto"

    @field_validator("exposure_stops")
    @classmethod
    def _stops_ascend(cls, stops: tuple[float, float]) -> tuple[float, float]:
        if stops[0] > stops[1]:
            raise ValueError("the first number must not be above the second")
        return stops


class RunConfig(AnyRunConfig):
    """A run folder's ``config.json``: a training, its device, and the weights it starts from."""

    kind: Literal["curves"] = "curves"
    training: TrainingConfig
    scale_factor: Annotated[int, Field(ge=1)] = 1
    """The scale factor of the checkpoints that the run writes, for use on whole images."""
    preset: str = ""


def read_model(kind: type[_Model], path: Path) -> _Model:
    """Read a model from a JSON file.

    Parameters
    ----------
    kind : type
        `TrainingConfig` or `RunConfig`.
    path : Path
        The file.

    Raises
    ------
    RequestError
        If the file cannot be read, or a setting is unknown or has an invalid value.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as err:
        raise RequestError(f"The training configuration {path} cannot be read: {err}.") from err
    except ValidationError as err:
        place, reason = first_mistake(err)
        message = f"The training configuration {path} has a mistake in {place}: {reason}."
        raise RequestError(message) from err


def first_mistake(err: ValidationError) -> tuple[str, str]:
    """Return the place of the first mistake, such as "training.crop", and the reason."""
    first = err.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    reason = first["msg"].removeprefix("Value error, ")
    found = first.get("input")
    return place, f"{reason}, not {found}" if isinstance(found, int | float) else reason


Owners = Mapping[tuple[int | str, ...], Any]
"""The classes of described settings, by their place in a configuration."""


def mistake_of_user(err: ValidationError, owners: Owners | None = None) -> str:
    """Return a sentence about the first invalid setting that a user has chosen.

    Parameters
    ----------
    err : ValidationError
    owners : mapping, optional
        The classes that describe the settings; by default those of a `TrainingConfig`.
    """
    first = err.errors()[0]
    *group, name = first["loc"] or ("",)
    owner = (_OWNERS if owners is None else owners).get(tuple(group))
    described = {} if owner is None else setting_fields(owner)
    if name in described:
        try:
            described[str(name)].checked(first["input"])
        except RequestError as mistake:
            return str(mistake)
    place, reason = first_mistake(err)
    return f"The training setting {place} is invalid: {reason}."


_OWNERS: Final[Owners] = {
    (): TrainingConfig,
    ("weights",): LossWeights,
    ("smoothness",): SmoothnessKind,
}
