"""The tables of a report: one row for each result, the means over images, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf, isfinite, isnan
from typing import Any, Final

from napari_zerodce.compare.columns import ALL_COLUMNS, Column
from napari_zerodce.compare.report.entries import ImageEntry, PlaneEntry, ResultEntry

_NAMES: Final = tuple(column.name for column in ALL_COLUMNS)


@dataclass(frozen=True)
class MeanRow:
    """The means of a candidate over the images.

    Parameters
    ----------
    title : str
    images : int
        Number of images that it made.
    means : tuple of float or None
        For each of `ALL_COLUMNS`, over the images where the figure is finite; infinite if it is so
        in all images that have it, as PSNR of exact matches; None if no image has it.
    """

    title: str
    images: int
    means: tuple[float | None, ...]


def mean_rows(images: Sequence[ImageEntry]) -> tuple[MeanRow, ...]:
    """Return the means of each candidate, in the order in which the candidates appear.

    Parameters
    ----------
    images : sequence of ImageEntry
    """
    by_title: dict[str, list[ResultEntry]] = {}
    for image in images:
        for result in image.results:
            by_title.setdefault(result.title, []).append(result)
    return tuple(
        MeanRow(
            title,
            sum(not each.problem for each in results),
            tuple(_mean(results, column) for column in ALL_COLUMNS),
        )
        for title, results in by_title.items()
    )


def mean_table(rows: Sequence[MeanRow]) -> list[tuple[str, ...]]:
    """Return the table of means as texts, the headings first.

    A figure that no candidate has, such as SSIM without references, has no column.

    Parameters
    ----------
    rows : sequence of MeanRow
    """
    columns = [
        (column.heading, *map(column.text, means))
        for column, means in zip(ALL_COLUMNS, _transposed(rows), strict=True)
        if any(mean is not None for mean in means)
    ]
    first = ("", *(row.title for row in rows))
    counts = ("Images", *(str(row.images) for row in rows))
    return list(zip(first, counts, *columns, strict=True))


def table_lines(rows: Sequence[MeanRow]) -> list[str]:
    """Return the table of means as lines of text.

    Parameters
    ----------
    rows : sequence of MeanRow
    """
    cells = mean_table(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join((title.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])))
        for title, *numbers in cells
    ]


def as_csv(images: Sequence[ImageEntry]) -> str:
    """Return all figures as CSV; a figure that is not defined is an empty cell.

    Parameters
    ----------
    images : sequence of ImageEntry
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["image", "plane", "reference", "candidate", *_NAMES, "about", "checkpoint_sha256",
         "problem"]
    )  # fmt: skip
    for image in images:
        plane = " ".join(map(str, image.source.index)) if image.source else ""
        start = [image.name, plane, image.reference.name if image.reference else ""]
        if image.problem:
            writer.writerow([*start, "", *("" for _ in _NAMES), "", "", image.problem])
        for result in image.results:
            writer.writerow([*start, result.title, *_cells(result)])
    return text.getvalue()


def as_json(images: Sequence[ImageEntry], **facts: Any) -> str:
    """Return all that a report says as JSON; a figure that is not finite is null.

    Parameters
    ----------
    images : sequence of ImageEntry
    **facts
        About the whole report.
    """
    content = {
        **facts,
        "images": [_image(image) for image in images],
        "means": [
            {
                "candidate": row.title,
                "images": row.images,
                **dict(zip(_NAMES, map(_finite, row.means), strict=True)),
            }
            for row in mean_rows(images)
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _transposed(rows: Sequence[MeanRow]) -> list[tuple[float | None, ...]]:
    """Return the means of all candidates for each column."""
    return [tuple(row.means[place] for row in rows) for place in range(len(ALL_COLUMNS))]


def _mean(results: Sequence[ResultEntry], column: Column) -> float | None:
    values = [value for each in results if (value := each.value(column)) is not None]
    finite = [value for value in values if isfinite(value)]
    if finite:
        return sum(finite) / len(finite)
    return inf if inf in values else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _cells(result: ResultEntry) -> list[Any]:
    values = [result.value(column) for column in ALL_COLUMNS]
    known = ["" if value is None or isnan(value) else f"{value:.6g}" for value in values]
    sha256 = result.provenance.checkpoint_sha256 if result.provenance else ""
    return [*known, result.about, sha256, result.problem]


def _image(image: ImageEntry) -> dict[str, Any]:
    return {
        "image": image.name,
        "source": _plane(image.source),
        "reference": _plane(image.reference),
        "notices": image.notices,
        "problem": image.problem,
        "results": [_result(result) for result in image.results],
    }


def _plane(plane: PlaneEntry | None) -> dict[str, Any] | None:
    if plane is None:
        return None
    known = asdict(plane)
    known["window"] = (plane.window.low, plane.window.high)
    known["picture"] = known.pop("pictures")["whole"]
    return known


def _result(result: ResultEntry) -> dict[str, Any]:
    return {
        "candidate": result.title,
        "picture": result.pictures.whole if result.pictures else None,
        **{column.name: _finite(result.value(column)) for column in ALL_COLUMNS},
        "about": result.about,
        "problem": result.problem,
        "notices": result.notices,
        "provenance": result.provenance.as_dict() if result.provenance else None,
    }
