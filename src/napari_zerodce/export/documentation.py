"""The README of a package of bioimage.io, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Final

from napari_zerodce.checkpoints.cards import Figures, ModelCard
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.export.facts import facts_of
from napari_zerodce.export.onnx_file import OnnxFile, allowed_deviation
from napari_zerodce.export.papers import PAPERS

_PHOTO: Final = "The input is an 8-bit photo in red, green and blue; it is divided by 255."

_ONE_CHANNEL: Final = (
    "The input is an image of one channel, in any unit: its percentiles 0.1 and 99.9 become 0 and "
    "1. For images with a dark background, napari-zerodce maps intensities as the fact 'window' "
    "says; to do the same, map them so, and leave the preprocessing out."
)

_NO_TRUTH: Final = (
    "Nobody knows what a dark image should look like: compare source and result on images of your "
    "own, and by PSNR and SSIM where there is a well-exposed image of the same scene."
)

_COLUMNS: Final = (
    "[What the columns mean](https://github.com/napari-zerodce/napari-zerodce/blob/v{}/docs/"
    "model-cards.md#how-it-is-measured)."
)


def readme(info: CheckpointInfo, exported: OnnxFile, card: ModelCard | None) -> str:
    """Return the text.

    Parameters
    ----------
    info : CheckpointInfo
    exported : OnnxFile
    card : ModelCard, optional
        Of a bundled checkpoint.
    """
    return "\n".join(_lines(info, exported, card)) + "\n"


def _lines(info: CheckpointInfo, exported: OnnxFile, card: ModelCard | None) -> Iterator[str]:
    yield f"# {info.title}: {info.label}"
    if card:
        yield from ("", card.purpose)
    yield from _use(info, exported.channels)
    yield from _list("Facts", [f"**{key}**: {text}" for key, text in _facts(info, exported)])
    if card:
        data = [f"{each.name} ({each.licence}): {each.used}" for each in card.data]
        yield from _list("Training data", data)
        yield from _list("Training", [f"{each.name}: {each.value}" for each in card.settings])
        yield from _list("Limits", card.limits)
    yield from _validation(info, exported, card.figures if card else ())
    yield from ("", "## Citation", "", PAPERS[info.architecture].citation + ".")


def _use(info: CheckpointInfo, channels: int) -> Iterator[str]:
    yield from ("", "## Use", "", _PHOTO if channels == 3 else _ONE_CHANNEL)
    yield from ("", "Outputs have values from 0 to 1, or -1 to 1 for curves.")
    if info.design is not None:
        yield f"The sides of a picture must be {info.design.sides}."


def _facts(info: CheckpointInfo, exported: OnnxFile) -> list[tuple[str, str]]:
    facts = facts_of(info, exported.channels)
    return [(key, text) for key, text in facts.items() if key != "purpose"]


def _validation(
    info: CheckpointInfo, exported: OnnxFile, tables: Sequence[Figures]
) -> Iterator[str]:
    yield from ("", "## Validation", "")
    yield (
        "In the test picture, ONNX Runtime and napari-zerodce differ by at most "
        f"{exported.deviation:.1e}; {allowed_deviation(info):g} is allowed. {_NO_TRUTH}"
    )
    if tables:
        yield from ("", _COLUMNS.format(version("napari-zerodce")))
    for table in tables:
        yield from ("", f"{table.title}:", "")
        yield from _table(["", *table.columns], table.rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _row(titles)
    yield _row(["---"] * len(titles))
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _list(title: str, points: Sequence[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "", *(f"- {point}" for point in points))
