"""What one training run is told: everything that decides its outcome except the images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_zerodce.checkpoints.info import Architecture
from napari_zerodce.errors import RequestError

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_SMOOTHNESS: dict[Architecture, float] = {"zero-dce": 200.0, "zero-dce-pp": 1600.0}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LossWeights(_Frozen):
    """How much each loss counts: the weights of the published code.

    The paper prints 1, 1, 0.5 and 20: the same but for a spatial consistency ten times stronger.
    """

    spatial: Weight = 1.0
    exposure: Weight = 10.0
    colour: Weight = 5.0
    smoothness: Weight | None = None
    """None: 200 for Zero-DCE, 1600 for Zero-DCE++, which has 3 maps instead of 24 to sum over."""

    def smoothness_for(self, architecture: Architecture) -> float:
        """Return the smoothness' weight, the architecture's own where none was chosen."""
        return _SMOOTHNESS[architecture] if self.smoothness is None else self.smoothness


class TrainingConfig(_Frozen):
    """One run. The same configuration and images give the same weights on the same machine."""

    architecture: Architecture = "zero-dce-pp"
    seed: Annotated[int, Field(ge=0)] = 0
    steps: Annotated[int, Field(ge=1)] = 1000
    batch: Annotated[int, Field(ge=1)] = 8
    crop: Annotated[int, Field(ge=16)] = 128
    """Side of the square training images in pixels."""
    learning_rate: Positive = 1e-3
    final_learning_rate: Positive = 1e-5
    """Reached at the last step along half a cosine: small steps settle the brightness."""
    weight_decay: Weight = 1e-4
    gradient_clip: Positive = 0.1
    """Largest norm of a step's gradient, as in the published code."""
    target: Annotated[float, Field(gt=0, lt=1)] = 0.6
    """The exposure target E."""
    weights: LossWeights = LossWeights()


def read_config(path: str | Path) -> TrainingConfig:
    """Read a configuration from a JSON file.

    Raises
    ------
    RequestError
        The file cannot be read, or a setting is unknown or has an impossible value.
    """
    try:
        return TrainingConfig.model_validate_json(Path(path).read_bytes())
    except OSError as err:
        raise RequestError(f"The training configuration {path} cannot be read: {err}.") from err
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        message = f"The training configuration {path} has a mistake in {place}: {first['msg']}."
        raise RequestError(message) from err
