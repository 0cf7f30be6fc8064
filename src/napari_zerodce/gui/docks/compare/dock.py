"""The Compare dock: several methods on the active layer, beside each other and in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.registry import DEFAULT_CHECKPOINT
from napari_zerodce.compare.candidates import SOURCE
from napari_zerodce.compare.comparison import Comparison
from napari_zerodce.counting import counted
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.compare import work
from napari_zerodce.gui.docks.compare.form import CompareForm
from napari_zerodce.gui.docks.compare.layers import pictures_of
from napari_zerodce.gui.docks.compare.part import (
    describe_part,
    describe_place,
    is_on_screen,
    of_reference,
    part_on_screen,
)
from napari_zerodce.gui.docks.compare.results_panel import ResultsPanel
from napari_zerodce.gui.docks.compare.shown import shown_in
from napari_zerodce.gui.layers.source import read_source, request_for, source_now
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.dock import NARROWEST, Dock
from napari_zerodce.gui.shared.endings import describe_failure
from napari_zerodce.gui.shared.run_controller import RunController
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.settings_line import SettingsLine
from napari_zerodce.gui.widgets.checkpoint_files import dropped_checkpoint
from napari_zerodce.gui.widgets.labels import Tone
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    import napari
    from napari.layers import Image
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_zerodce.compare.candidates import Candidate
    from napari_zerodce.gui.layers.on_screen import OnScreen

_PATIENCE_MS: Final = 150
_WITH_REFERENCE: Final = 420
"""Pixels of the screen, so that the figures of a reference have room."""

_TIP: Final = "Show the ticked methods beside each other; the layer itself does not change."
_CLOSED: Final = "The Compare dock was closed, so its run was stopped; no layers were added."


@dataclass(frozen=True)
class _Wanted:
    screen: OnScreen
    candidates: tuple[Candidate, ...]
    request: EnhanceRequest
    reference: EnhanceRequest | None
    reference_name: str

    def describe(self) -> str:
        name = self.screen.source.shown_name
        count = f"{len(self.candidates)} method{'s' if len(self.candidates) > 1 else ''}"
        return f"The source and {count} on '{name}': {describe_part(self.screen)}."


class CompareDock(Dock):
    """Dock that compares methods.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    purpose = "Several methods beside each other"
    page = "compare.md"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.form = CompareForm(self._viewer)
        self.settings = SettingsLine(self._viewer, self._session)
        self.settings.show_title("For all")
        self.run = RunPanel("Compare", self._session, tip=_TIP)
        self.runs = RunController(self._viewer, self._session, self.run, self)
        self.shown = shown_in(self._viewer)
        self.results = ResultsPanel()
        self._show_again()
        self._asked: tuple[Any, ...] = self.form.asked()
        self._looking = single_shot(self, _PATIENCE_MS, self._on_view_rests)
        self.fill((self.form, self.settings, self.run, self.results))
        self.setAcceptDrops(True)
        self._connect()
        self._add_active_file()
        self._on_shown_changed()
        self._on_form_changed()

    def _connect(self) -> None:
        self.form.changed.connect(self._on_form_changed)
        self.form.arrangement_changed.connect(self._on_arrangement_changed)
        self.form.candidates.files_requested.connect(self.add_files)
        self.run.start_requested.connect(self.compare)
        self.results.picked.connect(self._on_row_picked)
        self.results.report_requested.connect(self.save_report)
        self.results.close_requested.connect(self.shown.close)
        self.shown.changed.connect(self._on_shown_changed)
        self._session.events.job.connect(self._show_plan)
        for emitter in self._moves():
            emitter.connect(self._on_view_moved)

    def _moves(self) -> tuple[Any, ...]:
        dims, camera = self._viewer.dims.events, self._viewer.scene.camera.events
        return dims.point, dims.ndisplay, dims.order, camera.zoom, camera.center

    def _release(self) -> None:
        self.shown.changed.disconnect(self._on_shown_changed)
        self._session.events.job.disconnect(self._show_plan)
        for emitter in self._moves():
            emitter.disconnect(self._on_view_moved)
        for part in (self.runs, self.form, self.settings, self.run):
            part.release()

    # ---- public actions

    def select_layer(self, layer: Image) -> None:
        """Choose the layer to compare on."""
        self.form.layers.layer = layer

    def add_files(self, paths: tuple[Path, ...]) -> None:
        """Add checkpoint files to the list, if they are valid; else say what is wrong."""
        read = work.checking_all(paths)
        job = Job("Zero-DCE: reading checkpoints", read, quiet=True)
        job.succeeded.connect(self._on_files_read)
        job.failed.connect(self.runs.show_failure)
        job.start()

    def compare(self) -> None:
        """Compare what is ticked, unless a run is in progress."""
        if self._session.busy:
            return
        try:
            wanted = self._wanted()
        except ZeroDCEError as err:
            self.runs.show_failure(err)
            return
        job = Job(
            f"Zero-DCE: comparing methods on {wanted.screen.source.name}",
            work.comparing(wanted.request, wanted.screen, wanted.candidates, wanted.reference),
        )
        self.runs.start(job, partial(self._on_compared, wanted), if_closed=_CLOSED)

    def save_report(self, folder: Path) -> None:
        """Save the shown comparison as a new folder with a page in a folder.

        Parameters
        ----------
        folder : Path
        """
        comparison, screen = self.shown.comparison, self.shown.screen
        if comparison is None or screen is None:
            return
        name, reference_name = screen.source.name, self.shown.reference_name
        saving = work.saving(folder, name, comparison, reference_name=reference_name)
        job = Job("Zero-DCE: saving a report of a comparison", saving)
        job.succeeded.connect(self._on_report_saved)
        job.failed.connect(self.runs.show_failure)
        job.start()

    # ---- what is compared

    def _wanted(self) -> _Wanted:
        """Return what the form asks for; raises a ZeroDCEError if something is missing."""
        if self.form.layers.layer is None:
            raise RequestError(
                "There is no image layer to compare on; open an image or select one."
            )
        source = read_source(self.form.layers.layer)
        screen = self.shown.same_part(source) or part_on_screen(self._viewer, source)
        layer = self.form.reference.layer
        return _Wanted(
            screen,
            self.form.chosen(),
            request_for(source, self._settings()),
            None if layer is None else of_reference(read_source(layer), screen),
            "" if layer is None else layer.name,
        )

    def _settings(self) -> EnhanceSettings:
        """Return what all candidates share: not what belongs to one checkpoint, or to series."""
        return replace(
            self._session.settings,
            checkpoint=DEFAULT_CHECKPOINT,
            scale_factor=None,
            look=DEFAULT_LOOK,
            time="frames",
            channel_curves="own",
        )

    def _on_form_changed(self) -> None:
        before, self._asked = self._asked, self.form.asked()
        if self._asked != before:  # not if some layer has come or gone
            self.run.forget_complaint()
        self.setMinimumWidth(NARROWEST if self.form.reference.layer is None else _WITH_REFERENCE)
        self._show_plan()

    def _on_view_moved(self, _: Any = None) -> None:
        self._looking.start()

    def _on_view_rests(self) -> None:
        self._show_plan()
        self._show_notices()

    def _show_plan(self, _: Any = None) -> None:
        if self._session.busy or self._released:
            return
        try:
            self.run.show_plan(self._wanted().describe())
        except ZeroDCEError as err:
            self.run.show_plan(str(err))

    def _show_again(self) -> None:
        """Show what the shown comparison was made from: it outlives the dock."""
        comparison, screen = self.shown.comparison, self.shown.screen
        if comparison is None or screen is None:
            return
        name, layers = self.shown.reference_name, self._viewer.layers
        candidates = [each.candidate for each in comparison.compared if each.candidate != SOURCE]
        reference = layers[name] if name and name in layers else None
        layer = screen.source.layer
        self.form.show_again(layer, candidates, reference, self.shown.arrangement)

    # ---- files

    def _add_active_file(self) -> None:
        """List the file that is active in the other docks, which the user may want to judge."""
        active = self._session.checkpoint
        if isinstance(active, Path):
            self.add_files((active,))

    def _on_files_read(self, found: Mapping[Path, CheckpointInfo | ZeroDCEError]) -> None:
        if self._released:
            return
        refused = [each for each in found.values() if isinstance(each, ZeroDCEError)]
        for path, info in found.items():
            if isinstance(info, CheckpointInfo):
                self.form.candidates.add_file(path, info.describe())
        for error in refused:
            self.runs.show_failure(error)
        if refused:  # all of them, where each has replaced the one before
            self.run.say(" ".join(map(describe_failure, refused)), "bad")

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802 - Qt's name
        """Accept one file with the suffix of a checkpoint; napari handles images."""
        if event is not None:
            event.setAccepted(dropped_checkpoint(event.mimeData()) is not None)

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802 - Qt's name
        """Add the dropped checkpoint."""
        path = dropped_checkpoint(event.mimeData()) if event is not None else None
        if event is not None and path is not None:
            event.acceptProposedAction()
            self.add_files((path,))

    # ---- what is shown

    def _on_compared(self, wanted: _Wanted, comparison: Comparison) -> None:
        source = wanted.screen.source
        if source_now(self._viewer, source) is None:
            what = "got another image" if source.layer in self._viewer.layers else "was deleted"
            self.run.say(f"'{source.name}' {what} during the run; no layers were added.", "bad")
            return
        self.shown.reference_name = wanted.reference_name
        self.shown.show(wanted.screen, comparison, self.form.arrangement)
        self.run.say("")  # the caption of the results says it
        QTimer.singleShot(0, partial(self.ensureWidgetVisible, self.results))

    def _on_arrangement_changed(self) -> None:
        if self.shown.comparison is not None and self.shown.screen is not None:
            self.shown.show(self.shown.screen, self.shown.comparison, self.form.arrangement)

    def _on_shown_changed(self) -> None:
        comparison = self.shown.comparison
        self.results.show_comparison(comparison)
        self._show_notices()
        if comparison is None and self.run.message.tone == "good":
            self.run.say("")

    def _show_notices(self) -> None:
        """Show what is to be known of the comparison, and where its pictures are if not here."""
        comparison, screen = self.shown.comparison, self.shown.screen
        if comparison is None or screen is None:
            return
        if describe_place(screen) and not is_on_screen(self._viewer, screen):
            self.results.caption.say(_elsewhere(screen), "bad")
        else:
            self.results.caption.say(*_caption(screen, comparison))
        self.results.notices.say(" ".join(comparison.notices))

    def _on_report_saved(self, folder: Path) -> None:
        self.run.say(f"The report is in {folder}; open its index.html in a browser.", "good")

    def _on_row_picked(self, title: str) -> None:
        layer = self.shown.layer_of(title)
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.selection.active = layer


def _elsewhere(screen: OnScreen) -> str:
    place = f"{describe_place(screen)} of '{screen.source.shown_name}'"
    return f"The pictures are of {place}; move the slider there to see them."


def _caption(screen: OnScreen, comparison: Comparison) -> tuple[str, Tone]:
    """Return what is shown, and whether that is good or bad."""
    failed = sum(bool(each.problem) for each in comparison.compared)
    what = ", ".join(filter(None, (f"'{screen.source.shown_name}'", describe_place(screen))))
    if failed == len(comparison.compared) - 1:
        methods = "the method" if failed == 1 else f"all {failed} methods"
        return f"Only {what} itself is shown: {methods} failed, the table says why.", "bad"
    pictures = counted(len(pictures_of(comparison)), "picture")
    text = f"{pictures} of {what}, with the same contrast limits"
    return f"{text}; {failed} failed, the table says why." if failed else f"{text}.", "good"
