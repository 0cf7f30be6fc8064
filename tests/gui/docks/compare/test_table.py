"""The table of figures: sorted, copied, picked, and with a sentence for what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_zerodce.compare.columns import MISSING
from napari_zerodce.gui.docks.compare.table import FiguresTable, as_text


@pytest.fixture
def table(qtbot: Any) -> FiguresTable:
    table = FiguresTable()
    qtbot.addWidget(table)
    return table


@pytest.fixture
def comparison(stack: Any, compared_on: Callable[..., Any]) -> Any:
    return compared_on(stack, "beta", "fails", "alpha")[1]


def _texts(table: FiguresTable, row: int) -> list[str]:
    cells = [table.item(row, column) for column in range(table.columnCount())]
    return ["" if cell is None else cell.text() for cell in cells]


def test_rows_hold_figures_or_a_sentence(table: FiguresTable, comparison: Any) -> None:
    assert table.isHidden()
    table.show_comparison(comparison)
    assert not table.isHidden()
    headings = [table.horizontalHeaderItem(n).text() for n in range(table.columnCount())]
    assert headings == ["Method", "Bright", "Noise", "Rank", "s"]  # SSIM needs a reference
    assert _texts(table, 0) == ["source", "0.200", "0.0100", "1.000", MISSING]
    assert _texts(table, 1) == ["beta", "0.200", "0.0100", "0.900", "0.10"]
    assert "It is no checkpoint." in table.item(2, 0).text()
    assert table.columnSpan(2, 0) == 5
    assert table.columnSpan(1, 0) == 1
    table.show_comparison(None)
    assert table.isHidden()


def test_reference_gives_two_more_columns(table: FiguresTable, comparison: Any) -> None:
    first, *others = comparison.compared
    measured = replace(first, figures=replace(first.figures, ssim=0.5, psnr=float("inf")))
    table.show_comparison(replace(comparison, compared=(measured, *others)))
    assert _texts(table, 0)[4:6] == ["0.500", "∞"]
    assert _texts(table, 1)[4:6] == [MISSING, MISSING]


def test_click_on_a_heading_sorts_and_what_failed_is_last(
    table: FiguresTable, comparison: Any, qtbot: Any
) -> None:
    table.show_comparison(comparison)
    assert table.titles() == ["source", "beta", "fails", "alpha"]
    table.sort(2)
    assert table.titles() == ["alpha", "source", "beta", "fails"]
    assert table.columnSpan(3, 0) == 5
    assert table.columnSpan(2, 0) == 1
    table.sort(2)
    assert table.titles() == ["source", "beta", "alpha", "fails"]
    table.sort(4)  # seconds: the source has none
    assert table.titles()[:2] == ["alpha", "beta"]
    header = table.horizontalHeader()
    place = header.sectionViewportPosition(0) + 5
    table.resize(300, 200)
    point = QPoint(place, 5)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert table.titles() == ["alpha", "beta", "fails", "source"]
    table.show_comparison(comparison)
    assert table.titles() == ["source", "beta", "fails", "alpha"]


def test_copy_has_tabs_between_cells(table: FiguresTable, comparison: Any, qtbot: Any) -> None:
    table.show_comparison(comparison)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().text()
    assert copied == as_text(comparison)
    lines = [line.split("\t") for line in copied.splitlines()]
    assert lines[0] == ["Method", "Brightness", "Noise", "Rank correlation", "Time (s)"]
    assert lines[2] == ["beta", "0.200", "0.0100", "0.900", "0.10"]
    assert lines[3] == ["fails", "It is no checkpoint."]


def test_row_is_picked(table: FiguresTable, comparison: Any, qtbot: Any) -> None:
    table.show_comparison(comparison)
    table.sort(2)
    with qtbot.waitSignal(table.picked) as picked:
        table.setCurrentCell(2, 1)
    assert picked.args == ["beta"]


def test_long_sentence_needs_more_height(table: FiguresTable, comparison: Any) -> None:
    table.resize(300, 100)
    table.show_comparison(comparison)
    one_line = table.rowHeight(1)
    first, _, failed, _ = comparison.compared
    long = replace(failed, problem="What was found is something else than expected; " * 4)
    table.show_comparison(replace(comparison, compared=(first, long)))
    assert table.rowHeight(1) > 2 * one_line
    assert table.height() >= table.rowHeight(0) + table.rowHeight(1)


def test_rows_suit_the_width_in_which_they_are_first_shown(comparison: Any, qtbot: Any) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    table = FiguresTable()
    layout = QVBoxLayout(box)
    layout.addWidget(table)
    box.resize(300, 500)
    with qtbot.waitExposed(box):
        box.show()
    first, second, failed, _ = comparison.compared
    long = replace(second, title="an_experiment_with_a_long_name/latest_net_G.pth")
    told = replace(failed, problem="What was found is something else than expected; " * 3)
    table.show_comparison(replace(comparison, compared=(first, long, told)))
    QApplication.processEvents()
    heights = [table.rowHeight(row) for row in range(3)]
    assert heights[1] > 1.5 * heights[0]
    assert heights[2] > 1.5 * heights[0]
    box.resize(600, 500)
    qtbot.waitUntil(lambda: table.rowHeight(1) < heights[1])
