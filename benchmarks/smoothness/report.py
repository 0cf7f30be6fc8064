"""The tables of the study in Markdown: means, changes against the controls, verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from smoothness.arms import ARMS, CONTROLS, JUDGED, NETWORKS, THE_IDEA, WITHOUT_TRAINING
from smoothness.statistics import (
    CLAIMS,
    Change,
    Claim,
    Table,
    change,
    change_at_equal_range,
    detail_is_kept,
    is_better,
)

NOISE_AND_DETAIL: Final[Mapping[str, int]] = {
    "spots": 0,
    "spots 0.8": 0,
    "spots 1.2": 0,
    "spots 1.8": 0,
    "spots 2.7": 0,
    "map noise": 3,
    "edges": 3,
    "texture": 3,
    "PSNR": 2,
    "SSIM": 3,
}
"""Columns, and their digits after the point."""

PLACES: Final[Mapping[str, int]] = {
    "halo": 1,
    "real halo": 1,
    "ramp": 1,
    "kinks": 3,
    "facets": 3,
    "range": 1,
    "strength": 2,
}
"""Columns about how curves differ between places, and their digits."""


@dataclass
class Results:
    """What was measured of one network: values by arm, seed and picture."""

    network: str
    diverged: list[str] = field(default_factory=list)
    values: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)

    def add(self, arm: str, seed: int, content: dict[str, Any]) -> None:
        """Add the file of a unit."""
        if content.get("diverged"):
            self.diverged.append(f"{arm}, seed {seed}")
        else:
            self.values.setdefault(arm, {})[seed] = content

    @property
    def arms(self) -> list[str]:
        """Measured arms, in the order of the study."""
        return [name for name in (*ARMS, *WITHOUT_TRAINING) if name in self.values]

    @property
    def seeds(self) -> list[int]:
        """The seeds that all arms have."""
        sets = [set(by_seed) for by_seed in self.values.values()]
        return sorted(set.intersection(*sets)) if sets else []

    def usable(self, group: str) -> tuple[list[str], int]:
        """Return the pictures or edges whose brightness is matched everywhere, and their number."""
        rows = [
            content[group]
            for by_seed in self.values.values()
            for seed, content in by_seed.items()
            if seed in self.seeds
        ]
        names = list(rows[0])
        good = [name for name in names if all(_is_matched(row[name]) for row in rows)]
        return good, len(names)

    def table(self, arm: str, measure: str) -> Table:
        """Return a measure of an arm, a row for each seed and a column for each picture."""
        group = "edges" if measure == "halo" else "pictures"
        names, _ = self.usable(group)
        return np.array(
            [
                [self.values[arm][seed][group][name][measure] for name in names]
                for seed in self.seeds
            ],
            dtype=np.float64,
        )

    def has(self, measure: str) -> bool:
        """Return whether this network has a measure."""
        if measure == "halo":
            return True
        content = self.values[self.arms[0]][self.seeds[0]]["pictures"]
        return any(measure in row for row in content.values())


def _is_matched(row: Mapping[str, float]) -> bool:
    return not np.isnan(row.get("strength", row.get("halo", np.nan)))


def read_results(work: Path) -> list[Results]:
    """Return the measures in the folder of a study, by network."""
    found = {network: Results(network) for network in NETWORKS}
    for path in sorted((work / "measures").glob("*.json")):
        network, arm, seed = path.stem.split(".")
        found[network].add(arm, int(seed), json.loads(path.read_text()))
    return [results for results in found.values() if results.seeds]


def report(work: Path) -> str:
    """Return all tables in Markdown."""
    every = read_results(work)
    parts = [part for results in every for part in _parts(results)]
    return "\n".join([*parts, *_summary(every)])


def _parts(results: Results) -> Iterator[str]:
    pictures, all_pictures = results.usable("pictures")
    edges, all_edges = results.usable("edges")
    yield f"## {results.network}\n"
    yield (
        f"Seeds: {len(results.seeds)}. {len(pictures)} of {all_pictures} pictures and "
        f"{len(edges)} of {all_edges} step edges could be matched in brightness everywhere. "
        f"Diverged: {'; '.join(results.diverged) or 'none'}.\n"
    )
    for digits in (NOISE_AND_DETAIL, PLACES):
        columns = [name for name in digits if results.has(name)]
        rows = [
            [
                f"`{arm}`",
                *(f"{results.table(arm, each).mean():.{digits[each]}f}" for each in columns),
            ]
            for arm in results.arms
        ]
        yield _markdown(["arm", *columns], rows) + "\n"
    if set(CONTROLS) <= set(results.arms):
        yield from _comparisons(results)


def _comparisons(results: Results) -> Iterator[str]:
    for claim in CLAIMS:
        if not results.has(claim.measure):
            continue
        better = passing(results, claim)
        rows = []
        for arm in results.arms:
            changes = [*changes_of(results, claim, arm).values()]
            changes.append(change_at_equal_range(arm, claim.measure, results.table))
            kept = "kept" if detail_is_kept(results.table, arm) else "lost"
            verdict = ("yes" if arm in better else "no") if arm in JUDGED else "-"
            rows.append([f"`{arm}`", *map(str, changes), kept, verdict])
        yield f"\nChange of {claim.measure} in % (95 % interval) against:\n"
        yield _markdown(["arm", *CONTROLS, "order 1, equal range", "detail", "better"], rows)


def _summary(every: Sequence[Results]) -> Iterator[str]:
    """Return the verdicts about all networks, by the rule that was written before the runs."""
    yield "\n## Verdicts\n"
    for claim in CLAIMS:
        passed = {results.network: passing(results, claim) for results in every}
        lists = (f"{name}: {', '.join(arms) or 'no arm'}" for name, arms in passed.items())
        yield f"- {claim.measure}: {'; '.join(lists)}"
    spots = [set(passing(results, CLAIMS[0])) & set(THE_IDEA) for results in every]
    yield f"\nThe idea: **{idea(spots)}**."


def changes_of(results: Results, claim: Claim, arm: str) -> dict[str, Change]:
    """Return the change of a claim's measure against each control."""
    ours = results.table(arm, claim.measure)
    return {name: change(ours, results.table(name, claim.measure)) for name in CONTROLS}


def passing(results: Results, claim: Claim) -> list[str]:
    """Return the judged arms that are better in a claim's measure."""
    if not results.has(claim.measure) or not set(CONTROLS) <= set(results.arms):
        return []
    return [
        arm
        for arm in results.arms
        if arm in JUDGED and is_better(claim, arm, changes_of(results, claim, arm), results.table)
    ]


def idea(passed: Sequence[set[str]]) -> str:
    """Return whether the idea holds, from the arms that are better in spots for each network."""
    if len(passed) == len(NETWORKS) and set.intersection(*passed):
        return "holds"
    return "holds in part" if any(passed) else "does not hold"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
