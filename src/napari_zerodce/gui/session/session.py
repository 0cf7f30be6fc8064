"""What all docks of one viewer share: how they compute, and whether a run is on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from psygnal import SignalGroupDescriptor

from napari_zerodce.checkpoints.registry import BUNDLED, PUBLISHED
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.engine.settings import EnhanceSettings

if TYPE_CHECKING:
    import napari

    from napari_zerodce.gui.session.jobs import Job
    from napari_zerodce.gui.session.training_process import TrainingProcess


@dataclass
class Session:
    """The state of the docks in one viewer; each field has a signal in ``events``."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    settings: EnhanceSettings = field(default_factory=EnhanceSettings)
    """How every dock computes. Its window may be that of a layer; its look is the Adjust dock's."""
    job: Job | None = None
    training: TrainingProcess | None = None
    """The fine-tuning that was started or opened last; it outlives the dock."""

    @property
    def checkpoint(self) -> str | Path:
        """The active checkpoint: a name in the registry, or a file."""
        source = self.settings.checkpoint
        assert isinstance(source, str | Path)  # docks never load one: that takes seconds
        return source

    def change(self, **changes: Any) -> None:
        """Replace some of the settings.

        Parameters
        ----------
        **changes
            Fields of `EnhanceSettings`.
        """
        self.settings = replace(self.settings, **changes)

    @property
    def shares_one_map(self) -> bool:
        """Whether one map serves all iterations, as in Zero-DCE++: only that has a scale factor."""
        known = {entry.name: entry.architecture for entry in (*BUNDLED, *PUBLISHED)}
        architecture = known.get(str(self.checkpoint))
        if architecture is None:
            return self.settings.scale_factor is not None
        return ARCHITECTURES[architecture].shares_one_map

    @property
    def busy(self) -> bool:
        """Whether a run is on: one at a time, so that two do not fight for the device."""
        return self.job is not None

    def occupy(self, job: Job) -> None:
        """Be busy until the job has finished, whatever becomes of the dock that started it."""
        job.finished.connect(self._release)  # first: whatever listens to the next line may fail
        self.job = job

    def _release(self) -> None:
        self.job = None


_sessions: WeakKeyDictionary[napari.Viewer, Session] = WeakKeyDictionary()


def session_of(viewer: napari.Viewer) -> Session:
    """Return the viewer's session, the same object each time."""
    return _sessions.setdefault(unwrapped(viewer), Session())


def unwrapped(viewer: napari.Viewer) -> napari.Viewer:
    """Return the viewer itself.

    Depending on how docks are opened, napari hands them that or a proxy around it, whose layers are
    proxies, too: the same layer is then another object each time it is asked for.
    """
    plain: napari.Viewer = getattr(viewer, "__wrapped__", viewer)
    return plain
