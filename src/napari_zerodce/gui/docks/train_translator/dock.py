"""The Train translator dock: choose two sets of images, train a generator, and use it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QTimer

from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.train_translator import work
from napari_zerodce.gui.docks.train_translator.alarm import InversionAlarm
from napari_zerodce.gui.docks.train_translator.forecast_line import ForecastLine
from napari_zerodce.gui.docks.train_translator.form import TranslatorForm
from napari_zerodce.gui.docks.train_translator.generator_reader import GeneratorReader
from napari_zerodce.gui.docks.train_translator.method_chooser import MethodChooser
from napari_zerodce.gui.docks.train_translator.methods import SOURCES, TARGETS
from napari_zerodce.gui.layers.source import active_image_layer
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.dock import open_dock
from napari_zerodce.gui.shared.settings_line import SettingsLine
from napari_zerodce.gui.shared.training.dock import TrainingDock
from napari_zerodce.gui.shared.training.image_chooser import ImageChooser
from napari_zerodce.gui.shared.training.loss_view import LossView
from napari_zerodce.gui.shared.training.preview import Pictures, PreviewPanel
from napari_zerodce.gui.shared.training.sources import images_of
from napari_zerodce.gui.widgets.tool_tips import tool_tip
from napari_zerodce.training.events import TRANSLATION_LOSSES
from napari_zerodce.training.translation.again import check_again, with_next_seed
from napari_zerodce.training.translation.config import TRAINING_TITLES, TranslationRunConfig
from napari_zerodce.training.translation.new_run import TranslationRequest

if TYPE_CHECKING:
    import napari

    from napari_zerodce.training.run_folder import RunFolder

_PICTURES: Final = Pictures(
    (
        "Sources that are not trained on",
        "Their translations by the chosen checkpoint",
        "Their targets",
    ),
    rows=("sources", "translations", "targets"),
)


class TrainTranslatorDock(TrainingDock):
    """Dock that trains generators of pix2pix, CycleGAN and CUT.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    purpose = "From one look of images to another"
    page = "train-translators.md"
    kind = "translation"
    preparing = "Sampling crops…"
    unnamed = "translator"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        losses = LossView(TRANSLATION_LOSSES, has_total=False)
        super().__init__(napari_viewer, losses=losses, preview=PreviewPanel(_PICTURES))
        self.methods = MethodChooser()
        self.sources = ImageChooser(self._viewer, SOURCES)
        self.targets = ImageChooser(self._viewer, TARGETS)
        self.settings = SettingsLine(self._viewer, self._session)
        self.form = TranslatorForm(self.methods)
        self.form.details.add_row("Runs in", self.runs)
        self.reader = GeneratorReader(self._session, self.form.start)
        self.forecast = ForecastLine(self._session, self.form, self._has_images)
        self.alarm = InversionAlarm()
        self.preview.use_button.setText("Use in Enhance")
        self.preview.use_button.setToolTip(
            tool_tip(
                "Use in Enhance",
                "Make the chosen checkpoint the active one, under this name, and open Enhance.",
            )
        )
        self._again: RunFolder | None = None  # the run that is stopped to start with a new seed
        self.fill(
            (self.methods, self.sources, self.targets, self.settings, self.form, self.forecast,
             self.panel, self.alarm, self.preview, self.losses)
        )  # fmt: skip
        self._guess_source()
        self._connect_form()
        self._on_form_changed()
        self._show_session_run()

    def _connect_form(self) -> None:
        for chooser, other in ((self.sources, self.targets), (self.targets, self.sources)):
            chooser.changed.connect(partial(self._on_images_changed, chooser, other))
        self.form.changed.connect(self._on_form_changed)
        self.reader.failed.connect(self._show_failure)
        self.alarm.restart_requested.connect(self.start_again)
        self.checkpoints.used.connect(lambda: open_dock(self._viewer, "Enhance"))

    def _guess_source(self) -> None:
        """Tick only the active image: others are likely to be targets."""
        active, ticked = active_image_layer(self._viewer), self.sources.layers()
        for layer in ticked if active in ticked else ():
            self.sources.tick(layer, on=layer is active)

    def _release(self) -> None:
        super()._release()
        for part in (self.forecast, self.reader, self.sources, self.targets, self.settings):
            part.release()

    def start_again(self) -> None:
        """Stop the shown run, and start one with its crops and settings and another seed."""
        if self.training is None or self.panel.state == "preparing":
            return
        folder = self.training.folder
        try:
            config = check_again(folder)  # before the run is stopped for nothing
            self.runs.new_folder(config.name, otherwise=self.unnamed)
        except ZeroDCEError as err:
            self._show_failure(err)
            return
        self._show_settings_of(folder)
        self.form.fields["seed"].value = with_next_seed(config.training).seed
        self._again = folder
        if self.panel.state == "idle":
            self._start_again_if_asked()
        elif self.panel.state == "running":
            self.stop()

    def _start_again_if_asked(self) -> None:
        folder, self._again = self._again, None
        if folder is not None and not self._released:
            self._start_with(partial(self._job_of_run, folder))

    def _job_of_run(self, folder: RunFolder) -> Job:
        """Return the job that prepares a run like the one of a folder."""
        config = check_again(folder)
        otherwise = TRAINING_TITLES[config.training.method]
        output = self.runs.new_folder(config.name, otherwise=otherwise)
        return Job("Zero-DCE: copying crops", work.starting_again(folder, output), quiet=True)

    # ---- from the form to a run

    def _has_images(self) -> bool:
        choosers = (self.sources, self.targets)
        return all(chooser.layers() or chooser.folder for chooser in choosers)

    def _job_of_form(self) -> Job:
        request = self._read_form()
        otherwise = TRAINING_TITLES[request.method]
        output = self.runs.new_folder(request.name, otherwise=otherwise)
        folders = work.Folders(self.sources.folder, self.targets.folder)
        return Job("Zero-DCE: sampling crops", work.preparing(request, folders, output), quiet=True)

    def _read_form(self) -> TranslationRequest:
        """Return what the form asks for; raises a ZeroDCEError if something is missing."""
        self._check_images()
        self.form.config()  # raises an error if a setting is invalid
        window, duration = self._session.settings.window, self.form.duration()
        sources, targets = (
            images_of(self._viewer, chooser.layers(), window, None)
            for chooser in (self.sources, self.targets)
        )
        steps = {name: value for name, value in duration.items() if name == "steps"}
        return TranslationRequest(
            self.methods.method,
            sources,
            targets,
            size=self.form.start.network_size,
            checkpoint=self.form.start.checkpoint(),
            name=self.form.name.name,
            minutes=duration.get("minutes"),
            device=self._session.settings.device,
            changes={**self.form.details.changes(), **steps},
        )

    def _check_images(self) -> None:
        for chooser, noun in ((self.sources, "source"), (self.targets, "target")):
            if not chooser.layers() and chooser.folder is None:
                raise RequestError(
                    f"There is no {noun} to train on; tick one or more images in the list of "
                    f"{noun}s, or choose a folder."
                )
        if self.sources.folder is not None and self.sources.folder == self.targets.folder:
            raise RequestError(
                f"The folder {self.sources.folder} is chosen for both sources and targets; choose "
                "another one for one of them."
            )

    def _on_images_changed(self, chooser: ImageChooser, other: ImageChooser) -> None:
        for layer in chooser.layers():  # an image is either a source or a target
            other.tick(layer, on=False)
        self.panel.forget_complaint()
        self.forecast.look()

    def _on_form_changed(self) -> None:
        self.panel.forget_complaint()
        self.settings.show_title(self.form.start.title())

    # ---- the run

    def _config_of(self, folder: RunFolder) -> TranslationRunConfig:
        return folder.config_as(TranslationRunConfig)

    def _show_settings_of(self, folder: RunFolder) -> None:
        with suppress(ZeroDCEError):  # the folder was deleted
            config = self._config_of(folder)
            self.form.show_run(config)
            self.sources.tick_only(config.images)
            self.targets.tick_only(config.targets)
            if config.checkpoint is not None and self.form.start.checkpoint() is None:
                self.reader.read(folder.start, config.checkpoint)

    def _show_failure(self, error: Exception) -> None:
        if str(error) == self.forecast.said:  # no need to say it twice
            self.progress_view.show_message(self.forecast)
        else:
            super()._show_failure(error)

    def _on_training_advanced(self) -> None:
        super()._on_training_advanced()
        if self.training is not None:
            self.alarm.show_alarm(self.training.history.alarm)

    def _on_training_ended(self) -> None:
        super()._on_training_ended()
        if self._again is not None:
            QTimer.singleShot(0, self._start_again_if_asked)
        self.forecast.look()
