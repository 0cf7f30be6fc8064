"""Bring the user's preferences into a session, at its start and whenever they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.utils.notifications import show_warning
from qtpy.QtCore import QObject

from napari_zerodce.engine.memory import set_budget
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.preferences import (
    Preferences,
    Reading,
    napari_group,
    read_preferences,
    stated_preferences,
)
from napari_zerodce.gui.session.session import Session, session_of, unwrapped
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    import napari

_PATIENCE_MS = 1000  # napari tells of every letter that the user types


class PreferenceFollower(QObject):
    """Changes the session's values that the user has not chosen in a dock.

    A value counts as chosen if it is not the preference that the session has had so far.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._job: Job | None = None
        self._timer = single_shot(self, _PATIENCE_MS, self._check)
        self._group = napari_group()  # kept: napari tells the group, not its copy
        if self._group is not None:
            self._group.events.connect(self._on_preference_changed)
        if read_preferences(stated_preferences()) != Reading(Preferences()):
            self._check()

    def _on_preference_changed(self, _: Any = None) -> None:
        self._timer.start()

    def _check(self) -> None:
        """Read the preferences thoroughly in the background: this may import torch."""
        if self._job is not None:
            self._timer.start()
            return
        stated = dict(stated_preferences())

        def work(_report: Any, _should_stop: Any) -> Reading:
            return read_preferences(stated, thoroughly=True)

        self._job = Job("Zero-DCE: checking the preferences", work, quiet=True)
        self._job.succeeded.connect(self._on_read)
        self._job.finished.connect(self._on_job_finished)
        self._job.start()

    def _on_read(self, reading: Reading) -> None:
        self.adopt(reading.preferences)
        for complaint in reading.complaints:
            show_warning(complaint)

    def _on_job_finished(self) -> None:
        self._job = None

    def adopt(self, new: Preferences) -> None:
        """Give the session preferences; what the user has chosen in a dock stays.

        Parameters
        ----------
        new : Preferences
        """
        old, session = self._session.preferences, self._session
        session.preferences = new
        set_budget(new.memory_budget)
        now = session.settings
        changes = {
            name: value
            for name, value in new.settings.items()
            if value != old.settings[name] and getattr(now, name) == old.settings[name]
        }
        if "checkpoint" in changes:
            changes["scale_factor"] = None  # that of the new checkpoint
        if changes:
            session.change(**changes)


_followers: WeakKeyDictionary[napari.Viewer, PreferenceFollower] = WeakKeyDictionary()


def follow_preferences(viewer: napari.Viewer) -> None:
    """Let the viewer's session follow the preferences from now on; the second call does nothing."""
    viewer = unwrapped(viewer)
    if viewer not in _followers:
        _followers[viewer] = PreferenceFollower(session_of(viewer))
