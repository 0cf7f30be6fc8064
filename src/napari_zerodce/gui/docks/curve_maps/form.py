"""The choices of the Curve maps dock: what to show of the maps, and how."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.curve_maps.images import MapChoice
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.labels import text_label

_KINDS = (
    ("alphas", "Curve parameters A", "A > 0 brightens: LE(x) = x + A x (1 - x)"),
    ("steps", "Image after each iteration", "LE_1 to LE_8, from 0 to 1 of the window"),
    ("gain", "Gain: output / input", "How many times brighter each pixel became"),
    ("noise-gain", "Noise gain: slope", "How many times stronger noise is at each pixel"),
)
_CHANNELS = (
    ("mean", "Mean of the channels", ""),
    ("each", "Each channel", "A layer for red, one for green, one for blue"),
    ("rgb", "As colours", "Red, green and blue in one layer"),
)
_ARRANGEMENTS = (
    ("axis", "One layer, slider", "The iterations along an axis of one layer"),
    ("separate", "One layer each", "Each iteration is a layer"),
)
_EXTENTS = (
    ("plane", "Plane on screen", "Computed again when the slider moves"),
    ("stack", "All, lazily", "Each plane is computed when it is first shown, which takes a moment"),
)
_SHARED = "Zero-DCE++ has one shared map: the same A in all eight iterations, shown once."


class MapForm(QWidget):
    """Holds a `MapChoice`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.kind = _combo(_KINDS)
        self.channels = _combo(_CHANNELS)
        self.arrangement = _combo(_ARRANGEMENTS)
        self.extent = _combo(_EXTENTS)
        self.iterations = [QPushButton() for _ in range(ITERATIONS)]
        self.shared = text_label("shared", _SHARED)
        self.shared.hide()
        self._is_shared = False
        self._form = QFormLayout(self)
        self._lay_out()
        self._show_all_iterations()
        for combo in (self.kind, self.channels, self.arrangement, self.extent):
            combo.currentIndexChanged.connect(self._on_part_changed)
        self.kind.currentIndexChanged.connect(self._on_kind_changed)

    def _lay_out(self) -> None:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for number, button in enumerate(self.iterations, start=1):
            button.setText(str(number))
            button.setCheckable(True)
            button.setMinimumWidth(22)
            button.setToolTip(f"Iteration {number}")
            button.toggled.connect(self._on_part_changed)
            layout.addWidget(button)
        form = self._form
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow("Show", self.kind)
        form.addRow("Channels", self.channels)
        form.addRow("Iterations", row)
        form.addRow(self.shared)
        form.addRow("As", self.arrangement)
        self._extent_label = QLabel("Of")
        form.addRow(self._extent_label, self.extent)

    def choice(self) -> MapChoice:
        """Return the choice. Raises RequestError if no iteration is chosen."""
        numbers = tuple(n for n, b in enumerate(self.iterations, start=1) if b.isChecked())
        if not numbers:
            raise RequestError("No iteration is chosen; press at least one of the numbers 1 to 8.")
        return MapChoice(
            kind=self.kind.currentData(),
            channels=self.channels.currentData(),
            iterations=numbers,
            arrangement=self.arrangement.currentData(),
            extent="plane" if self.extent.isHidden() else self.extent.currentData(),
        )

    def offer(self, *, colour: bool, stack: bool, shared: bool) -> None:
        """Offer what the image and the checkpoint have.

        Parameters
        ----------
        colour, stack : bool
            Whether the image has three channels, and more than one plane.
        shared : bool
            Whether one map serves all iterations.
        """
        self._is_shared = shared
        self.channels.setEnabled(colour)
        self.extent.setVisible(stack)
        self._extent_label.setVisible(stack)
        self._show_shared()

    def _show_shared(self) -> None:
        self.shared.setVisible(self._is_shared and self.kind.currentData() == "alphas")

    def _on_kind_changed(self) -> None:
        # Gains are asked for after all iterations, parameters and steps of each.
        total = self.kind.currentData() in {"gain", "noise-gain"}
        for number, button in enumerate(self.iterations, start=1):
            button.setChecked(number == ITERATIONS or not total)
        if self.kind.currentData() == "steps":
            self.channels.setCurrentIndex(self.channels.findData("rgb"))
        self._show_shared()

    def _show_all_iterations(self) -> None:
        for button in self.iterations:
            button.setChecked(True)

    def _on_part_changed(self, _: Any = None) -> None:
        self.changed.emit()


def _combo(entries: tuple[tuple[str, str, str], ...]) -> QComboBox:
    combo = QComboBox()
    make_narrow(combo)
    for row, (key, text, tip) in enumerate(entries):
        combo.addItem(text, key)
        combo.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
    return combo
