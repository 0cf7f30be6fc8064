"""The model card of a bundled checkpoint: what it is for, how it was made, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_zerodce.checkpoints.registry import RegistryEntry

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Family = Literal["photos", "fluorescence"]
"""The pictures that a checkpoint is for, and that its figures are measured on."""


class CardError(ValueError):
    """A card is missing or damaged; the sentence says why."""


@dataclass(frozen=True)
class DataSource:
    """Images that a checkpoint is trained on.

    Attributes
    ----------
    name, licence : str
    used : str
        Which of them, and how.
    """

    name: str
    licence: str
    used: str


@dataclass(frozen=True)
class TrainingFact:
    """One fact about the training, such as the weights of the losses.

    Attributes
    ----------
    name, value : str
    """

    name: str
    value: str


@dataclass(frozen=True)
class Figures:
    """A table of measures, as text: the numbers are already rounded.

    Attributes
    ----------
    title : str
        What is measured, and on what.
    columns : tuple of str
        Titles of the columns after the first one, which names the methods.
    rows : tuple of tuple of str
        The name of a method, and one text for each column.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ModelCard:
    """The facts about a bundled checkpoint that its file does not hold.

    Attributes
    ----------
    family : {"photos", "fluorescence"}
    purpose : str
        What the checkpoint is for.
    data : tuple of DataSource
        What it is trained on.
    settings : tuple of TrainingFact
        How it is trained.
    limits : tuple of str
        What it does not do, or does badly; one sentence or two each.
    sha256 : str
        Hash of the checkpoint whose figures these are; empty if nothing is measured yet.
    figures : tuple of Figures
    """

    family: Family
    purpose: str
    data: tuple[DataSource, ...]
    settings: tuple[TrainingFact, ...]
    limits: tuple[str, ...]
    sha256: str = ""
    figures: tuple[Figures, ...] = ()


def card_path(entry: RegistryEntry) -> Path:
    """Return the path of a bundled checkpoint's card, beside its weights."""
    return entry.path.with_suffix(".json")


def read_card(path: Path) -> ModelCard:
    """Read a card.

    Raises
    ------
    CardError
        If the file is missing, or is not a card.
    """
    try:
        card = _adapter().validate_json(path.read_bytes(), strict=True)
    except (OSError, ValueError) as err:
        raise CardError(f"{path.name} is not a model card: {err}") from err
    for table in card.figures:
        if any(len(row) != len(table.columns) + 1 for row in table.rows):
            raise CardError(
                f"{path.name} has a row with too many or too few numbers: {table.title}"
            )
    return card


def card_of(entry: RegistryEntry | None) -> ModelCard | None:
    """Return the card of a bundled checkpoint, None if it is missing or damaged.

    Parameters
    ----------
    entry : RegistryEntry, optional
        Other checkpoints, with or without an entry, have no card.
    """
    if entry is None or entry.kind != "bundled":
        return None
    try:
        return read_card(card_path(entry))
    except CardError:
        return None


@cache
def _adapter() -> TypeAdapter[ModelCard]:
    # Only who reads a card waits for pydantic.
    from pydantic import TypeAdapter

    return TypeAdapter(ModelCard)
