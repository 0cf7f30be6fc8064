"""Find out in the background what the chosen images are, whenever the choice changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.finetune import work
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.session.jobs import Job

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_zerodce.gui.session.session import Session
    from napari_zerodce.gui.shared.training.image_chooser import ImageChooser


class MaterialFinder(QObject):
    """Looks at the chosen images; mono images are read for that, and colour images are not.

    Parameters
    ----------
    session : Session
    pictures : ImageChooser
    parent : QObject
    """

    found = Signal(object)  # Material

    def __init__(self, session: Session, pictures: ImageChooser, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._pictures = session, pictures
        self._key: Any = None
        self._job: Job | None = None
        self._released = False
        pictures.changed.connect(self.look)
        session.events.job.connect(self._on_session_job_changed)

    def release(self) -> None:
        """Stop looking, because the dock closes."""
        self._released = True
        self._pictures.changed.disconnect(self.look)
        self._session.events.job.disconnect(self._on_session_job_changed)
        if self._job is not None:
            self._job.cancel()

    def look(self) -> None:
        """Look at the images that are chosen now, unless they are known."""
        requests = _requests(self._pictures.layers())
        key = ([id(request.image) for request in requests], self._pictures.folder)
        if key == self._key or self._session.busy:
            return
        if self._job is not None:
            self._job.cancel()  # the images are looked at when it has ended
            return
        self._key = key
        work_of_job = work.examining(requests, self._pictures.folder)
        self._job = Job("Zero-DCE: looking at the images", work_of_job, quiet=True)
        self._job.succeeded.connect(self._on_job_succeeded)
        self._job.cancelled.connect(self._on_job_cancelled)
        self._job.finished.connect(self._on_job_finished)
        self._job.start()

    def _on_job_succeeded(self, material: Any) -> None:
        if not self._released:
            self.found.emit(material)

    def _on_job_cancelled(self) -> None:
        self._key = None

    def _on_job_finished(self) -> None:
        self._job = None
        if not self._released:  # the chooser may be gone
            self.look()

    def _on_session_job_changed(self, job: Job | None) -> None:
        if job is None:
            self.look()
        elif self._job is not None:  # leave the disk to the run
            self._job.cancel()


def _requests(layers: list[Image]) -> list[EnhanceRequest]:
    """Return what the choice of weights needs of each layer; an invalid layer is left out."""
    requests = []
    for layer in layers:
        try:
            source = read_source(layer)
        except ZeroDCEError:
            continue  # Start says why
        requests.append(
            EnhanceRequest(source.data, source.channels, EnhanceSettings(), axes=source.other_axes)
        )
    return requests
