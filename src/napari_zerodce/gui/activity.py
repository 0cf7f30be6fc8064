"""A run's entry in napari's activity bar; to be used on the GUI thread alone."""

from __future__ import annotations

from napari.utils import progress as napari_progress

from napari_zerodce.engine.messages import Progress

_STEPS = 100


class ActivityEntry:
    """One bar in napari's activity dock."""

    def __init__(self, title: str) -> None:
        self._bar = napari_progress(total=_STEPS, desc=title)
        self._updating = False

    def update(self, progress: Progress) -> None:
        """Move the bar forward."""
        # napari's bar lets Qt process events inside its update: without this, reports that wait in
        # the queue would nest.
        if self._updating:
            return
        self._updating = True
        try:
            self._bar.update(max(0, int(progress.fraction * _STEPS) - self._bar.n))
        finally:
            self._updating = False

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()
