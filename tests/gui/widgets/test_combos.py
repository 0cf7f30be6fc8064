"""Combo boxes that do not make a dock wider than a small screen."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QComboBox

from napari_zerodce.gui.widgets.combos import make_narrow


def test_long_entries_do_not_widen_a_narrow_combo_box(qtbot: Any) -> None:
    wide, narrow, empty = QComboBox(), QComboBox(), QComboBox()
    for combo in (wide, narrow, empty):
        qtbot.addWidget(combo)
    make_narrow(narrow)
    make_narrow(empty)
    for combo in (wide, narrow):
        combo.addItem("a name of a layer that goes on and on " * 3)
    assert narrow.sizeHint().width() < wide.sizeHint().width() / 2
    assert narrow.sizeHint().width() == empty.sizeHint().width()
    assert narrow.currentText() == wide.currentText()
