"""Keep the form in line with the active checkpoint and the images, until the user chooses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject

from napari_zerodce.core.network_kinds import architecture_named
from napari_zerodce.gui.docks.finetune.material_finder import MaterialFinder
from napari_zerodce.gui.docks.finetune.proposal import Material, propose
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.work import checking

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.info import CheckpointInfo
    from napari_zerodce.engine.settings import EnhanceSettings
    from napari_zerodce.gui.docks.finetune.form import TrainingForm
    from napari_zerodce.gui.session.session import Session
    from napari_zerodce.gui.shared.training.image_chooser import ImageChooser


_NO_START: Final = (
    "has no curves to fine-tune, so the run starts from Zero-DCE weights; the Train translator "
    "dock trains translators"
)


class FormFollower(QObject):
    """Offers the active checkpoint as the start, and proposes what suits the images.

    If the active checkpoint is automatic, the start is the one that suits the images.

    Parameters
    ----------
    session : Session
    pictures : ImageChooser
    form : TrainingForm
    """

    def __init__(self, session: Session, pictures: ImageChooser, form: TrainingForm) -> None:
        super().__init__(form)
        self._session, self._form = session, form
        self._released = False
        self._wanted: str | Path | None = None  # the checkpoint whose reading was started last
        self._proposal = propose(Material())
        self._finder = MaterialFinder(session, pictures, self)
        self._finder.found.connect(self._on_material_found)
        session.events.settings.connect(self._on_settings_changed)
        self._read_active_checkpoint()
        self._finder.look()

    def release(self) -> None:
        """Stop following, because the dock closes."""
        self._released = True
        self._finder.release()
        self._session.events.settings.disconnect(self._on_settings_changed)

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.checkpoint != old.checkpoint:
            self._read_active_checkpoint()

    def _on_material_found(self, material: Material) -> None:
        before, self._proposal = self._proposal, propose(material)
        if self._proposal.start != before.start:
            self._read_active_checkpoint()
        self._form.propose(self._proposal)

    def _read_active_checkpoint(self) -> None:
        automatic = self._session.settings.is_automatic
        self._wanted = source = self._proposal.start if automatic else self._session.checkpoint
        job = Job("Zero-DCE: reading a checkpoint", checking(source), quiet=True)
        job.succeeded.connect(lambda info: self._on_checkpoint_read(source, info))
        job.start()

    def _on_checkpoint_read(self, source: str | Path, info: CheckpointInfo) -> None:
        if self._released or source != self._wanted:  # another reading may end earlier
            return
        architecture = architecture_named(info.architecture)  # None for a translator
        self._form.start.offer(source, architecture, info.scale_factor)
        refusal = info.refusal(_NO_START) if info.is_translator else ""
        self._form.no_start.say(str(refusal))
