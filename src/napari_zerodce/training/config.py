"""What one training run is told: everything that decides its outcome except the images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from napari_zerodce.checkpoints.info import UNKNOWN_LICENCE
from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE_PP, Architecture
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.errors import RequestError

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, le=1e30)]
"""Far beyond what makes a training diverge, which is told; more than that is no float32."""

Stops = Annotated[float, Field(ge=-8, le=8, allow_inf_nan=False)]

TrainingPrecision = Literal["auto", "float32", "bfloat16"]
Encoding = Literal["srgb", "linear"]
"""How numbers stand for light: as in photos, or in proportion, as from a microscope's camera."""

SMALLEST_CROP = 16

_Model = TypeVar("_Model", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LossWeights(_Frozen):
    """How much each loss counts: the weights of the published code.

    The paper prints 1, 1, 0.5 and 20: the same but for a spatial consistency ten times stronger.
    """

    spatial: Weight = 1.0
    exposure: Weight = 10.0
    colour: Weight = 5.0
    """Left out where the images have no colour."""
    smoothness: Weight | None = None
    """None: 200 for Zero-DCE, 1600 for Zero-DCE++, which has 3 maps instead of 24 to sum over."""

    def smoothness_for(self, architecture: Architecture) -> float:
        """Return the smoothness' weight, the architecture's own where none was chosen."""
        if self.smoothness is not None:
            return self.smoothness
        return ARCHITECTURES[architecture].smoothness_weight


class TrainingConfig(_Frozen):
    """One run. The same configuration and images give the same weights on the same machine."""

    architecture: Architecture = ZERO_DCE_PP
    scale_factor: Annotated[int, Field(ge=1)] = 1
    """Zero-DCE++: how many times smaller the thumbnail is that curves are estimated on."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    steps: Annotated[int, Field(ge=1, le=10**9)] = 1000
    batch: Annotated[int, Field(ge=1, le=1024)] = 8
    crop: Annotated[int, Field(ge=SMALLEST_CROP)] = 128
    """Side of the square training images in pixels."""
    learning_rate: Rate = 1e-3
    final_learning_rate: Rate = 1e-5
    """Reached at the last step along half a cosine: small steps settle the brightness."""
    warm_up: Annotated[int, Field(ge=0)] = 0
    """Steps over which the learning rate rises from 0: Adam's first steps are its wildest."""
    weight_decay: Weight = 1e-4
    gradient_clip: Positive = 0.1
    """Largest norm of a step's gradient, as in the published code."""
    target: Annotated[float, Field(gt=0, lt=1)] = 0.6
    """The exposure target E."""
    keep_background: bool = False
    """Whether dark patches are to stay as they are instead of going to the target."""
    weights: LossWeights = LossWeights()
    smoothness: SmoothnessKind = SmoothnessKind()
    exposure_stops: tuple[Stops, Stops] = (0.0, 0.0)
    """Half of the crops are made darker or brighter by stops from this range; (0, 0): none is."""
    encoding: Encoding = "srgb"
    """For `exposure_stops`, which is a change of the light."""
    precision: TrainingPrecision = "auto"
    """Of the network: auto is bfloat16 on GPUs made for it, and float32 elsewhere."""

    @field_validator("exposure_stops")
    @classmethod
    def _stops_ascend(cls, stops: tuple[float, float]) -> tuple[float, float]:
        if stops[0] > stops[1]:
            raise ValueError("the first number must not be above the second")
        return stops


class RunConfig(_Frozen):
    """A run folder's ``config.json``: a training, where it runs, and what it begins with."""

    training: TrainingConfig
    device: str = "auto"
    checkpoint: str | None = None
    """Which weights it begins with, for people; None: random ones."""
    checkpoint_sha256: str | None = None
    scale_factor: Annotated[int, Field(ge=1)] = 1
    """That of the checkpoints that are written, for use on whole images."""
    licence: str = UNKNOWN_LICENCE
    """Of the checkpoints that are written: that of the weights the run begins with."""
    minutes: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """How long it shall take; once the machine's speed is known, steps take its place."""
    checkpoint_seconds: Positive = 5.0
    """The most that is lost if the process is killed."""
    images: tuple[str, ...] = ()
    """Names of what the crops were taken from, for people."""
    preset: str = ""
    software: str = ""


def read_model(kind: type[_Model], path: Path) -> _Model:
    """Read a model from a JSON file.

    Parameters
    ----------
    kind : type
        `TrainingConfig` or `RunConfig`.
    path : Path

    Raises
    ------
    RequestError
        The file cannot be read, or a setting is unknown or has an impossible value.
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
    """Return where the first mistake is, in dotted words, and what is wrong with it."""
    first = err.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    reason = first["msg"].removeprefix("Value error, ")
    found = first.get("input")
    return place, f"{reason}, not {found}" if isinstance(found, int | float) else reason
