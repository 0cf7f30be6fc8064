"""What all docks of one viewer share: the active checkpoint, and whether a run is on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from psygnal import SignalGroupDescriptor

if TYPE_CHECKING:
    import napari

    from napari_zerodce.gui.jobs import Job


@dataclass
class Session:
    """The state of our docks in one viewer; each field has a signal in ``events``."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    checkpoint: str | Path = "zero-dce"
    job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether a run is on: one at a time, so that two do not fight for the device."""
        return self.job is not None

    def occupy(self, job: Job) -> None:
        """Be busy until the job has finished, whatever becomes of the dock that started it."""
        self.job = job
        job.finished.connect(self._release)

    def _release(self) -> None:
        self.job = None


_sessions: WeakKeyDictionary[napari.Viewer, Session] = WeakKeyDictionary()


def session_of(viewer: napari.Viewer) -> Session:
    """Return the viewer's session, the same object each time."""
    # napari hands docks the viewer itself or a proxy around it, depending on how they are opened.
    viewer = getattr(viewer, "__wrapped__", viewer)
    return _sessions.setdefault(viewer, Session())
