"""The figures of a comparison in a table that can be sorted and copied."""

from __future__ import annotations

from math import isnan
from typing import Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from napari_zerodce.compare.columns import ALL_COLUMNS, SECONDS, Column
from napari_zerodce.compare.comparison import Compared, Comparison
from napari_zerodce.gui.widgets.setting_field import wrapped

_HEADINGS: Final = {
    "brightness": "Bright",
    "noise": "Noise",
    "rank_correlation": "Rank",
    "ssim": "SSIM",
    "psnr": "PSNR",
    "seconds": "s",
}
"""Short titles of the columns, so that all fit into a dock."""

_PADDING: Final = 10

_TEXT_PADDING: Final = 10
"""Pixels beside the text of a cell; Qt takes up to five at each side."""

_BREAK: Final = "\u200b"
"""A space without width, so that Qt breaks the name of a file, which has no other space."""

_OF_REFERENCE: Final = frozenset({"ssim", "psnr"})


def as_text(comparison: Comparison) -> str:
    """Return the figures of a comparison as lines of cells that tabs separate.

    Parameters
    ----------
    comparison : Comparison
    """
    columns = columns_of(comparison)
    columns = columns_of(comparison)
    lines = [["Method", *(column.heading for column in columns)]]
    for each in comparison.compared:
        cells = [each.problem] if each.problem else [_text(column, each) for column in columns]
        lines.append([each.title, *cells])
    return "\n".join("\t".join(line) for line in lines)


def columns_of(comparison: Comparison) -> list[Column]:
    """Return the columns that a comparison has: those of a reference only if something has them.

    Parameters
    ----------
    comparison : Comparison
    """
    known = [each.figures for each in comparison.compared if each.figures is not None]
    is_measured = any(figures.psnr is not None for figures in known)
    return [column for column in ALL_COLUMNS if is_measured or column.name not in _OF_REFERENCE]


def _value(column: Column, compared: Compared) -> float | None:
    return compared.seconds if column is SECONDS else column.value(compared.figures)


def _text(column: Column, compared: Compared) -> str:
    return column.text(_value(column, compared))


