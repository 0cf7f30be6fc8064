"""A dock scrolls to its controls while the parts below them appear, until the user scrolls."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget

from napari_zerodce.gui.shared.training.progress_view import ProgressView


class Column(QScrollArea):
    """A form of 600 pixels, controls of 50, and a plot of 600 that is hidden at first."""

    def __init__(self) -> None:
        super().__init__()
        content = QWidget()
        layout = QVBoxLayout(content)
        self.form, self.controls, self.plot = (self._part(h, layout) for h in (600, 50, 600))
        self.plot.hide()
        layout.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.resize(300, 400)
        self.view = ProgressView(self, self.controls)

    def _part(self, height: int, layout: QVBoxLayout) -> QWidget:
        part = QWidget()
        part.setFixedHeight(height)
        layout.addWidget(part)
        return part

    @property
    def place(self) -> int:
        bar = self.verticalScrollBar()
        assert bar is not None
        return bar.value()


@pytest.fixture
def column(qtbot: Any) -> Column:
    made = Column()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_what_appears_below_is_in_sight(column: Column, qtbot: Any) -> None:
    column.view.follow()
    qtbot.waitUntil(lambda: column.place > 0)
    assert column.place < column.controls.y(), "nothing is below yet"
    column.plot.show()
    qtbot.waitUntil(lambda: column.place == column.controls.y())


def test_the_user_decides_the_place(column: Column, qtbot: Any) -> None:
    column.view.follow()
    qtbot.waitUntil(lambda: column.place > 0)
    wheel = QWheelEvent(
        QPointF(9, 9), QPointF(9, 9), QPoint(), QPoint(0, 1200), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(column.viewport(), wheel)
    column.verticalScrollBar().setValue(0)
    column.plot.show()
    qtbot.wait(50)
    assert column.place == 0


def test_a_message_is_scrolled_to_only_if_it_is_out_of_sight(column: Column, qtbot: Any) -> None:
    column.view.show_message(column.form)
    qtbot.wait(20)
    before = column.place
    column.view.show_message(column.controls)
    qtbot.waitUntil(lambda: column.place > before)
    there = column.place
    column.view.show_message(column.controls)
    qtbot.wait(20)
    assert column.place == there
