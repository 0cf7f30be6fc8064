"""What all docks of one viewer share: checkpoint, window and device, and whether a run is on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from psygnal import SignalGroupDescriptor

from napari_zerodce.checkpoints.registry import BUNDLED, PUBLISHED
from napari_zerodce.device import PrecisionChoice
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.imaging.intensity import WindowChoice

if TYPE_CHECKING:
    import napari

    from napari_zerodce.gui.session.jobs import Job
    from napari_zerodce.gui.session.training_process import TrainingProcess


@dataclass(frozen=True)
class Settings:
    """How every dock computes; chosen in the Enhance dock.

    Parameters
    ----------
    window : WindowChoice, optional
        None stands for the contrast limits of the layer.
    device : str
    precision : {"auto", "float32", "bfloat16", "float16"}
    scale_factor : int, optional
        Zero-DCE++ only.
    """

    window: WindowChoice | None = field(default_factory=lambda: WindowChoice("auto"))
    device: str = "auto"
    precision: PrecisionChoice = "auto"
    scale_factor: int | None = None

    def describe(self) -> str:
        """Return the settings in a few words."""
        window = "contrast limits" if self.window is None else str(self.window)
        device = "automatic device" if self.device == "auto" else self.device
        scale = "" if self.scale_factor is None else f" · scale {self.scale_factor}"
        return f"window {window} · {device}{scale}"


@dataclass
class Session:
    """The state of our docks in one viewer; each field has a signal in ``events``."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    checkpoint: str | Path = "zero-dce"
    settings: Settings = field(default_factory=Settings)
    look: Look = AS_PUBLISHED
    job: Job | None = None
    training: TrainingProcess | None = None
    """The fine-tuning that was started or opened last; it outlives the dock."""

    @property
    def shares_one_map(self) -> bool:
        """Whether one map serves all iterations, as in Zero-DCE++: only that has a scale factor."""
        known = {entry.name: entry.architecture for entry in (*BUNDLED, *PUBLISHED)}
        architecture = known.get(str(self.checkpoint))
        return architecture == "zero-dce-pp" or (
            architecture is None and self.settings.scale_factor is not None
        )

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
