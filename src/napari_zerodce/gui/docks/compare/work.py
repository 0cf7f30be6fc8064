"""The work of the Compare dock's jobs in their worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.compare.candidates import Candidate
from napari_zerodce.compare.comparison import Comparison
from napari_zerodce.engine.requests import EnhanceRequest, Progress, Report
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.compare.part import of_part
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.shared.work import checking, with_known_choices
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work


def comparing(
    request: EnhanceRequest,
    screen: OnScreen,
    candidates: Sequence[Candidate],
    reference: EnhanceRequest | None = None,
) -> Work:
    """Return the work that compares candidates; its result is a `Comparison`.

    Parameters
    ----------
    request : EnhanceRequest
        For the whole layer, whose window all candidates share.
    screen : OnScreen
        The part that is compared.
    candidates : sequence of Candidate
    reference : EnhanceRequest, optional
        Its scope is the part that belongs to the compared one.
    """

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.compare.run import compare

        known = with_known_choices(request, should_stop, report)
        comparison = compare(
            of_part(known, screen),
            candidates,
            reference=reference,
            report=report,
            should_stop=should_stop,
        )
        _ = comparison.reference_picture  # it is made here, and not on the GUI thread
        return comparison

    return work


def checking_all(paths: Sequence[Path]) -> Work:
    """Return the work that reads checkpoint files.

    Its result has for each path its `CheckpointInfo`, or the `ZeroDCEError` that says what is
    wrong.

    Parameters
    ----------
    paths : sequence of Path
    """

    def work(report: Report, should_stop: ShouldStop) -> Any:
        found: dict[Path, Any] = {}
        for path in paths:
            try:
                found[path] = checking(path)(report, should_stop)
            except ZeroDCEError as err:
                found[path] = err
        return found

    return work


def saving(folder: Path, name: str, comparison: Comparison, *, reference_name: str) -> Work:
    """Return the work that writes a report; its result is the path of its folder, a new one.

    Parameters
    ----------
    folder : Path
        Where the folder of the report is created.
    name, reference_name : str
        What to call the image and its reference.
    comparison : Comparison
    """

    def work(report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.compare.report.writer import write_report

        report(Progress(0, 1, "Writing the report"))
        path = _new_folder(folder, name)
        try:
            write_report(path, name, comparison, reference_name=reference_name)
        except OSError as err:
            raise RequestError(
                f"The report cannot be written to {path} ({err.strerror or err}); choose another "
                "folder."
            ) from err
        return path

    return work


def _new_folder(folder: Path, name: str) -> Path:
    """Return a path that does not exist, for the report of an image."""
    kept = "".join(each if each.isalnum() or each in "-_. " else "-" for each in name)[:60]
    first = f"comparison of {kept}".rstrip(". ")
    names = chain((first,), (f"{first} {number}" for number in count(2)))
    return next(path for path in map(folder.joinpath, names) if not path.exists())
