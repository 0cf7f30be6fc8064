"""The state that all docks of one viewer share: the settings, and the current run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from weakref import WeakKeyDictionary

from psygnal import SignalGroupDescriptor

from napari_zerodce.checkpoints.registry import AUTOMATIC, BUNDLED, PUBLISHED
from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.memory import set_budget
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.preferences import (
    Preferences,
    read_preferences,
    stated_preferences,
)

if TYPE_CHECKING:
    import napari

    from napari_zerodce.gui.session.jobs import Job
    from napari_zerodce.gui.session.training_process import TrainingProcess
    from napari_zerodce.training.run_config import RunKind

CANCELLED: Final = "Cancelled"
ABORTED: Final = "napari stopped the run because another window closed"


@dataclass
class Session:
    """The state of the docks in one viewer; each field has a signal in ``events``."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    settings: EnhanceSettings = field(default_factory=partial(EnhanceSettings, look=DEFAULT_LOOK))
    """The settings of all docks; the window may be the contrast limits of a layer, and the Adjust
    dock sets the look."""
    preferences: Preferences = field(default_factory=Preferences)
    """The preferences that the settings follow, unless the user chooses otherwise in a dock."""
    job: Job | None = None
    """The run in progress; it outlives the dock that started it."""
    outcome: Outcome | None = None
    """What came of the last run, as long as that is true; it outlives the dock, too."""
    runs: Mapping[RunKind, TrainingProcess] = field(default_factory=dict)
    """The training run of each kind that was started or opened last; it outlives the dock."""

    @property
    def checkpoint(self) -> str | Path:
        """The active checkpoint: "auto", a name in the registry, or a file."""
        source = self.settings.checkpoint
        assert isinstance(
            source, str | Path
        )  # a dock never holds loaded weights: loading takes seconds
        return source

    def change(self, **changes: Any) -> None:
        """Change some of the settings.

        Parameters
        ----------
        **changes
            Fields of `EnhanceSettings`.
        """
        self.settings = replace(self.settings, **changes)

    def follow(self, kind: RunKind, training: TrainingProcess) -> None:
        """Remember a training run, instead of the one of its kind before.

        Parameters
        ----------
        kind : {"curves", "translation"}
        training : TrainingProcess
        """
        self.runs = {**self.runs, kind: training}

    @property
    def kind_in_training(self) -> RunKind | None:
        """The kind of the training run in progress, None if there is none."""
        return next((kind for kind, run in self.runs.items() if run.is_running), None)

    @property
    def shares_one_map(self) -> bool:
        """Whether all iterations share one map, as in Zero-DCE++: then there is a scale factor."""
        known = {entry.name: entry.architecture for entry in (*BUNDLED, *PUBLISHED)}
        known[AUTOMATIC] = ZERO_DCE
        architecture = known.get(str(self.checkpoint))
        if architecture is None:
            return self.settings.scale_factor is not None
        return ARCHITECTURES[architecture].shares_one_map

    @property
    def busy(self) -> bool:
        """Whether a run is in progress; only one at a time, since two compete for the device."""
        return self.job is not None

    def occupy(self, job: Job) -> None:
        """Be busy until the job has finished, even if the dock that started it is closed."""
        self.outcome = None
        job.cancelled.connect(self._on_job_cancelled)
        job.aborted.connect(self._on_job_aborted)
        job.finished.connect(self._release)  # first: listeners to the next line may raise
        self.job = job

    def _on_job_cancelled(self, finished: Any) -> None:
        self._tell_stopped(CANCELLED, finished)

    def _on_job_aborted(self, finished: Any) -> None:
        self._tell_stopped(ABORTED, finished)

    def _tell_stopped(self, why: str, finished: Any) -> None:
        if finished is None:  # else the run tells what becomes of it
            self.outcome = Outcome(f"{why}; nothing was changed.")

    def _release(self) -> None:
        self.job = None


_sessions: WeakKeyDictionary[napari.Viewer, Session] = WeakKeyDictionary()


def session_of(viewer: napari.Viewer) -> Session:
    """Return the viewer's session, the same object each time."""
    viewer = unwrapped(viewer)
    if viewer not in _sessions:
        _sessions[viewer] = _session_as_preferred()
    return _sessions[viewer]


def _session_as_preferred() -> Session:
    preferences, _ = read_preferences(stated_preferences())  # a follower tells what is invalid
    set_budget(preferences.memory_budget)
    settings = EnhanceSettings(look=DEFAULT_LOOK, **preferences.settings)
    return Session(settings, preferences)


def unwrapped(viewer: napari.Viewer) -> napari.Viewer:
    """Return the viewer without napari's proxy.

    napari gives a dock the viewer or a proxy around it, depending on how the dock is opened. The
    layers of a proxy are proxies, too: each access to the same layer then gives another object.
    """
    plain: napari.Viewer = getattr(viewer, "__wrapped__", viewer)
    return plain
