"""The row "Run on…": a batch on other processes or computers, while napari stays free."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from qtpy.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from napari_zerodce.engine.disk import describe_disk
from napari_zerodce.engine.forecast import describe_progress
from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.enhance.batch_process import Elsewhere, command_of, running
from napari_zerodce.gui.docks.enhance.run_on_dialog import RunOnDialog
from napari_zerodce.gui.layers.file_results import FileResult, add_file_result, read_result
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.session.activity import OF_A_DOCK_MS, ActivityEntry
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.endings import conclude, conclude_failure
from napari_zerodce.gui.widgets.labels import Sentence
from napari_zerodce.imaging.files.urls import Url, named

if TYPE_CHECKING:
    import napari

    from napari_zerodce.gui.session.jobs import Work
    from napari_zerodce.stopping import ShouldStop

_TITLE: Final = "Run on…"
_TIP: Final = (
    "Enhance the whole file of the chosen layer with several processes of this computer, or on the "
    "workers of a scheduler. napari stays free, and the result is opened from its file."
)
_STOP_TIP: Final = "Stop the batch. The same choice again goes on with what is missing."


class RunOn(QWidget):
    """A button that asks where to run, and a line about the run.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    read : callable
        Returns what the dock asks for; raises a ZeroDCEError if something is missing.
    action : str
        The action of the panel that shows the outcome.
    """

    def __init__(
        self, viewer: napari.Viewer, session: Session, read: Callable[[], Wanted], *, action: str
    ) -> None:
        super().__init__()
        self._viewer, self._session, self._read, self._action = viewer, session, read, action
        self._last = Elsewhere("")
        self._job: Job | None = None
        self.button = QPushButton(_TITLE)
        self.message = Sentence("batch_message")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addWidget(self.message)
        self._show(running=False)
        self.button.clicked.connect(self._on_button_clicked)

    def _on_button_clicked(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self.button.setEnabled(False)
            return
        try:
            wanted = self._read()
            source, path = wanted.sources[0], path_of(wanted)
        except ZeroDCEError as err:
            self.message.say(str(err), "bad")
            return
        suggested = Elsewhere(_beside(path), self._last.scheduler, self._last.workers)
        about = f"'{source.shown_name}' is enhanced from its file, {path}."
        if not isinstance(named(path), Url):
            about += f" The result needs {describe_disk(wanted.memory, Path(path))}."
        dialog = RunOnDialog(about, suggested, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.start(wanted, dialog.choice())

    def start(self, wanted: Wanted, where: Elsewhere) -> None:
        """Start a batch for the file of a layer.

        Parameters
        ----------
        wanted : Wanted
            Of one layer.
        where : Elsewhere
        """
        self._last = where
        source = wanted.sources[0]
        command = command_of(path_of(wanted), wanted.requests[0].settings, where)
        job = Job(f"Zero-DCE: a batch for {source.name}", _enhancing(command))
        # The job may outlive this row.
        job.succeeded.connect(partial(_add, self._viewer, self._session, source, self._action))
        job.failed.connect(partial(conclude_failure, self._session, self._action))
        job.progressed.connect(self._on_progressed)
        job.cancelled.connect(self._on_cancelled)
        job.finished.connect(self._on_finished)
        self._job = job
        ActivityEntry(job, delay_ms=OF_A_DOCK_MS)
        self._show(running=True)
        job.start()

    def _show(self, *, running: bool) -> None:
        self.button.setText("Stop the batch" if running else _TITLE)
        self.button.setToolTip(_STOP_TIP if running else _TIP)
        self.button.setEnabled(True)
        self.message.say("Starting the batch" if running else "", "progress")

    def _on_progressed(self, progress: Progress) -> None:
        self.message.say(describe_progress(progress), "progress")

    def _on_cancelled(self, _: object) -> None:
        self.message.say("Stopped; the same choice goes on with what is missing.", "plain")

    def _on_finished(self) -> None:
        said = self.message.text() if self.message.tone == "plain" else ""
        self._job = None
        self._show(running=False)
        self.message.say(said)


def path_of(wanted: Wanted) -> str:
    """Return the file that a batch would enhance.

    Parameters
    ----------
    wanted : Wanted

    Raises
    ------
    RequestError
        If several layers or a part are chosen, or the layer does not come from a file.
    """
    if len(wanted.sources) > 1:
        raise RequestError(
            f"{len(wanted.sources)} layers are chosen, and 'Run on…' takes one; choose one layer, "
            "or use 'napari-zerodce batch' for many files."
        )
    source = wanted.sources[0]
    if wanted.requests[0].scope is not None:
        raise RequestError(
            "'Run on…' enhances whole files, but a part is chosen; choose all planes, or press "
            "Enhance for the part."
        )
    if not source.path:
        raise RequestError(
            f"'{source.shown_name}' does not come from a file, which other processes could read; "
            "save it, and open the file."
        )
    return source.path.removesuffix("/zarr.json")


def _beside(path: str) -> str:
    """Return a folder for results beside a file, or beside an OME-Zarr behind a URL."""
    place = named(path)
    parent = path.rpartition("/")[0] if isinstance(place, Url) else str(Path(path).parent)
    return f"{parent}/enhanced"


def _enhancing(command: list[str]) -> Work:
    run = running(command)

    def work(report: Report, should_stop: ShouldStop) -> Any:
        return read_result(run(report, should_stop))

    return work


def _add(
    viewer: napari.Viewer, session: Session, source: Source, action: str, result: FileResult
) -> None:
    layer = add_file_result(viewer, source, result)
    text = f"Added '{layer.name}' from its file. For viewing, not for measuring intensities."
    conclude(session, Outcome(text, "good", action, WeakSet([layer])))
