"""The tables of the study in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from comparison.tables import markdown_table

from translation.arms import CONTROLS, FULL
from translation.results import Result
from translation.untrained import AGAINST_NOISE, METHODS

_DIGITS: Final[Mapping[str, int]] = {"psnr": 1, "structure": 2, "distribution": 3, "ssim": 2}
_TITLES: Final = ("PSNR, dB", "structure", "distance of colours", "SSIM")
_TASKS: Final[Mapping[str, str]] = {
    "toy": "The toy",
    "photos": "Photos",
    "cells": "Nuclei in fluorescence",
}


def report(results: Sequence[Result]) -> str:
    """Return all tables."""
    return "\n\n".join(_parts(results))


def _parts(results: Sequence[Result]) -> Iterator[str]:
    for task, title in _TASKS.items():
        own = [result for result in results if result.task == task]
        if not own:
            continue
        yield f"### {title}"
        others = [] if task == "cells" else [*AGAINST_NOISE]
        yield _table(own, [name for name in (*METHODS, *FULL) if name not in others])
        if task == "toy":
            yield "#### Each term switched off"
            yield _table(own, [*FULL, *CONTROLS])
            yield "#### Beside the held-aside pictures"
            yield _others(own)
            yield "#### Cost"
            yield _cost(own)


def _table(results: Iterable[Result], arms: Iterable[str]) -> str:
    """Return a table with a row for each arm that was measured; seeds stand beside each other."""
    by_arm = grouped(results)
    rows = [
        [_named(by_arm[arm]), *(_beside(by_arm[arm], *column) for column in _DIGITS.items())]
        for arm in arms
        if arm in by_arm
    ]
    return markdown_table(("", *_TITLES), rows)


def _named(results: Sequence[Result]) -> str:
    """Return the arm, and its seeds if they are not the first ones."""
    seeds = [result.seed for result in results]
    told = "" if seeds == [*range(len(seeds))] else f" (seeds {', '.join(map(str, seeds))})"
    return results[0].arm + told


def _beside(results: Iterable[Result], name: str, digits: int) -> str:
    return " / ".join(f"{result.figures[name]:.{digits}f}" for result in results)


def _others(results: Iterable[Result]) -> str:
    rows = [
        [arm, name, " / ".join(f"{result.others[name]:.1f}" for result in own)]
        for arm, own in grouped(results).items()
        for name in own[0].others
    ]
    return markdown_table(("", "what", "PSNR, dB"), rows)


def _cost(results: Iterable[Result]) -> str:
    by_arm = grouped(results)
    rows = [
        [
            arm,
            f"{by_arm[arm][0].cost['parameters']:,.0f}",
            f"{by_arm[arm][0].cost['steps']:.0f}",
            f"{np.median([_step(result) for result in by_arm[arm]]):.3f}",
            f"{np.median([result.cost['cpu_seconds'] for result in by_arm[arm]]):.0f}",
        ]
        for arm in FULL
        if arm in by_arm
    ]
    titles = ("", "weights of all networks", "steps", "CPU seconds per step", "CPU seconds per run")
    return markdown_table(titles, rows)


def _step(result: Result) -> float:
    return result.cost["cpu_seconds"] / result.cost["steps"]


def grouped(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Return the results by arm, each in the order of seeds."""
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda each: each.seed):
        found.setdefault(result.arm, []).append(result)
    return found
