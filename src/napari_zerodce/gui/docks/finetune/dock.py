"""The Fine-tune dock: choose dark images, train, follow the run, and use its best checkpoint."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QCheckBox, QFileDialog, QMainWindow

from napari_zerodce.checkpoints.names import as_file_name
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.finetune import work
from napari_zerodce.gui.docks.finetune.checkpoint_actions import CheckpointActions
from napari_zerodce.gui.docks.finetune.close_guard import CloseGuard
from napari_zerodce.gui.docks.finetune.controls import TrainingControls
from napari_zerodce.gui.docks.finetune.form import TrainingForm
from napari_zerodce.gui.docks.finetune.form_follower import FormFollower
from napari_zerodce.gui.docks.finetune.image_chooser import ImageChooser
from napari_zerodce.gui.docks.finetune.plot import LossPlot
from napari_zerodce.gui.docks.finetune.preview import PreviewPanel
from napari_zerodce.gui.docks.finetune.runs_field import RunsField
from napari_zerodce.gui.docks.finetune.sources import images_of, pinned_crop
from napari_zerodce.gui.docks.finetune.tool_tips import tool_tip
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.preferences import Preferences
from napari_zerodce.gui.session.training_process import TrainingProcess
from napari_zerodce.gui.shared.dock import Dock, frame_of
from napari_zerodce.gui.shared.settings_line import SettingsLine
from napari_zerodce.training.new_run import TrainingRequest, settle
from napari_zerodce.training.run_folder import RunFolder, written_or_told

if TYPE_CHECKING:
    import napari
    from napari.layers import Image


class FineTuneDock(Dock):
    """Dock that trains in a child process and shows the progress.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    purpose = "Weights for your own dark images"
    page = "fine-tune.md"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.pictures = ImageChooser(self._viewer)
        self.settings = SettingsLine(self._viewer, self._session)
        self.form = TrainingForm()
        self.runs = RunsField(self._session.preferences.runs_folder)
        self.form.add_row("Runs in", self.runs)
        self.panel = TrainingControls()
        self.plot = LossPlot()
        self.logarithmic = QCheckBox("Logarithmic")
        self.logarithmic.setToolTip(
            tool_tip(
                "Logarithmic",
                "Show the losses on a logarithmic axis, so that small losses are visible, too.",
                default="off",
            )
        )
        self.preview = PreviewPanel()
        self.checkpoints = CheckpointActions(self._session, self)
        self._follower = FormFollower(self._session, self.pictures, self.form)
        self._has_news = False  # whether the message is about a checkpoint that was used or kept
        self._job: Job | None = None
        self._was_cancelled = False  # whether the run in preparation was cancelled
        self._notices_seen = 0  # how many notices of the run the dock has seen
        self.fill(
            (self.pictures, self.settings, self.form, self.panel, self.preview, self.plot,
             self.logarithmic)
        )  # fmt: skip
        self.plot.hide()
        self.logarithmic.hide()
        self._connect()
        self._on_form_changed()
        if self._session.training is not None:
            self._show_settings_of(self._session.training)
            self._show_training(self._session.training)

    @property
    def training(self) -> TrainingProcess | None:
        """The shown run."""
        return self._session.training

    def _connect(self) -> None:
        self.pictures.changed.connect(self.panel.forget_complaint)
        self.form.changed.connect(self._on_form_changed)
        self.logarithmic.toggled.connect(self.plot.set_logarithmic)
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
        if self._job is not None:
            self._job.cancel()
        self._session.events.settings.disconnect(self._on_session_settings_changed)
        self._session.events.preferences.disconnect(self._on_preferences_changed)
        self._forget_training()
        self._follower.release()
        self.checkpoints.release()
        self.pictures.release()
        self.settings.release()

    # ---- public actions

    def select_layer(self, layer: Image) -> None:
        """Tick a layer to train on."""
        self.pictures.tick(layer)

    def start(self) -> None:
        """Sample crops of the chosen images, then train on them."""
        if self.panel.state != "idle":
            return
        try:
            request = self._read_form()
            settle(request)
            output = self.runs.new_folder(request)
        except ZeroDCEError as err:
            self._show_failure(err)
            return
        self.panel.say("Sampling crops…", "progress")
        self.panel.show_state("preparing")
        self._was_cancelled = False
        self._job = job = Job(
            "Zero-DCE: sampling crops",
            work.preparing(request, self.pictures.folder, output),
            quiet=True,
        )
        job.succeeded.connect(self._on_prepared)
        job.failed.connect(self._show_failure)
        job.cancelled.connect(self._on_job_cancelled)
        job.finished.connect(self._on_job_finished)
        job.start()

    def stop(self) -> None:
        """Stop the preparation or the run; a run saves its state first."""
        if self.panel.state == "preparing":
            if self._job is not None:
                self._job.cancel()
                self._was_cancelled = True
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
            folder.config()
        except ZeroDCEError as err:
            self._show_failure(err)
            return
        training = TrainingProcess(folder)
        self.panel.say("")
        self._show_settings_of(training)
        self._take_over(training)
        training.attach()
        if training.is_running:
            self.panel.show_state("running")

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

    # ---- from the form to a run

    def _read_form(self) -> TrainingRequest:
        """Return what the form asks for; raises a ZeroDCEError if something is missing."""
        layers, window = self.pictures.layers(), self._session.settings.window
        if not layers and self.pictures.folder is None:
            raise RequestError(
                "There is no image to train on; tick one or more dark images, or choose a folder."
            )
        return TrainingRequest(
            images=images_of(self._viewer, layers, window, self.pictures.region()),
            checkpoint=self.form.checkpoint(),
            architecture=self.form.architecture(),
            preset=self.form.chosen_preset(),
            name=self.form.name.name,
            device=self._session.settings.device,
            changes=self.form.changes(),
            preview=pinned_crop(self._viewer, layers, window),
            **self.form.duration(),
        )

    def _on_prepared(self, folder: RunFolder) -> None:
        if self._released or self._was_cancelled:  # the job ended before it saw that
            shutil.rmtree(folder.path, ignore_errors=True)
            self._on_job_cancelled()
        else:
            self._launch(folder)

    def _on_job_cancelled(self) -> None:
        if not self._released:
            self.panel.say("Cancelled; nothing was written.")

    def _on_job_finished(self) -> None:
        self._job = None
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
            with written_or_told(folder.path):
                training.start()
        except ZeroDCEError as err:
            self._show_failure(err)
            return
        self.panel.say("")
        self._take_over(training)
        QTimer.singleShot(0, self._show_progress)

    def _show_progress(self) -> None:
        """Scroll to the progress of the run."""
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(self.panel.y())

    def _take_over(self, training: TrainingProcess) -> None:
        self._forget_training()
        if self.training is not None:
            self.training.release()
        self._session.training = training
        self._notices_seen = 0
        self._guard_window()
        self._show_training(training)

    def _show_settings_of(self, training: TrainingProcess) -> None:
        """Show the settings and the images of a run, so that the next one can be alike."""
        with suppress(ZeroDCEError):  # the folder was deleted
            config = training.folder.config()
            self.form.show_run(config, training.folder.start)
            self.pictures.tick_only(config.images)

    def _show_name_of(self, training: TrainingProcess) -> None:
        with suppress(ZeroDCEError):  # the folder was deleted
            name = training.folder.config().name
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
        self.plot.show_history(history)
        self.preview.show_run(training.folder, history)
        for part in (self.plot, self.logarithmic):
            part.setVisible(bool(history.steps))
        if training.is_running and len(history.notices) > self._notices_seen:
            self.panel.say(history.notices[-1])
        self._notices_seen = len(history.notices)

    def _on_training_ended(self) -> None:
        training = self.training
        if training is None:
            return
        self.panel.show_state("idle", resumable=self._is_resumable())
        self._has_news = False
        self._tell_ending(training)

    def _tell_ending(self, training: TrainingProcess) -> None:
        history, where = training.history, f" Folder: {training.folder.path}"
        if not training.folder.is_run and history.ending != "failed":
            self.panel.say(f"The folder of this run was deleted: {training.folder.path}", "bad")
        elif history.ending in {"done", "stopped"}:
            self.panel.say(f"{history.message}{where}", "good")
        elif history.ending is not None:
            self.panel.say(f"{history.message}", "bad")
        else:
            self.panel.say(f"This run was interrupted; press Resume to continue it.{where}", "bad")

    def _is_resumable(self) -> bool:
        training = self.training
        return training is not None and not training.is_finished and training.folder.is_run

    def _guard_window(self) -> None:
        frame = frame_of(self)
        window = None if frame is None else frame.parent()
        if isinstance(window, QMainWindow) and window.findChild(CloseGuard) is None:
            CloseGuard(window, self._session)

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

    def _on_form_changed(self) -> None:
        self.panel.forget_complaint()
        self.settings.show_title(self.form.start.title())

    def _on_keep_requested(self, checkpoint: Path | None) -> None:
        if checkpoint is None:
            return
        dialog = QFileDialog(self, "Keep the checkpoint as", "", "Checkpoints (*.safetensors)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("safetensors")  # so that it asks before it replaces such a file
        name = as_file_name(self.preview.name.name, otherwise="fine-tuned")
        dialog.selectFile(f"{name}.safetensors")
        if dialog.exec():
            self.keep(checkpoint, Path(dialog.selectedFiles()[0]))

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
