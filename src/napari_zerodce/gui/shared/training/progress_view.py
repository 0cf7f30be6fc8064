"""How the progress and the messages of a run stay in sight in a dock that scrolls."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QScrollArea, QWidget


class ProgressView(QObject):
    """Scrolls a dock to its controls, below which the progress of a run appears bit by bit.

    Parameters
    ----------
    area : QScrollArea
    controls : QWidget
        In the area; what is below belongs to the run.
    """

    def __init__(self, area: QScrollArea, controls: QWidget) -> None:
        super().__init__(area)
        self._area, self._controls = area, controls
        self._follows = False
        bar = area.verticalScrollBar()
        assert bar is not None
        self._bar = bar
        bar.rangeChanged.connect(self._on_range_changed)
        bar.sliderPressed.connect(self.let_go)
        bar.actionTriggered.connect(self.let_go)
        for part in (area.viewport(), bar):
            if part is not None:
                part.installEventFilter(self)

    def follow(self) -> None:
        """Scroll to the controls, also when parts appear below, until the user scrolls."""
        self._follows = True
        QTimer.singleShot(0, self._scroll)

    def let_go(self, *_: int) -> None:
        """Leave the place to the user."""
        self._follows = False

    def show_message(self, message: QWidget) -> None:
        """Scroll only as far as a message needs.

        Parameters
        ----------
        message : QWidget
            In the area.
        """
        QTimer.singleShot(0, lambda: self._reveal(message))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Notice that the user turns the wheel."""
        if event is not None and event.type() == QEvent.Type.Wheel:
            self.let_go()
        return super().eventFilter(watched, event)

    def _on_range_changed(self, *_: int) -> None:
        if self._follows:
            self._scroll()

    def _scroll(self) -> None:
        if self._follows:
            self._bar.setValue(self._controls.y())

    def _reveal(self, message: QWidget) -> None:
        if message.isVisible():
            self._area.ensureWidgetVisible(message, 0, 6)
