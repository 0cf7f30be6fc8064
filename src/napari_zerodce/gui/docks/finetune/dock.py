"""The Fine-tune dock: choose dark images, train, follow the run, and use its best checkpoint."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.finetune import work
from napari_zerodce.gui.docks.finetune.dark_images import DARK_IMAGES
from napari_zerodce.gui.docks.finetune.form import TrainingForm
from napari_zerodce.gui.docks.finetune.form_follower import FormFollower
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.settings_line import SettingsLine
from napari_zerodce.gui.shared.training.dock import TrainingDock
from napari_zerodce.gui.shared.training.image_chooser import ImageChooser
from napari_zerodce.gui.shared.training.loss_view import LossView
from napari_zerodce.gui.shared.training.preview import PreviewPanel
from napari_zerodce.gui.shared.training.sources import images_of, pinned_crop
from napari_zerodce.training.events import LOSSES
from napari_zerodce.training.new_run import TrainingRequest, settle

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

    from napari_zerodce.training.config import RunConfig
    from napari_zerodce.training.run_folder import RunFolder


class FineTuneDock(TrainingDock):
    """Dock that trains weights for enhancement.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    purpose = "Weights for your own dark images"
    page = "fine-tune.md"
    kind = "curves"
    preparing = "Sampling crops…"
    unnamed = "fine-tuned"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer, losses=LossView(LOSSES), preview=PreviewPanel())
        self.pictures = ImageChooser(self._viewer, DARK_IMAGES)
        self.settings = SettingsLine(self._viewer, self._session)
        self.form = TrainingForm()
        self.form.add_row("Runs in", self.runs)
        self._follower = FormFollower(self._session, self.pictures, self.form)
        self.fill((self.pictures, self.settings, self.form, self.panel, self.preview, self.losses))
        self.pictures.changed.connect(self.panel.forget_complaint)
        self.form.changed.connect(self._on_form_changed)
        self._on_form_changed()
        self._show_session_run()

    def _release(self) -> None:
        super()._release()
        self._follower.release()
        self.pictures.release()
        self.settings.release()

    def select_layer(self, layer: Image) -> None:
        """Tick a layer to train on."""
        self.pictures.tick(layer)

    def _job_of_form(self) -> Job:
        request = self._read_form()
        settle(request)
        output = self.runs.new_folder(request.name, otherwise=request.preset)
        return Job(
            "Zero-DCE: sampling crops",
            work.preparing(request, self.pictures.folder, output),
            quiet=True,
        )

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

    def _config_of(self, folder: RunFolder) -> RunConfig:
        return folder.config()

    def _show_settings_of(self, folder: RunFolder) -> None:
        with suppress(ZeroDCEError):  # the folder was deleted
            config = folder.config()
            self.form.show_run(config, folder.start)
            self.pictures.tick_only(config.images)

    def _on_form_changed(self) -> None:
        self.panel.forget_complaint()
        self.settings.show_title(self.form.start.title())
