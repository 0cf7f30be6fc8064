"""The pictures of the study: a row for each task, a column for each method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from comparison.small_png import write_small_png
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from translation.arms import FULL, TaskName, Unit
from translation.files import translations_file
from translation.toy import Task
from translation.untrained import METHODS

SHOWN: Final[Mapping[TaskName, tuple[int, ...]]] = {
    "toy": (0, 3),
    "photos": (1, 13, 20),
    "cells": (1, 4),
}
"""Held-aside pictures by number."""

_UNTRAINED: Final = ("histograms", "Zero-DCE")
_SIDE: Final = 112
_GAP: Final = 4
_HEAD: Final = 14

Cell = tuple[str, NDArray[Any] | None]


def write_montage(tasks: Mapping[TaskName, Task], work: Path, output: Path) -> None:
    """Write the montage of the first seed.

    Parameters
    ----------
    tasks : mapping of str to Task
    work : Path
        Folder of the study.
    output : Path
        PNG to write.
    """
    rows = [row for name, task in tasks.items() for row in _rows(task, name, work)]
    write_small_png(sheet(rows), output)


def sheet(rows: Sequence[Sequence[Cell]]) -> Image.Image:
    """Return rows of titled pictures; a missing picture stays white."""
    width, height = _SIDE + _GAP, _SIDE + _GAP + _HEAD
    size = (max(map(len, rows)) * width + _GAP, len(rows) * height + _GAP)
    image = Image.new("RGB", size, "white")
    write = ImageDraw.Draw(image).text
    for row, cells in enumerate(rows):
        for column, (title, picture) in enumerate(cells):
            left, top = _GAP + column * width, _GAP + row * height
            write((left, top), title, fill="black")
            if picture is not None:
                image.paste(_enlarged(picture), (left, top + _HEAD))
    return image


def _rows(task: Task, name: TaskName, work: Path) -> Iterator[list[Cell]]:
    columns: dict[str, NDArray[Any] | None] = {"source": task.held_sources}
    columns["answer"] = task.held_targets
    columns |= {method: METHODS[method](task) for method in _UNTRAINED}
    columns |= {arm: _read(translations_file(work, Unit(arm, 0, name))) for arm in FULL}
    for number in SHOWN[name]:
        yield [
            (title, None if pictures is None else pictures[number])
            for title, pictures in columns.items()
        ]


def _read(path: Path) -> NDArray[Any] | None:
    return np.load(path) if path.exists() else None


def _enlarged(picture: NDArray[Any]) -> Image.Image:
    pixels = np.round(picture.clip(0, 1) * 255).astype(np.uint8)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    return image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
