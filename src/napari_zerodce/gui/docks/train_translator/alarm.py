"""The warning that results are inverted, with a button that starts again."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_zerodce.gui.widgets.labels import Sentence
from napari_zerodce.gui.widgets.tool_tips import tool_tip


class InversionAlarm(QWidget):
    """A sentence and a button, hidden until the run gives the alarm."""

    restart_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sentence = Sentence("inversion_alarm")
        self.button = QPushButton("Start again with a new seed")
        self.button.setToolTip(
            tool_tip(
                "Start again",
                "Stop this run, and start one with the same settings and other random numbers.",
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sentence)
        layout.addWidget(self.button)
        self.button.clicked.connect(self.restart_requested)
        self.hide()

    def show_alarm(self, text: str) -> None:
        """Show the sentence of an alarm; without one, hide everything.

        Parameters
        ----------
        text : str
        """
        self.sentence.say(text, "bad")
        self.setVisible(bool(text))
