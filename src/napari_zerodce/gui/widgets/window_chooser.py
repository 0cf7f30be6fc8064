"""Choose the intensity window: a kind of window, and two numbers if the kind needs them."""

from __future__ import annotations

from qtpy.QtCore import QLocale, Qt, Signal
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.imaging.intensity import WindowChoice

_AUTOMATIC = (
    "Mono with a dark background: from the background to 99.9 %;\n"
    "others: the range of the data type if it has 8 bits, else percentiles 0.1 to 99.9"
)
_CHOICES = (
    ("auto", "Automatic", _AUTOMATIC),
    ("contrast", "Contrast limits of the layer", "The intensities shown as black and as white"),
    ("percentile", "Percentiles", "Percentage of the samples below the two ends of the window"),
    ("background", "Background to 99.9 %", "From the level of the background, found by itself"),
    ("minmax", "Minimum to maximum", "The smallest and the largest finite sample"),
    ("dtype", "Range of the data type", "0 to 255, 0 to 65535, ...; floats: 0 to 1"),
    ("range", "From … to …", "Two intensities in units of the image"),
)
_DEFAULTS = {"percentile": ("0.1", "99.9"), "range": ("", "")}


class WindowChooser(QWidget):
    """A combo box of window choices; samples outside the window stay unchanged."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.kind = QComboBox()
        make_narrow(self.kind)
        for key, text, tip in _CHOICES:
            self.kind.addItem(text, key)
            self.kind.setItemData(self.kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.kind.setToolTip(
            "The intensities that are mapped to [0, 1] before the curves are applied.\n"
            "Samples outside this window stay unchanged."
        )
        self.low, self.high = _number_field("from"), _number_field("to")
        self._numbers = QWidget()
        numbers = QHBoxLayout(self._numbers)
        numbers.setContentsMargins(0, 0, 0, 0)
        for part in (self.low, QLabel("to"), self.high):
            numbers.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.kind)
        layout.addWidget(self._numbers)
        self._numbers.hide()
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        self.low.textChanged.connect(self.changed)
        self.high.textChanged.connect(self.changed)

    def choice(self) -> WindowChoice:
        """Return the choice.

        Raises
        ------
        RequestError
            If a number is missing, or the two numbers are an invalid window.
        """
        kind = self.kind.currentData()
        if kind not in _DEFAULTS:
            return WindowChoice(kind)
        low, high = self.low.text().strip(), self.high.text().strip()
        if not low or not high:
            raise RequestError(
                "The intensity window needs two numbers; enter both, or choose 'Automatic'."
            )
        return WindowChoice.parse(
            f"percentile:{low},{high}" if kind == "percentile" else f"{low},{high}"
        )

    def show_choice(self, choice: WindowChoice) -> None:
        """Show a choice."""
        self.kind.setCurrentIndex(self.kind.findData(choice.kind))
        if choice.kind in _DEFAULTS:
            low, _, high = str(choice).rpartition(":")[2].partition(",")
            self.low.setText(low)
            self.high.setText(high)

    def _on_kind_changed(self) -> None:
        kind = self.kind.currentData()
        self._numbers.setVisible(kind in _DEFAULTS)
        if kind in _DEFAULTS:
            low, high = _DEFAULTS[kind]
            self.low.setText(low)
            self.high.setText(high)
        self.changed.emit()


def _number_field(placeholder: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(placeholder)
    validator = QDoubleValidator(field)
    # The decimal separator is a point in every language, as on the command line.
    validator.setLocale(QLocale(QLocale.Language.C))
    field.setValidator(validator)
    return field
