"""What a comparison has found: notices, the table of figures, and what can be done with them."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from napari_zerodce.compare.comparison import Comparison
from napari_zerodce.gui.docks.compare.table import FiguresTable
from napari_zerodce.gui.widgets.labels import Sentence
from napari_zerodce.gui.widgets.settings_form import side_by_side


class ResultsPanel(QWidget):
    """Shows the figures of a comparison; it is hidden while there is none."""

    picked = Signal(str)  # the title of a candidate
    report_requested = Signal(object)  # Path of the folder where the report is created
    close_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.caption = Sentence("caption")
        self.notices = Sentence("notices")
        self.table = FiguresTable()
        self.copy = _button("Copy", "Copy the figures, for a spreadsheet.")
        self.report = _button(
            "Save report…", "Write a folder with a page of the pictures and the figures."
        )
        self.close_button = _button(
            "Close", "Remove the layers of the comparison, and show what was on screen before."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        buttons = side_by_side(self.copy, self.report, self.close_button)
        for part in (self.caption, self.notices, self.table, buttons):
            layout.addWidget(part)
        self.table.picked.connect(self.picked)
        self.copy.clicked.connect(self.table.copy)
        self.report.clicked.connect(self._on_report_clicked)
        self.close_button.clicked.connect(self.close_requested)
        self.hide()

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Show the figures of a comparison; one that is shown stays as it was sorted.

        Parameters
        ----------
        comparison : Comparison, optional
            None hides the panel.
        """
        if comparison is not self.table.comparison:
            self.table.show_comparison(comparison)
        self.setVisible(comparison is not None)

    def _on_report_clicked(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Where to save the folder of the report")
        if name:
            self.report_requested.emit(Path(name))


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
