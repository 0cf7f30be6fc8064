"""Choose a checkpoint: automatic, bundled, published or a file, with a line that describes it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
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
from napari_zerodce.checkpoints.named_files import label_of
from napari_zerodce.engine.automatic import WEIGHTS_FOR, AutomaticChoice
from napari_zerodce.gui.widgets.checkpoint_files import checkpoint_filter
from napari_zerodce.gui.widgets.combos import make_narrow

_UNKNOWN = "Photo or fluorescence weights, as the image needs."
_LINK = "QPushButton { border: none; background: transparent; padding: 0; text-align: left; }"


class CheckpointChooser(QWidget):
    """A combo box of checkpoints and two buttons that add more of them."""

    source_chosen = Signal(object)  # str or Path: what the user chose; it may be invalid
    published_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setObjectName("checkpoint")
        make_narrow(self.combo)
        self.combo.setToolTip("The weights of the network; all docks use the same.")
        self.description = QLabel()
        self.description.setWordWrap(True)
        self.description.setTextFormat(Qt.TextFormat.PlainText)  # the text may come from a file
        self.description.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.other_button = QPushButton()
        self.other_button.setObjectName("other_weights")
        self.other_button.setToolTip("Use other weights than the chosen ones, in all docks.")
        self.other_button.setStyleSheet(_LINK)
        self.other_button.setCursor(Qt.CursorShape.PointingHandCursor)
        font = self.other_button.font()
        font.setUnderline(True)
        self.other_button.setFont(font)
        self.other_button.hide()
        self.open_button = QPushButton("Open file…")
        self.open_button.setToolTip(
            "Open a .pth or .safetensors file of Zero-DCE, Zero-DCE++,\npix2pix, CycleGAN or CUT.\n"
            "You can also drop the file on this dock."
        )
        self.published_button = QPushButton("Get published weights…")
        self.published_button.setToolTip(
            "The weights of the authors, for non-commercial, academic use"
        )
        self._active_row = 0
        self._choice: AutomaticChoice | None = None
        self.combo.addItem("Automatic", registry.AUTOMATIC)
        self.combo.setItemData(
            0,
            "Fluorescence weights for mono images, and grey ones in colours, with a dark\n"
            "background; photo weights for others",
            Qt.ItemDataRole.ToolTipRole,
        )
        self._lay_out()
        self.refresh()
        self.combo.activated.connect(self._on_combo_activated)
        self.other_button.clicked.connect(self._on_other_clicked)
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
        layout.addWidget(self.other_button)
        layout.addLayout(buttons)

    def refresh(self) -> None:
        """List the registry again after a download; files that the user opened stay."""
        present = {self.combo.itemData(row) for row in range(self.combo.count())}
        entries = registry.available()
        for entry in entries:
            if entry.name not in present:
                self.combo.addItem(_text(entry), entry.name)
        self.published_button.setVisible(
            not {e.name for e in registry.PUBLISHED} <= {e.name for e in entries}
        )

    def show_active(self, source: str | Path, description: str) -> None:
        """Show the active checkpoint.

        Parameters
        ----------
        source : str or Path
            The checkpoint: a name in the registry, or a file.
        description : str
            The line below the combo box.
        """
        row = self._row(source)
        if row < 0:
            self.combo.addItem(label_of(Path(source)), source)
            row = self.combo.count() - 1
            self.combo.setItemData(row, str(source), Qt.ItemDataRole.ToolTipRole)
        self.combo.setCurrentIndex(row)
        self.description.setText(description)
        self.other_button.setText("Back to automatic weights")
        self.other_button.setVisible(source != registry.AUTOMATIC)
        self._active_row = row

    def show_automatic(self, choice: AutomaticChoice | None) -> None:
        """Show that the checkpoint is automatic, and a button for the other weights.

        Parameters
        ----------
        choice : AutomaticChoice, optional
            None if it is not known yet.
        """
        self._choice = choice
        self.show_active(registry.AUTOMATIC, _UNKNOWN if choice is None else choice.sentence)
        if choice is not None:
            self.other_button.setText(f"Use {choice.other} weights")
            self.other_button.show()

    def show_reading(self, step: str) -> None:
        """Show how far the image is read that decides the automatic checkpoint.

        Parameters
        ----------
        step : str
            Such as "3 of 9 parts read".
        """
        self.show_active(registry.AUTOMATIC, step)

    def show_previous(self) -> None:
        """Show the active checkpoint again, because the chosen one did not load."""
        self.combo.setCurrentIndex(self._active_row)

    def _row(self, source: str | Path) -> int:
        return next(
            (row for row in range(self.combo.count()) if self.combo.itemData(row) == source), -1
        )

    def _on_combo_activated(self, row: int) -> None:
        self.source_chosen.emit(self.combo.itemData(row))

    def _on_other_clicked(self) -> None:
        if self.combo.itemData(self._active_row) != registry.AUTOMATIC:
            self.source_chosen.emit(registry.AUTOMATIC)
        elif self._choice is not None:
            self.source_chosen.emit(WEIGHTS_FOR[self._choice.other])

    def _on_open_clicked(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a checkpoint", "", checkpoint_filter())
        if name:
            self.source_chosen.emit(Path(name))


def _text(entry: registry.RegistryEntry) -> str:
    return f"{entry.title} (bundled)" if entry.kind == "bundled" else entry.title
