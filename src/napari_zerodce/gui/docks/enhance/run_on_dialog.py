"""The dialog that asks where to run a batch, and where its result goes."""

from __future__ import annotations

from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.gui.docks.enhance.batch_process import Elsewhere
from napari_zerodce.gui.widgets.labels import text_label

_MOST_PROCESSES = 999


class RunOnDialog(QDialog):
    """Asks for a scheduler or a number of processes, and for a folder.

    Parameters
    ----------
    about : str
        What is enhanced, in a sentence.
    suggested : Elsewhere
        What the fields show first.
    parent : QWidget, optional
    """

    def __init__(self, about: str, suggested: Elsewhere, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Run on…")
        self.scheduler = QLineEdit(suggested.scheduler)
        self.scheduler.setPlaceholderText("this computer, or tcp://10.0.0.5:8786")
        self.scheduler.setToolTip(
            "The address that 'dask scheduler' prints. Its workers must be able to read the image "
            "and to write the result at the same paths. Empty: processes of this computer."
        )
        self.workers = QSpinBox()
        self.workers.setRange(0, _MOST_PROCESSES)
        self.workers.setSpecialValueText("Automatic")
        self.workers.setValue(suggested.workers)
        self.workers.setToolTip(
            "Processes of this computer. Automatic: one for each GPU, or one for a few cores."
        )
        self.output = QLineEdit(suggested.output)
        self.output.setToolTip("The folder of the result, or a URL for an OME-Zarr.")
        self.browse = QPushButton("Browse…")
        self.browse.setToolTip("Choose the folder of the result.")
        self._arrange(about)
        self.browse.clicked.connect(self._on_browse_clicked)
        self.scheduler.textChanged.connect(self._on_text_changed)
        self.output.textChanged.connect(self._on_text_changed)
        self._on_text_changed()

    def _arrange(self, about: str) -> None:
        buttons = QDialogButtonBox()
        start = buttons.addButton("Start", QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        assert start is not None
        assert cancel is not None
        start.setToolTip("Start the batch. napari stays free for other work.")
        cancel.setToolTip("Start nothing.")
        self.start_button = start
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        folder = QHBoxLayout()
        folder.addWidget(self.output)
        folder.addWidget(self.browse)
        rows = QFormLayout()
        rows.addRow("Scheduler", self.scheduler)
        rows.addRow("Processes", self.workers)
        rows.addRow("Save in", folder)
        layout = QVBoxLayout(self)
        layout.addWidget(text_label("about", about))
        layout.addLayout(rows)
        layout.addWidget(buttons)
        self.setMinimumWidth(480)

    def choice(self) -> Elsewhere:
        """Return what the user has chosen."""
        output, scheduler = self.output.text().strip(), self.scheduler.text().strip()
        return Elsewhere(output, scheduler, self.workers.value())

    def _on_browse_clicked(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Save in", self.output.text())
        if folder:
            self.output.setText(folder)

    def _on_text_changed(self, _: str = "") -> None:
        self.workers.setEnabled(not self.scheduler.text().strip())
        self.start_button.setEnabled(bool(self.output.text().strip()))
