"""A timer that fires once: some time after it was started last."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, QTimer


def single_shot(parent: QObject, milliseconds: int, slot: Any) -> QTimer:
    """Return a timer that goes with its parent; `start` starts it, also from the beginning.

    Parameters
    ----------
    parent : QObject
    milliseconds : int
    slot : callable or signal
    """
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
