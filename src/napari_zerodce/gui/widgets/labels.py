"""Labels that wrap and can be copied: plain lines, and the sentence below a button."""

from __future__ import annotations

from typing import Final, Literal

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

Tone = Literal["plain", "progress", "good", "bad"]

# Signs and no colours: they can be read in every theme of napari.
_SIGNS: Final[dict[Tone, str]] = {"plain": "", "progress": "", "good": "✓ ", "bad": "⚠ "}


def _make_readable(label: QLabel, name: str) -> None:
    """Let a label wrap and be copied; nothing in it is taken for markup."""
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)  # names and sentences may come from files
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)


def line(name: str, text: str = "") -> QLabel:
    """Return a sentence that wraps and can be copied; nothing in it is taken for markup."""
    label = QLabel(text)
    _make_readable(label, name)
    return label


class Sentence(QLabel):
    """A line that wraps and can be copied; empty, it takes no room."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.tone: Tone = "plain"
        _make_readable(self, name)
        self.hide()

    def say(self, text: str, tone: Tone = "plain") -> None:
        """Show a sentence."""
        self.tone = tone
        self.setText(f"{_SIGNS[tone]}{text}")
        self.setVisible(bool(text))

    def forget_complaint(self) -> None:
        """Take a sentence away that a new choice has made untrue."""
        if self.tone == "bad":
            self.say("")
