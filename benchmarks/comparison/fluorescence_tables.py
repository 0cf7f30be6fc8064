"""The tables of fluorescence: one for each group of frames, and one for dim cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from comparison.dim_cells import LEVELS, make_dim_cells, visibility
from comparison.fluorescence import Fluorescence, fluorescence
from comparison.frames import Frame
from comparison.methods import Array, Method
from comparison.tables import Column, Table

LEAST_RATIO = 1.3
MOST_RISE = 0.02
LEAST_RANK = 0.999

COLUMNS = (
    Column("foreground", 2),
    Column("background rise", 3),
    Column("CNR", 1),
    Column("CNR of gamma", 1),
    Column("ratio", 2),
    Column("rank", 4),
    Column("noise", 2),
    Column("ring", 3),
    Column("ring before", 3),
    Column("meets, %", 0),
)

Keep = Callable[[str, Array, Array], None]
"""Called with a name, the source and the result of each method."""


def ignore(_name: str, _source: Array, _result: Array) -> None:
    """Keep nothing."""


def meets(measured: Fluorescence) -> bool:
    """Return whether a result keeps the three limits; the foreground is not one of them."""
    return (
        measured.ratio >= LEAST_RATIO
        and measured.background_rise <= MOST_RISE
        and measured.rank_correlation >= LEAST_RANK
    )


def tables(
    frames: Sequence[Frame], methods: Sequence[Method], *, keep: Keep = ignore
) -> list[Table]:
    """Return a table for each group of frames: the medians over its frames."""
    groups: dict[str, list[Frame]] = {}
    for frame in frames:
        groups.setdefault(frame.group, []).append(frame)
    return [_table(group, found, methods, keep) for group, found in groups.items()]


def dim_cells_table(methods: Sequence[Method], *, keep: Keep = ignore) -> Table:
    """Return how visible and how bright cells of each level become."""
    cells = make_dim_cells()
    rows = []
    for method in methods:
        result = method.apply(cells.image)
        keep(f"dim-cells {method.name}", cells.image, result)
        seen = visibility(result, cells)
        numbers = [each.visibility for each in seen] + [each.brightness for each in seen]
        rows.append((method.name, tuple(numbers)))
    percents = [f"{100 * level:g} %" for level in LEVELS]
    columns = [Column(f"visible {each}", 1) for each in percents]
    columns += [Column(f"bright {each}", 3) for each in percents]
    return Table("Cells at 2, 5, 20 and 100 % of 1000 electrons", tuple(columns), tuple(rows))


def _table(group: str, frames: list[Frame], methods: Sequence[Method], keep: Keep) -> Table:
    rows = []
    for method in methods:
        measured = [_measured(frame, method, keep) for frame in frames]
        middle = _medians([_numbers(each) for each in measured])
        share = 100 * float(np.mean([meets(each) for each in measured]))
        rows.append((method.name, (*middle, share)))
    shares = np.median([frame.masks.shares for frame in frames], axis=0)
    title = (
        f"{group}: {len(frames)} frames, foreground {shares[0]:.0f} % and background "
        f"{shares[1]:.0f} % of the pixels"
    )
    return Table(title, COLUMNS, tuple(rows))


def _measured(frame: Frame, method: Method, keep: Keep) -> Fluorescence:
    result = method.apply(frame.image)
    keep(f"{frame.group} {frame.name} {method.name}", frame.image, result)
    return fluorescence(result, frame.image, frame.masks.foreground, frame.masks.background)


def _numbers(measured: Fluorescence) -> tuple[float, ...]:
    return (
        measured.foreground,
        measured.background_rise,
        measured.contrast_to_noise,
        measured.gamma_contrast_to_noise,
        measured.ratio,
        measured.rank_correlation,
        measured.noise,
        measured.ring,
        measured.source_ring,
    )


def _medians(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the median of each column over its numbers that are not NaN."""
    columns = (np.array(column) for column in zip(*rows, strict=True))
    kept = (column[~np.isnan(column)] for column in columns)
    return tuple(float(np.median(column)) if column.size else np.nan for column in kept)
