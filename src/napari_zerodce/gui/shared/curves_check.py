"""Find out in the background whether the session's checkpoint has curves: a translator has none."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_zerodce.checkpoints.info import NO_CURVES, CheckpointInfo
from napari_zerodce.checkpoints.registry import AUTOMATIC, is_name
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.work import checking


class CurvesCheck(QObject):
    """Knows whether the session's checkpoint is a translator.

    Parameters
    ----------
    session : Session
    parent : QObject
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._translator: CheckpointInfo | None = None
        self._released = False
        session.events.settings.connect(self._on_settings_changed)
        self._look()

    @property
    def has_curves(self) -> bool:
        """Whether the checkpoint has curves, as far as it is known."""
        return self._translator is None

    def check(self) -> None:
        """Raise a CheckpointError, whose sentence says why, if the checkpoint has no curves."""
        if self._translator is not None:
            raise self._translator.refusal(NO_CURVES)

    def release(self) -> None:
        """Stop following the session, because the dock closes."""
        self._released = True
        self._session.events.settings.disconnect(self._on_settings_changed)

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.checkpoint != old.checkpoint:
            self._look()

    def _look(self) -> None:
        source = self._session.checkpoint
        if source == AUTOMATIC or is_name(source):  # translators have no names, only files
            self._show(None)
            return
        job = Job("Zero-DCE: reading a checkpoint", checking(source), quiet=True)
        job.succeeded.connect(lambda info: self._on_job_succeeded(source, info))
        job.start()

    def _on_job_succeeded(self, source: str | Path, info: CheckpointInfo) -> None:
        if not self._released and source == self._session.checkpoint:
            self._show(info if info.is_translator else None)

    def _show(self, translator: CheckpointInfo | None) -> None:
        if translator != self._translator:
            self._translator = translator
            self.changed.emit()
