"""Labels that wrap and can be copied: plain text, and the sentence below a button."""

from __future__ import annotations

from typing import Final, Literal

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

Tone = Literal["plain", "progress", "good", "bad"]

# Signs instead of colours: they are readable in every theme of napari.
_SIGNS: Final[dict[Tone, str]] = {"plain": "", "progress": "", "good": "✓ ", "bad": "⚠ "}


def _make_readable(label: QLabel, name: str) -> None:
    """Let a label wrap and be copied; markup in its text is not interpreted."""
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)  # the text may come from a file
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)


def text_label(name: str, text: str = "") -> QLabel:
    """Return a label that wraps and can be copied; markup in its text is not interpreted.

    Parameters
    ----------
    name : str
        Name of the Qt object.
    text : str
    """
    label = QLabel(text)
    _make_readable(label, name)
    return label


class Sentence(QLabel):
    """A label that wraps and can be copied; it is hidden while it is empty.

    Parameters
    ----------
    name : str
        Name of the Qt object.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.tone: Tone = "plain"
        self.said = ""
        _make_readable(self, name)
        self.hide()

    def say(self, text: str, tone: Tone = "plain") -> None:
        """Show a sentence.

        Parameters
        ----------
        text : str
            Empty hides the label.
        tone : {"plain", "progress", "good", "bad"}
        """
        self.tone, self.said = tone, text
        self.setText(f"{_SIGNS[tone]}{text}")
        self.setVisible(bool(text))

    def forget_complaint(self) -> None:
        """Remove the shown error, because a new choice may have corrected it."""
        if self.tone == "bad":
            self.say("")
