"""Choose what training starts from: random weights of two sizes, or a generator in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog

from napari_zerodce.gui.widgets.checkpoint_files import checkpoint_filter
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.tool_tips import tool_tip
from napari_zerodce.training.translation.config import NetworkSize

if TYPE_CHECKING:
    from napari_zerodce.core.translators.design import GeneratorDesign

_SIZES: Final[Mapping[NetworkSize, str]] = {
    "small": "Small network",
    "full": "Full-size network",
}
_OPEN: Final = "open"
_PUBLISHED_FEATURES: Final = 64


@dataclass(frozen=True)
class GeneratorStart:
    """A generator to start from: its label, its file and its design."""

    label: str
    path: Path
    design: GeneratorDesign


class TranslatorStartChooser(QComboBox):
    """A combo box of sizes and of generators; its last entry opens a file."""

    changed = Signal()
    file_chosen = Signal(object)  # Path, which may be invalid

    def __init__(self) -> None:
        super().__init__()
        make_narrow(self)
        self.setToolTip(
            tool_tip(
                "Start from",
                "Random weights of a small network, for short runs without a GPU, or of the "
                "published size, for a GPU; or a generator of pix2pix, CycleGAN or CUT in a file.",
                default=_SIZES["small"],
            )
        )
        self._files: dict[str, GeneratorStart] = {}
        for size, text in _SIZES.items():
            self.addItem(text, size)
        self.addItem("Open a generator file…", _OPEN)
        self._before = 0
        self.activated.connect(self._on_activated)

    @property
    def network_size(self) -> NetworkSize:
        """The size of the networks; for a generator from a file, the one that its width is near."""
        generator = self.generator
        if generator is not None:
            return "full" if generator.design.features >= _PUBLISHED_FEATURES else "small"
        return "full" if self.currentData() == "full" else "small"

    @property
    def generator(self) -> GeneratorStart | None:
        """The chosen generator, None for random weights."""
        return self._files.get(self.currentData())

    def checkpoint(self) -> Path | None:
        """Return the file to start from; None: random weights."""
        generator = self.generator
        return None if generator is None else generator.path

    def title(self) -> str:
        """Return what training starts from, as the beginning of a line."""
        generator = self.generator
        if generator is None:
            return f"{_SIZES[self.network_size]}, random weights"
        return f"Starts from {generator.label}"

    def choose_size(self, size: NetworkSize) -> None:
        """Choose random weights."""
        self._choose(size)

    def offer(self, generator: GeneratorStart, *, chosen: bool) -> None:
        """Add the generator of a file.

        Parameters
        ----------
        generator : GeneratorStart
        chosen : bool
            Whether to choose it, too.
        """
        data = str(generator.path)
        self._files[data] = generator
        if self.findData(data) < 0:
            row = self.count() - 1
            self.insertItem(row, generator.label, data)
            self.setItemData(row, data, Qt.ItemDataRole.ToolTipRole)
        if chosen:
            self._choose(data)

    def _choose(self, data: str) -> None:
        row = self.findData(data)
        changes = row != self._before
        self.setCurrentIndex(row)
        self._before = row
        if changes:
            self.changed.emit()

    def _on_activated(self, row: int) -> None:
        if self.itemData(row) != _OPEN:
            self._choose(self.itemData(row))
            return
        self.setCurrentIndex(self._before)  # until the file is read
        name, _ = QFileDialog.getOpenFileName(self, "Open a generator", "", checkpoint_filter())
        if name:
            self.file_chosen.emit(Path(name))
