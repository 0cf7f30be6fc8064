"""The base class of docks that train: they start a run in a child process and follow it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from napari.utils.notifications import show_error
from qtpy.QtWidgets import QFileDialog

from napari_zerodce.device import check_torch
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.preferences import Preferences
from napari_zerodce.gui.session.training_process import TrainingProcess
from napari_zerodce.gui.shared.dock import Dock
from napari_zerodce.gui.shared.training.checkpoint_actions import (
    CheckpointActions,
    ask_where_to_keep,
)
from napari_zerodce.gui.shared.training.close_guard import guard_window_of
from napari_zerodce.gui.shared.training.controls import TrainingControls
from napari_zerodce.gui.shared.training.ending import ending_of
from napari_zerodce.gui.shared.training.loss_view import LossView
from napari_zerodce.gui.shared.training.preparation import Preparation
from napari_zerodce.gui.shared.training.preview import PreviewPanel
from napari_zerodce.gui.shared.training.progress_view import ProgressView
from napari_zerodce.gui.shared.training.runs_field import RunsField
from napari_zerodce.training.owned_folder import written_or_told
from napari_zerodce.training.run_config import AnyRunConfig, RunKind
from napari_zerodce.training.run_folder import RunFolder

if TYPE_CHECKING:
    import napari

DOCKS: Final[dict[RunKind, str]] = {
    "curves": "Fine-tune",
    "translation": "Train translator",
}
"""The dock of each kind of training, as the manifest calls it."""


class TrainingDock(Dock):
    """Dock that trains in a child process and shows the progress.

    A dock of a kind of training says what prepares a run, and shows the settings of an opened one.

    Parameters
    ----------
    viewer : napari.Viewer
    losses : LossView
    preview : PreviewPanel
    """

    kind: ClassVar[RunKind]
    """Which runs the dock starts and shows."""
    preparing: ClassVar[str]
    """What is said while a run is prepared."""
    unnamed: ClassVar[str]
    """The name of the file of weights without a name."""

    def __init__(
        self, viewer: napari.viewer.Viewer, *, losses: LossView, preview: PreviewPanel
    ) -> None:
        super().__init__(viewer)
        self.runs = RunsField(self._session.preferences.runs_folder)
        self.panel = TrainingControls()
        self.losses = losses
        self.preview = preview
        self.progress_view = ProgressView(self, self.panel)
        self.checkpoints = CheckpointActions(self._session, self)
        self._has_news = False  # whether the message is about a checkpoint that was used or kept
        self._preparation = Preparation(self)
        self._notices_seen = 0  # how many notices of the run the dock has seen
        self._connect_run()

    @property
    def training(self) -> TrainingProcess | None:
        """The shown run."""
        return self._session.runs.get(self.kind)

    def _connect_run(self) -> None:
        self._preparation.prepared.connect(self._launch)
        self._preparation.failed.connect(self._show_failure)
        self._preparation.cancelled.connect(self._on_preparation_cancelled)
        self._preparation.finished.connect(self._on_preparation_finished)
        self.panel.start_requested.connect(self.start)
        self.panel.stop_requested.connect(self.stop)
        self.panel.resume_requested.connect(self.resume)
        self.panel.open_requested.connect(self._on_open_requested)
        self.preview.use_requested.connect(self.use)
        self.preview.keep_requested.connect(self._on_keep_requested)
        self.preview.chosen_changed.connect(self._forget_news)
        self.checkpoints.done.connect(self._tell_news)
        self.checkpoints.failed.connect(self._show_failure)
        self._session.events.settings.connect(self._on_session_settings_changed)
        self._session.events.preferences.connect(self._on_preferences_changed)

    def _release(self) -> None:
        self._preparation.cancel()
        self._session.events.settings.disconnect(self._on_session_settings_changed)
        self._session.events.preferences.disconnect(self._on_preferences_changed)
        self._forget_training()
        self.checkpoints.release()

    # ---- of each kind of training

    def _job_of_form(self) -> Job:
        """Return the job that prepares what the form asks for; its result is a `RunFolder`.

        Raises
        ------
        ZeroDCEError
            If something is missing or invalid.
        """
        raise NotImplementedError

    def _config_of(self, folder: RunFolder) -> AnyRunConfig:
        """Return the configuration of a run of this kind.

        Raises
        ------
        RequestError
            If it is missing or invalid, or the run is of another kind.
        """
        raise NotImplementedError

    def _show_settings_of(self, folder: RunFolder) -> None:
        """Show the settings and the images of a run, so that the next one can be alike."""
        raise NotImplementedError

    def _show_session_run(self) -> None:
        """Show the run that the session knows, because the dock was opened again."""
        if self.training is not None:
            self._show_settings_of(self.training.folder)
            self._show_training(self.training)

    # ---- public actions

    def start(self) -> None:
        """Prepare a run, then train."""
        self._start_with(self._job_of_form)

    def _start_with(self, make_job: Callable[[], Job]) -> None:
        """Start the job that prepares a run, unless there is a run already."""
        if self.panel.state != "idle":
            return
        try:
            self._check_ready()
            job = make_job()
        except ZeroDCEError as err:
            self._show_failure(err)
            return
        self.panel.say(self.preparing, "progress")
        self.panel.show_state("preparing")
        self._preparation.start(job)

    def stop(self) -> None:
        """Stop the preparation or the run; a run saves its state first."""
        if self.panel.state == "preparing":
            self._preparation.cancel()
        elif self.training is not None:
            self._stop(self.training)

    def _stop(self, training: TrainingProcess) -> None:
        try:
            with written_or_told(training.folder.path):
                training.stop()
        except ZeroDCEError as err:  # a deleted folder cannot pass on the request
            training.kill()
            self._show_failure(err)
        else:
            self.panel.show_state("stopping")

    def resume(self) -> None:
        """Continue the shown run."""
        if self.panel.state == "idle" and self.training is not None:
            self._launch(self.training.folder)

    def open_run(self, path: str | Path) -> None:
        """Show the run of a folder, and follow it if it is in progress."""
        folder = RunFolder(path)
        try:
            folder.check_run()
            self._config_of(folder)
        except ZeroDCEError as err:
            self._show_failure(err)
            return
        training = TrainingProcess(folder)
        self.panel.say("")
        self._show_settings_of(folder)
        self._take_over(training)
        training.attach()
        if training.is_running:
            self.panel.show_state("running")
        self.progress_view.follow()

    def use(self, checkpoint: Path | None) -> None:
        """Make a checkpoint of the run, under the typed name, the active one of all docks."""
        if checkpoint is not None and self.training is not None:
            self.checkpoints.use(
                checkpoint,
                self.training.folder,
                name=self.preview.name.name,
                run_name=self.preview.run_name,
            )

    def keep(self, checkpoint: Path, target: Path) -> None:
        """Copy a checkpoint of the run, under the typed name, to another file.

        Parameters
        ----------
        checkpoint : Path
        target : Path
            An existing file is replaced.
        """
        self.checkpoints.keep(checkpoint, target, name=self.preview.name.name)

    # ---- the preparation of a run

    def _check_ready(self) -> None:
        """Refuse a run without torch, and beside another one: they would compete for the device."""
        check_torch()
        other = self._session.kind_in_training
        if other is not None:
            raise RequestError(
                f"A run of the dock '{DOCKS[other]}' is in progress; stop it there, or start again "
                "when it has ended."
            )

    def _on_preparation_cancelled(self) -> None:
        if not self._released:
            self.panel.say("Cancelled; nothing was written.")

    def _on_preparation_finished(self) -> None:
        if not self._released and self.panel.state == "preparing":
            self.panel.show_state("idle", resumable=self._is_resumable())

    def _on_preferences_changed(self, new: Preferences, old: Preferences) -> None:
        self.runs.prefer(new.runs_folder, instead_of=old.runs_folder)

    # ---- the run

    def _launch(self, folder: RunFolder) -> None:
        if folder.is_alive:  # another window or a terminal has resumed it
            self.open_run(folder.path)
            return
        training = TrainingProcess(folder)
        try:
            self._check_ready()
            with written_or_told(folder.path):
                training.start()
        except ZeroDCEError as err:
            self._show_failure(err)
            return
        self.panel.say("")
        self._take_over(training)
        self.progress_view.follow()

    def _take_over(self, training: TrainingProcess) -> None:
        self._forget_training()
        if self.training is not None:
            self.training.release()
        self._session.follow(self.kind, training)
        self._notices_seen = 0
        guard_window_of(self, self._session)
        self._show_training(training)

    def _show_name_of(self, training: TrainingProcess) -> None:
        with suppress(ZeroDCEError):  # the folder was deleted
            name = self._config_of(training.folder).name
            self.preview.show_name(name)
            self.panel.show_run(name, training.folder.path)

    def _show_training(self, training: TrainingProcess) -> None:
        training.advanced.connect(self._on_training_advanced)
        training.ended.connect(self._on_training_ended)
        self._show_name_of(training)
        self._on_training_advanced()
        if training.is_running:
            self.panel.show_state("running")
        elif training.history.steps or training.history.ending:
            self._on_training_ended()

    def _forget_training(self) -> None:
        # The signals may not be connected, or Qt may already have deleted the object.
        if self.training is not None:
            with suppress(TypeError, RuntimeError):
                self.training.advanced.disconnect(self._on_training_advanced)
                self.training.ended.disconnect(self._on_training_ended)

    def _on_training_advanced(self) -> None:
        training = self.training
        if training is None:
            return
        history = training.history
        self.panel.show_history(history)
        if training.may_be_ended:
            self.panel.offer_to_end()
        self.losses.show_history(history)
        self.preview.show_run(training.folder, history)
        new = [each for each in history.notices[self._notices_seen :] if each != history.alarm]
        self._notices_seen = len(history.notices)
        if training.is_running and new:
            self.panel.say("\n".join(new))

    def _on_training_ended(self) -> None:
        training = self.training
        if training is None:
            return
        self.panel.show_state("idle", resumable=self._is_resumable())
        self.panel.show_history(training.history)  # nothing is loaded or awaited any more
        self._has_news = False
        self._tell_ending(training)
        self.progress_view.show_message(self.panel.message)

    def _tell_ending(self, training: TrainingProcess) -> None:
        self.panel.say(*ending_of(training))

    def _is_resumable(self) -> bool:
        training = self.training
        return training is not None and not training.is_finished and training.folder.is_run

    # ---- checkpoints

    def _on_session_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.checkpoint != old.checkpoint:
            self._forget_news()

    def _tell_news(self, sentence: str) -> None:
        self._has_news = True
        self.panel.say(sentence, "good")

    def _forget_news(self) -> None:
        """Go back to the outcome of the run, because the news may no longer be true."""
        if not self._has_news:
            return
        self._has_news = False
        self.panel.say("")
        if self.training is not None and self.panel.state == "idle":
            self._tell_ending(self.training)

    def _on_keep_requested(self, checkpoint: Path | None) -> None:
        if checkpoint is None:
            return
        target = ask_where_to_keep(self, self.preview.name.name or self.unnamed)
        if target is not None:
            self.keep(checkpoint, target)

    def _on_open_requested(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open the folder of a run", self.runs.text())
        if name:
            self.open_run(name)

    def _show_failure(self, error: Exception) -> None:
        """Show why something failed."""
        if self._released:
            return
        if isinstance(error, ZeroDCEError):
            self.panel.say(str(error), "bad")
            show_error(str(error))
        else:  # the job has already raised it, with its traceback
            self.panel.say("Unexpected error; napari's notification shows the details.", "bad")
        self.progress_view.show_message(self.panel.message)
