"""The Enhance dock: choose a checkpoint, a layer, a window and a device, and start a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QDialog

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.defects import defects_as_errors
from napari_zerodce.checkpoints.file_bytes import FileState, file_state
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.engine.forecast import describe_progress
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import CheckpointError, RequestError, ZeroDCEError
from napari_zerodce.gui.docks.enhance import work
from napari_zerodce.gui.docks.enhance.form import EnhanceForm
from napari_zerodce.gui.docks.enhance.licence_dialog import LicenceDialog
from napari_zerodce.gui.docks.enhance.run_on import RunOn
from napari_zerodce.gui.layers.time_series import series_to_measure
from napari_zerodce.gui.layers.wanted import Wanted, read_wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.dock import Dock
from napari_zerodce.gui.shared.layer_finder import LayerFinder
from napari_zerodce.gui.shared.plan_line import PlanLine
from napari_zerodce.gui.shared.run_controller import RunController
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.weights_finder import WeightsFinder
from napari_zerodce.gui.shared.work import checking, finding_window
from napari_zerodce.gui.widgets.checkpoint_chooser import CheckpointChooser
from napari_zerodce.gui.widgets.checkpoint_files import dropped_checkpoint
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    import napari
    from napari.layers import Image
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

_PAINT_MS = 200
_TIP = "Add an enhanced copy of the chosen layer above it; the layer itself does not change."

_ABOUT_TRANSLATIONS = "A translation may show what is not there: look at it, do not measure in it."

_CLOSED = "The Enhance dock was closed, so the download was stopped; start it again in the dock."


class EnhanceDock(Dock):
    """Dock that enhances an image layer into a new result layer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    purpose = "A brighter or translated copy"
    page = "enhance.md"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self._chosen: str | Path = self._session.checkpoint
        self._read: dict[str | Path, FileState | None] = {}  # the file of the shown checkpoint
        self.checkpoints = CheckpointChooser()
        self.form = EnhanceForm(self._viewer, self._session.settings)
        self.run = RunPanel("Enhance", self._session, tip=_TIP)
        self.runs = RunController(self._viewer, self._session, self.run, self)
        self.finder = WeightsFinder(self._session, self.form.layers, self)
        self.windows = LayerFinder(
            self._session,
            self.form.layers,
            self,
            finding=finding_window,
            is_needed=lambda: self.form.window_chooser.wants_automatic,
        )
        self.plan = PlanLine(
            self._session, self.run, read=self._read_form, notes=self._notes, parent=self
        )
        self.run_on = RunOn(self._viewer, self._session, self._read_form, action=self.run.action)
        self.fill((self.checkpoints, self.form, self.run, self.run_on))
        self.setAcceptDrops(True)
        self._connect()
        # After the dock is painted: if there may be a GPU, torch is imported, which takes seconds.
        self._loading = single_shot(self, _PAINT_MS, self._load_in_background)
        self._loading.start()

    def _connect(self) -> None:
        self.checkpoints.source_chosen.connect(self.choose_checkpoint)
        self.checkpoints.published_requested.connect(self._on_published_requested)
        self.finder.changed.connect(self._on_choice_changed)
        self.finder.progressed.connect(self._on_finder_progressed)
        self.windows.changed.connect(self._on_window_found)
        self.form.window_chooser.changed.connect(self.windows.look)
        self.form.changed.connect(self._on_form_changed)
        self.form.plot_requested.connect(self.plot_brightness)
        self.form.axes.edited.connect(self._on_axes_edited)
        self.run.start_requested.connect(self.start)
        self._session.events.settings.connect(self._on_session_settings_changed)

    def _release(self) -> None:
        self._chosen = ""  # an answer that arrives now is for nobody
        self._loading.stop()
        self.runs.release()
        self.plan.release()
        self.finder.release()
        self.windows.release()
        self.form.release()
        self.run.release()
        self._session.events.settings.disconnect(self._on_session_settings_changed)

    def _load_in_background(self) -> None:
        if self._chosen == self._session.checkpoint:  # else the user has chosen meanwhile
            self.choose_checkpoint(self._chosen)
        job = Job("Zero-DCE: finding devices", work.finding_devices(), quiet=True)
        job.succeeded.connect(self.form.show_devices)
        job.failed.connect(self.runs.show_failure)
        job.start()

    # ---- public actions

    def select_layer(self, layer: Image) -> None:
        """Choose the layer to enhance."""
        self.form.layers.layer = layer

    def choose_checkpoint(self, source: str | Path, then: Callable[[], None] | None = None) -> None:
        """Make a checkpoint active if it loads; if not, show the error and keep the active one.

        Parameters
        ----------
        source : str or Path
            A name in the registry, or a file.
        then : callable, optional
            Called when the checkpoint is active and shown.
        """
        self._chosen = source  # the answer for an earlier choice may arrive later
        if source == registry.AUTOMATIC:
            self._on_automatic_chosen()
            return
        found = _state_of(source)  # before it is read, so that a later change is noticed
        job = Job("Zero-DCE: reading a checkpoint", checking(source), quiet=True)
        job.succeeded.connect(lambda info: self._on_checkpoint_loaded(source, info, found, then))
        job.failed.connect(lambda error: self._on_checkpoint_failed(source, error))
        job.start()

    def start(self) -> None:
        """Enhance what is chosen, unless a run is in progress.

        A checkpoint whose file was replaced is read again before: other choices may suit it.
        """
        source = self._session.checkpoint
        was_replaced = source in self._read and _state_of(source) != self._read[source]
        if was_replaced and not self._session.busy:
            self.choose_checkpoint(source, lambda: self.runs.enhance_chosen(self._read_form))
        else:
            self.runs.enhance_chosen(self._read_form)

    def plot_brightness(self) -> None:
        """Plot the brightness of the chosen layer's frames, and of its newest result."""
        try:
            series = series_to_measure(self._viewer, self.form.layers.layer)
        except ZeroDCEError as err:
            self.runs.show_failure(err)
            return
        from napari_zerodce.gui.docks.enhance.brightness import BrightnessWindow

        BrightnessWindow(self.window() or self, series).show()

    # ---- checkpoints

    def _on_session_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if (new.window, new.device) != (old.window, old.device):
            self.form.show_settings(new)
        if not self._session.busy and _changes_the_plan(new, old):
            self.plan.show()
        if new.checkpoint == old.checkpoint:
            return
        if self._session.checkpoint != self._chosen:  # another dock has made it active
            self.choose_checkpoint(self._session.checkpoint)
        self._on_form_changed()

    def _on_automatic_chosen(self) -> None:
        self.run.forget_complaint()
        self._session.change(checkpoint=registry.AUTOMATIC)
        self.checkpoints.show_automatic(self.finder.choice)
        self.form.show_architecture(None)

    def _on_choice_changed(self) -> None:
        if self._session.settings.is_automatic and self._chosen == registry.AUTOMATIC:
            self.checkpoints.show_automatic(self.finder.choice)

    def _on_finder_progressed(self, progress: Progress) -> None:
        if self._session.settings.is_automatic and self._chosen == registry.AUTOMATIC:
            self.checkpoints.show_reading(describe_progress(progress))

    def _on_checkpoint_loaded(
        self,
        source: str | Path,
        info: CheckpointInfo,
        found: FileState | None,
        then: Callable[[], None] | None,
    ) -> None:
        if source != self._chosen:
            return
        self._read = {source: found}
        self.run.forget_complaint()
        self._session.change(checkpoint=source)
        self.checkpoints.show_active(source, info.describe())
        self.form.show_architecture(info)
        if then is not None:
            then()

    def _on_checkpoint_failed(self, source: str | Path, error: Exception) -> None:
        if source == self._chosen:
            self._chosen = self._session.checkpoint
            self.checkpoints.show_previous()
            self._on_choice_changed()  # it was not shown while another checkpoint was read
            self.runs.show_failure(error)

    def _on_published_requested(self) -> None:
        missing = tuple(e for e in registry.PUBLISHED if e not in registry.available())
        if self._session.busy or LicenceDialog(missing, self).exec() != QDialog.DialogCode.Accepted:
            return
        job = Job("Zero-DCE: downloading published weights", work.downloading(missing))
        self.runs.start(job, self._on_downloaded, if_closed=_CLOSED)

    def _on_downloaded(self, names: tuple[str, ...]) -> None:
        self.checkpoints.refresh()
        self.choose_checkpoint(names[0])
        self.run.say("Downloaded the published weights, for non-commercial use only.", "good")

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802 - Qt's name
        """Accept one file with the suffix of a checkpoint; napari handles images."""
        if event is not None:
            event.setAccepted(dropped_checkpoint(event.mimeData()) is not None)

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802 - Qt's name
        """Load the dropped checkpoint."""
        source = dropped_checkpoint(event.mimeData()) if event is not None else None
        if event is not None and source is not None:
            event.acceptProposedAction()
            self.choose_checkpoint(source)

    # ---- the plan

    def _on_window_found(self) -> None:
        self.form.window_chooser.show_automatic(self.windows.fact)

    def _read_form(self) -> Wanted:
        """Return what the form asks for; raises a ZeroDCEError if something is missing."""
        settings = EnhanceSettings(
            checkpoint=self._session.checkpoint, look=DEFAULT_LOOK, **self.form.choices()
        )
        return read_wanted(
            self._viewer,
            self.form.layers.layers,
            settings,
            self.form.part.choice,
            self.form.computing,
        )

    def _notes(self, _: Wanted) -> tuple[str, ...]:
        if self.form.translates:
            return (self.form.part.note, _ABOUT_TRANSLATIONS)
        used = self._session.settings.look == DEFAULT_LOOK
        look = "" if used else "The look of the Adjust dock is not used; apply it there."
        return (self.form.part.note, look)

    def _on_axes_edited(self, error: RequestError | None) -> None:
        if error is not None:
            self.runs.show_failure(error)
        elif not self._session.busy:
            self.run.forget_complaint()

    def _on_form_changed(self, _: Any = None) -> None:
        with suppress(RequestError):  # the user is still typing a number
            self._session.change(**self.form.choices())
        if not self._session.busy:  # the panel shows the run, not a plan
            self.run.forget_complaint()
            self.plan.show()


def _state_of(source: str | Path) -> FileState | None:
    """Return the state of a checkpoint's file; None if there is none, which its reading tells."""
    with suppress(CheckpointError):
        path = registry.resolve(source)
        with defects_as_errors(path):
            return file_state(path)
    return None


def _changes_the_plan(new: EnhanceSettings, old: EnhanceSettings) -> bool:
    """Return whether something else than the form and the checkpoint changes the plan."""
    return new.device != old.device or (new.look == DEFAULT_LOOK) != (old.look == DEFAULT_LOOK)
