"""The README of a package of bioimage.io, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Final

from napari_zerodce.export.facts import facts_of
from napari_zerodce.export.onnx_file import OnnxFile, allowed_deviation
from napari_zerodce.export.package_window import PackageWindow
from napari_zerodce.export.papers import PAPERS
from napari_zerodce.export.subject import Subject

_MEASURED: Final = " Figures of the model card were measured with the window of the fact 'window'"

_NO_TRUTH: Final = (
    "Nobody knows what a dark image should look like: compare source and result on images of your "
    "own, and by PSNR and SSIM where there is a well-exposed image of the same scene."
)

_COLUMNS: Final = (
    "[What the columns mean](https://github.com/napari-zerodce/napari-zerodce/blob/v{}/docs/"
    "model-cards.md#how-it-is-measured)."
)


def summary(subject: Subject, window: PackageWindow) -> str:
    """Return what the weights are for, and what the window of the package makes of that.

    Parameters
    ----------
    subject : Subject
    window : PackageWindow
    """
    info, card = subject.info, subject.card
    does = "Translates pictures" if info.is_translator else "Brightens dark images by curves"
    purpose = card.purpose if card else f"{does} with {info.title}."
    stays = ", in which the background stays" if subject.made_for == "fluorescence" else ""
    measured = f"{_MEASURED}{stays}." if card and not window.is_measured else ""
    return f"{purpose} In this package, {window.told}.{measured}"


def readme(exported: OnnxFile, window: PackageWindow) -> str:
    """Return the text.

    Parameters
    ----------
    exported : OnnxFile
    window : PackageWindow
    """
    return "\n".join(_lines(exported, window)) + "\n"


def _lines(exported: OnnxFile, window: PackageWindow) -> Iterator[str]:
    subject = exported.subject
    info, card = subject.info, subject.card
    yield from (f"# {info.title}: {info.label}", "", summary(subject, window))
    yield from _use(subject, window)
    yield from _list("Facts", [f"**{key}**: {text}" for key, text in _facts(subject)])
    if card:
        data = [f"{each.name} ({each.licence}): {each.used}" for each in card.data]
        yield from _list("Training data", data)
        yield from _list("Training", [f"{each.name}: {each.value}" for each in card.settings])
        yield from _list("Limits", card.limits)
    yield from _validation(exported)
    yield from ("", "## Citation", "", PAPERS[info.architecture].citation + ".")


def _use(subject: Subject, window: PackageWindow) -> Iterator[str]:
    colours = "one channel" if subject.channels == 1 else "red, green and blue"
    yield from ("", "## Use", "", f"The input is an image of {colours}.")
    yield "Outputs have values from 0 to 1, or -1 to 1 for curves."
    if subject.info.design is not None:
        yield f"The sides of a picture must be {subject.info.design.sides}."
    if window.advice:
        yield from ("", window.advice)


def _facts(subject: Subject) -> list[tuple[str, str]]:
    return [(key, text) for key, text in facts_of(subject).items() if key != "purpose"]


def _validation(exported: OnnxFile) -> Iterator[str]:
    info, card = exported.subject.info, exported.subject.card
    tables = card.figures if card else ()
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
