"""The work of the Adjust dock's jobs in their worker threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.requests import Report
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.engine.look import Look
    from napari_zerodce.engine.view import View
    from napari_zerodce.gui.docks.adjust.reproduction import Subject
    from napari_zerodce.gui.session.jobs import Work


def comparing(view: View, look: Look) -> Work:
    """Return the work that measures a look; its result is a `Fidelity`.

    Parameters
    ----------
    view : View
    look : Look
    """

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.fidelity import measure_fidelity

        return measure_fidelity(view, look, view.render(look))

    return work


def reproducing(subject: Subject) -> Work:
    """Return the work that finds how a result can be made again; its result is a `Reproduction`.

    Parameters
    ----------
    subject : Subject
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.gui.docks.adjust.reproduction import find_reproduction

        return find_reproduction(subject, should_stop)

    return work