class FiguresTable(QTableWidget):
    """A row for each candidate: its figures, or the sentence that says why it failed.

    A click on a heading sorts; a second one sorts in the other direction.
    """

    picked = Signal(str)  # the title of the candidate that the user has clicked

    def __init__(self) -> None:
        super().__init__()
        self.comparison: Comparison | None = None
        self._columns: list[Column] = []
        self._rows: list[Compared] = []
        self._sorted: tuple[int, bool] | None = None
        self.setObjectName("figures")
        self.setToolTip("Click a heading to sort, a row to select its layer.")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._header(vertical=True).hide()
        self._header().sectionClicked.connect(self.sort)
        self.currentCellChanged.connect(self._on_current_cell_changed)
        self.hide()

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Show the figures of a comparison, in the order of its candidates.

        Parameters
        ----------
        comparison : Comparison, optional
            None empties and hides the table.
        """
        self.comparison, self._sorted = comparison, None
        self._columns = [] if comparison is None else columns_of(comparison)
        self._rows = [] if comparison is None else list(comparison.compared)
        self._fill()
        self.setVisible(comparison is not None)

    def sort(self, section: int) -> None:
        """Sort by a column, the largest number first; again, the smallest.

        Parameters
        ----------
        section : int
            0 is the title of the candidate, in the order of the alphabet.
        """
        down = self._sorted != (section, True) if section else self._sorted == (section, False)
        self._sorted = (section, down)
        order = Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder
        self._header().setSortIndicator(section, order)
        if section == 0:
            self._rows.sort(key=lambda each: each.title.lower(), reverse=down)
        else:
            self._rows.sort(key=lambda each: _place(self._columns[section - 1], each, down))
        self._fill()

    def copy(self) -> None:
        """Copy all figures, for a spreadsheet."""
        clipboard = QApplication.clipboard()
        if clipboard is not None and self.comparison is not None:
            clipboard.setText(as_text(self.comparison))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Copy the whole table with the usual keys."""
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)

    def titles(self) -> list[str]:
        """Return the titles of the rows from top to bottom."""
        return [each.title for each in self._rows]

    def _header(self, *, vertical: bool = False) -> QHeaderView:
        header = self.verticalHeader() if vertical else self.horizontalHeader()
        assert header is not None
        return header

    def _fill(self) -> None:
        self.blockSignals(True)
        self.clear()
        self.clearSpans()
        self.setRowCount(len(self._rows))
        self.setColumnCount(1 + len(self._columns))
        self._fill_headings()
        for row, compared in enumerate(self._rows):
            self._fill_row(row, compared)
        self.setCurrentCell(-1, -1)
        self.blockSignals(False)
        self._fit()

    def _fill_headings(self) -> None:
        for number, (text, tip) in enumerate(
            (
                ("Method", "What was compared."),
                *(
                    (_HEADINGS[each.name], wrapped(f"{each.heading}: {each.meaning}"))
                    for each in self._columns
                ),
            )
        ):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(number, item)
        self._header().setSortIndicatorShown(self._sorted is not None)

    def _fill_row(self, row: int, compared: Compared) -> None:
        if compared.problem:
            self._fill_cell(
                row, 0, f"{_breakable(compared.title)} ⚠ {compared.problem}", _tip(compared)
            )
            self.setSpan(row, 0, 1, 1 + len(self._columns))
            return
        self._fill_cell(row, 0, _breakable(compared.title), _tip(compared))
        for number, column in enumerate(self._columns, start=1):
            item = self._fill_cell(row, number, _text(column, compared))
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _fill_cell(self, row: int, column: int, text: str, tip: str = "") -> QTableWidgetItem:
        item = QTableWidgetItem(text)
        item.setToolTip(tip)
        self.setItem(row, column, item)
        return item

    # ---- size

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Give each row the height that its text needs in the new width."""
        super().resizeEvent(event)
        self._fit_heights()

    def _fit(self) -> None:
        header, metrics = self._header(), self.fontMetrics()
        header.setMinimumSectionSize(_PADDING)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for number, column in enumerate(self._columns, start=1):
            texts = [_HEADINGS[column.name], *(_text(column, row) for row in self._rows)]
            widest = max(metrics.horizontalAdvance(text) for text in texts)
            self.setColumnWidth(number, widest + _PADDING)
        if self.columnCount():
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._fit_heights()

    def _fit_heights(self) -> None:
        """Let the table be as high as its rows; Qt does not wrap a text that spans columns."""
        flags, metrics = int(Qt.TextFlag.TextWordWrap), self.fontMetrics()
        height = self._header().sizeHint().height() + 2 * self.frameWidth()
        viewport = self.viewport()
        whole = self.width() if viewport is None else viewport.width()
        # Qt stretches the first column later than it resizes the table.
        first = whole - sum(self.columnWidth(n) for n in range(1, self.columnCount()))
        for row in range(self.rowCount()):
            item = self.item(row, 0)
            spans = self.columnSpan(row, 0) > 1
            width = whole if spans else first
            text = "" if item is None else item.text()
            box = metrics.boundingRect(0, 0, width - _TEXT_PADDING, 10_000, flags, text)
            self.setRowHeight(row, box.height() + _PADDING // 2)
            height += self.rowHeight(row)
        self.setFixedHeight(height)

    # ---- clicks

    def _on_current_cell_changed(self, row: int, *_: int) -> None:
        if 0 <= row < len(self._rows):
            self.picked.emit(self._rows[row].title)


def _place(column: Column, compared: Compared, down: bool) -> tuple[bool, float]:
    """Return what a row is sorted by; rows without a number are the last ones."""
    value = _value(column, compared)
    is_missing = value is None or isnan(value)
    return is_missing, 0.0 if value is None or is_missing else -value if down else value


def _breakable(title: str) -> str:
    """Return a title that can be broken after slashes and underscores."""
    return title.replace("/", f"/{_BREAK}").replace("_", f"_{_BREAK}")


def _tip(compared: Compared) -> str:
    return "\n".join(filter(None, (compared.title, compared.about, *compared.notices)))
