"""What the user does with a checkpoint of a run: use it in all docks, or keep a copy of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.names import as_file_name
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.training import work

if TYPE_CHECKING:
    from napari_zerodce.gui.session.session import Session
    from napari_zerodce.training.run_folder import RunFolder


class CheckpointActions(QObject):
    """Uses and keeps checkpoints under the name that the user gives them.

    Parameters
    ----------
    session : Session
    parent : QObject
    """

    used = Signal()  # in the session, as the active checkpoint
    done = Signal(str)  # a sentence
    failed = Signal(object)  # an exception

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._is_released = False
        self._wanted: Path | None = None  # what shall be active; its reading was started last

    def release(self) -> None:
        """Forget the answers that jobs still give."""
        self._is_released = True

    def use(self, checkpoint: Path, folder: RunFolder, *, name: str, run_name: str) -> None:
        """Make a checkpoint the active one of all docks.

        With another name than the run's, it is a copy: results say which file they were made with.

        Parameters
        ----------
        checkpoint : Path
        folder : RunFolder
        name, run_name : str
            The wanted name, and the one inside the checkpoint.
        """
        self._wanted = target = checkpoint if name == run_name else folder.named(checkpoint, name)
        job = Job(
            "Zero-DCE: reading a checkpoint", work.keeping(checkpoint, name, target), quiet=True
        )
        job.succeeded.connect(partial(self._on_ready_to_use, target))
        self._start(job)

    def keep(self, checkpoint: Path, target: Path, *, name: str) -> None:
        """Save a copy of a checkpoint.

        Parameters
        ----------
        checkpoint : Path
        target : Path
            An existing file is replaced.
        name : str
            The name inside the copy.
        """
        job = Job(
            "Zero-DCE: saving a checkpoint", work.keeping(checkpoint, name, target), quiet=True
        )
        job.succeeded.connect(lambda info: self._say(f"{info.label} is kept as {target}."))
        self._start(job)

    def _start(self, job: Job) -> None:
        job.failed.connect(self._on_job_failed)
        job.start()

    def _on_ready_to_use(self, target: Path, info: CheckpointInfo) -> None:
        if self._is_released or target != self._wanted:  # a later one may be ready earlier
            return
        scale = info.scale_factor if info.traits.has_scale_factor else None
        self._session.change(checkpoint=info.path, scale_factor=scale)
        where = "; Enhance translates with it" if info.is_translator else " of all docks"
        self._say(f"{info.label} is now the active checkpoint{where}.")
        self.used.emit()

    def _on_job_failed(self, error: Exception) -> None:
        if not self._is_released:
            self.failed.emit(error)

    def _say(self, sentence: str) -> None:
        if not self._is_released:
            self.done.emit(sentence)


def ask_where_to_keep(parent: QWidget, name: str) -> Path | None:
    """Ask for the file of a copy; return None if the user has cancelled.

    Parameters
    ----------
    parent : QWidget
    name : str
        Free text that becomes the proposed name of the file.
    """
    dialog = QFileDialog(parent, "Keep the checkpoint as", "", "Checkpoints (*.safetensors)")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("safetensors")  # so that it asks before it replaces such a file
    dialog.selectFile(f"{as_file_name(name, otherwise='weights')}.safetensors")
    return Path(dialog.selectedFiles()[0]) if dialog.exec() else None
