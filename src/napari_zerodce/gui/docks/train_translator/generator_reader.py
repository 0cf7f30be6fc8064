"""Read in the background which generators training can start from."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.train_translator.start_chooser import GeneratorStart
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.work import checking

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.info import CheckpointInfo
    from napari_zerodce.engine.settings import EnhanceSettings
    from napari_zerodce.gui.docks.train_translator.start_chooser import TranslatorStartChooser
    from napari_zerodce.gui.session.session import Session


class GeneratorReader(QObject):
    """Adds the generators of files to the chooser; the active checkpoint, too, if it is one.

    Parameters
    ----------
    session : Session
    chooser : TranslatorStartChooser
    """

    failed = Signal(object)  # an exception

    def __init__(self, session: Session, chooser: TranslatorStartChooser) -> None:
        super().__init__(chooser)
        self._session, self._chooser = session, chooser
        self._released = False
        self._wanted: Path | None = None  # the file that was chosen last
        chooser.file_chosen.connect(self.read)
        session.events.settings.connect(self._on_settings_changed)
        self._read_active()

    def release(self) -> None:
        """Stop following, because the dock closes."""
        self._released = True
        self._session.events.settings.disconnect(self._on_settings_changed)

    def read(self, path: Path, label: str = "") -> None:
        """Read a file and choose its generator.

        Parameters
        ----------
        path : Path
        label : str
            What to call it; by default its own name.
        """
        self._wanted = path
        job = Job("Zero-DCE: reading a checkpoint", checking(path), quiet=True)
        job.succeeded.connect(partial(self._on_file_read, path, label))
        job.failed.connect(self._on_file_failed)
        job.start()

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.checkpoint != old.checkpoint:
            self._read_active()

    def _read_active(self) -> None:
        source = self._session.checkpoint
        if isinstance(source, Path):  # names are of weights for curves
            job = Job("Zero-DCE: reading a checkpoint", checking(source), quiet=True)
            job.succeeded.connect(self._on_active_read)
            job.start()

    def _on_active_read(self, info: CheckpointInfo) -> None:
        if info.design is not None and not self._released:
            generator = GeneratorStart(info.label, info.path, info.design)
            self._chooser.offer(generator, chosen=False)

    def _on_file_read(self, path: Path, label: str, info: CheckpointInfo) -> None:
        if self._released:
            return
        if info.design is None:
            self.failed.emit(
                RequestError(
                    f"{info.label} is {info.title}, which gives curves, and a generator of "
                    "pix2pix, CycleGAN or CUT was expected; open another file."
                )
            )
            return
        generator = GeneratorStart(label or info.label, info.path, info.design)
        self._chooser.offer(generator, chosen=path == self._wanted)  # it may come after a later one

    def _on_file_failed(self, error: Exception) -> None:
        if not self._released:
            self.failed.emit(error)
