"""The file of the study: a line of JSON for each training and each method without training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from napari_zerodce.whole_file import write_whole


@dataclass(frozen=True)
class Result:
    """What was measured of one unit.

    Attributes
    ----------
    task, arm : str
    seed : int
        0 for a method without training.
    figures : mapping
        On held-aside pictures, by the names of `translation.figures.Figures`.
    others : mapping
        Such as the PSNR of training pictures and of the way there and back.
    cost : mapping
        ``parameters``, ``steps``, ``seconds`` of wall time, ``cpu_seconds``.
    """

    task: str
    arm: str
    seed: int
    figures: Mapping[str, float]
    others: Mapping[str, float] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int]:
        """What was measured, apart from the numbers."""
        return self.task, self.arm, self.seed


def read_results(path: Path) -> list[Result]:
    """Return all results of a file; none if there is no file."""
    if not path.exists():
        return []
    return [Result(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def append_result(path: Path, result: Result) -> None:
    """Add a line to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(result))


def write_results(path: Path, results: Iterable[Result]) -> None:
    """Replace a file."""
    write_whole(path, "".join(map(_line, results)).encode())


def _line(result: Result) -> str:
    return json.dumps(_rounded(asdict(result))) + "\n"


def _rounded(value: object) -> object:
    """Return plain values with five digits: more is not reproducible, and hard to read."""
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value
