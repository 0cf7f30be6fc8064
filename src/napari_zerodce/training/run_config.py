"""What the configurations of all runs hold, whatever they train."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from napari_zerodce.checkpoints.info import UNKNOWN_LICENCE
from napari_zerodce.checkpoints.names import as_name
from napari_zerodce.setting import Setting

RunKind = Literal["curves", "translation"]
"""What a run trains: a network that gives curves, or a generator."""


class Frozen(BaseModel):
    """A value that crosses a border: it does not change, and unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AnyRunConfig(Frozen):
    """A run folder's ``config.json``, whatever it trains."""

    kind: RunKind
    training: Frozen
    """The settings that decide the result; each kind of run has a class for them."""
    name: Annotated[
        str,
        Setting(
            label="Name",
            help="The name of the new weights, such as cells of November, which choosers and "
            "layers show. Without a name, they show the folder of the run.",
        ),
    ] = ""
    """One line of at most 60 characters; other text is brought into this form."""
    device: str = "auto"
    checkpoint: str | None = None
    """The weights at the start, as information for people; None: random weights."""
    checkpoint_sha256: str | None = None
    licence: str = UNKNOWN_LICENCE
    """The licence of the checkpoints that the run writes: that of the weights at the start."""
    minutes: Annotated[
        float | None,
        Setting(
            label="Minutes",
            help="Approximate duration of the training, instead of a number of steps.",
            above=0,
            maximum=100_000,
            offered=(0.1, 100_000),
            step=1,
            decimals=1,
        ),
    ] = None
    """A number of steps replaces the minutes when the machine's speed is known."""
    checkpoint_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Time between two checkpoints, longer if writing is slow: the most that a kill loses."""
    images: tuple[str, ...] = ()
    """Names of the images of the crops, as information for people."""
    software: str = ""

    @field_validator("name")
    @classmethod
    def _name_is_one_line(cls, name: str) -> str:
        return as_name(name)
