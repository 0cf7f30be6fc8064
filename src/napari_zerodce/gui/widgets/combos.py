"""Combo boxes that fit a narrow dock: the box cuts long entries, its list shows them whole."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox

_CHARACTERS = 6


def make_narrow(combo: QComboBox) -> None:
    """Let a combo box be narrower than its longest entry."""
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(_CHARACTERS)
