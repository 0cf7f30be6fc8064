"""The field of a name: any text becomes one short line when it is typed."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QLineEdit

from napari_zerodce.gui.shared.training.name_field import NameField


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("cells of November", "cells of November"),
        ("  two\nlines ", "two lines"),
        ("x" * 300, "x" * 59 + "…"),
        ("nuclei 🔬", "nuclei 🔬"),
        ("", ""),
    ],
)
def test_what_is_typed_is_shown_as_it_is_kept(qtbot: Any, typed: str, name: str) -> None:
    field = NameField()
    line = field.native
    assert isinstance(line, QLineEdit)
    qtbot.addWidget(line)
    line.setText(typed)
    assert field.name == name, "also before the field has lost the focus"
    line.editingFinished.emit()
    assert line.text() == name
