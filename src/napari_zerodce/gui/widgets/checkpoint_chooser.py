"""Choose a checkpoint: bundled, published or a file, with a line that says what it is."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QMimeData, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.checkpoints import registry
from napari_zerodce.gui.widgets.combos import make_narrow

CHECKPOINT_SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")


class CheckpointChooser(QWidget):
    """A combo box of checkpoints and two buttons that bring more of them."""

    source_chosen = Signal(object)  # str or Path, chosen by the user, not yet known to be good
    published_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setObjectName("checkpoint")
        make_narrow(self.combo)
        self.description = QLabel()
        self.description.setWordWrap(True)
        self.description.setTextFormat(Qt.TextFormat.PlainText)  # files name their own licence
        self.description.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_button = QPushButton("Open file…")
        self.open_button.setToolTip(
            "A .pth or .safetensors file of Zero-DCE or Zero-DCE++.\n"
            "Dropping it on this dock does the same."
        )
        self.published_button = QPushButton("Get published weights…")
        self.published_button.setToolTip("The authors' weights: non-commercial, academic use")
        self._active_row = 0
        self._lay_out()
        self.refresh()
        self.combo.activated.connect(self._on_combo_activated)
        self.open_button.clicked.connect(self._on_open_clicked)
        self.published_button.clicked.connect(self.published_requested)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.published_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.combo)
        layout.addWidget(self.description)
        layout.addLayout(buttons)

    def refresh(self) -> None:
        """List the registry again, after a download; files the user opened stay."""
        present = {self.combo.itemData(row) for row in range(self.combo.count())}
        entries = registry.available()
        for entry in entries:
            if entry.name not in present:
                self.combo.addItem(_text(entry), entry.name)
        self.published_button.setVisible(
            not {e.name for e in registry.PUBLISHED} <= {e.name for e in entries}
        )

    def show_active(self, source: str | Path, description: str) -> None:
        """Show which checkpoint is active and what it is."""
        row = self._row(source)
        if row < 0:
            self.combo.addItem(Path(source).name, source)
            row = self.combo.count() - 1
            self.combo.setItemData(row, str(source), Qt.ItemDataRole.ToolTipRole)
        self.combo.setCurrentIndex(row)
        self.description.setText(description)
        self._active_row = row

    def show_previous(self) -> None:
        """Go back to the active checkpoint, because the one just chosen did not load."""
        self.combo.setCurrentIndex(self._active_row)

    def _row(self, source: str | Path) -> int:
        return next(
            (row for row in range(self.combo.count()) if self.combo.itemData(row) == source), -1
        )

    def _on_combo_activated(self, row: int) -> None:
        self.source_chosen.emit(self.combo.itemData(row))

    def _on_open_clicked(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in CHECKPOINT_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(
            self, "Open a Zero-DCE checkpoint", "", f"Checkpoints ({patterns});;All files (*)"
        )
        if name:
            self.source_chosen.emit(Path(name))


def _text(entry: registry.RegistryEntry) -> str:
    return f"{entry.title} (bundled)" if entry.kind == "bundled" else entry.title


def dropped_checkpoint(dropped: QMimeData | None) -> Path | None:
    """Return the file that is dropped if it is one that may be a checkpoint."""
    urls = dropped.urls() if dropped is not None else []
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.suffix.lower() in CHECKPOINT_SUFFIXES else None
