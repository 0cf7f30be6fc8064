"""The sentence below a button: what came of pressing it."""

from __future__ import annotations

from typing import Final, Literal

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

Tone = Literal["plain", "progress", "good", "bad"]

# Signs and no colours: they can be read in every theme of napari.
_SIGNS: Final[dict[Tone, str]] = {"plain": "", "progress": "", "good": "✓ ", "bad": "⚠ "}


class Sentence(QLabel):
    """A line that wraps and can be copied; empty, it takes no room."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.tone: Tone = "plain"
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)  # names and sentences may come from files
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
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
