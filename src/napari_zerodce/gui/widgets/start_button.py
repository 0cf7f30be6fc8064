"""A button that starts a run and later stops it, although people double-click buttons."""

from __future__ import annotations

import time

from qtpy.QtWidgets import QApplication, QPushButton

_HEIGHT = 34  # in pixels of the screen; the main button of a dock


class StartButton(QPushButton):
    """The main button of a dock: a double click on it starts, and does not stop at once.

    Parameters
    ----------
    text : str
    name : str
        Object name, by which tests and style sheets find it.
    """

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setMinimumHeight(_HEIGHT)
        self._started = 0.0

    def mark_start(self) -> None:
        """Note that a click has started something."""
        self._started = time.monotonic()

    @property
    def is_double_click(self) -> bool:
        """Whether a click now belongs to the click that started something."""
        return (time.monotonic() - self._started) * 1000 < QApplication.doubleClickInterval()
