"""Choose the intensity window: a kind of window, and two numbers if the kind needs them."""

from __future__ import annotations

from qtpy.QtCore import QLocale, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.imaging.windows import DEFAULT_PERCENTILES, Window, WindowChoice

_AUTOMATIC = (
    "Mono, or grey in colours, with a dark background: from the background to 99.9 %;\n"
    "colours, and 8 bits: the range of the data type; others: percentiles 0.1 to 99.9"
)
_DTYPE = (
    "0 to 255, 0 to 65535, ...; floats: 0 to 1\n"
    "A layer does not tell of 12 bits in 16: take From 0 to 4095 for them."
)
_CHOICES = (
    ("auto", "Automatic", _AUTOMATIC),
    ("contrast", "Contrast limits of the layer", "The intensities shown as black and as white"),
    ("percentile", "Percentiles", "Percentage of the samples below the two ends of the window"),
    ("background", "Background to 99.9 %", "From the level of the background, found by itself"),
    ("minmax", "Minimum to maximum", "The smallest and the largest finite sample"),
    ("dtype", "Range of the data type", _DTYPE),
    ("range", "From … to …", "Two intensities in units of the image, at first the automatic ones"),
)
_NUMBERS_OF = ("percentile", "range")


class WindowChooser(QWidget):
    """A combo box of window choices; samples outside the window stay unchanged.

    The intensities "From … to …" are those of the automatic window until the user types others.
    """

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
        self.low, self.high = _number_field("lower"), _number_field("upper")
        self._automatic: Window | None = None
        # What was typed, by the kind of window; it is there again after a look at another kind.
        low, high = map(str, DEFAULT_PERCENTILES)
        self._typed = {"percentile": (low, high)}
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
        for field in (self.low, self.high):
            field.textChanged.connect(self._on_number_typed)

    def choice(self) -> WindowChoice:
        """Return the choice.

        Raises
        ------
        RequestError
            If a number is missing, or the two numbers are an invalid window.
        """
        kind = self.kind.currentData()
        if kind not in _NUMBERS_OF:
            return WindowChoice(kind)
        low, high = self.low.text().strip(), self.high.text().strip()
        if self.wants_automatic:
            return WindowChoice("auto")  # for several layers or channels, it is a window for each
        if not low or not high:
            raise RequestError(
                "The intensity window needs two numbers; enter both, or choose 'Automatic'."
            )
        return WindowChoice.parse(
            f"percentile:{low},{high}" if kind == "percentile" else f"{low},{high}"
        )

    def show_choice(self, choice: WindowChoice) -> None:
        """Show a choice; its numbers count as typed."""
        if choice.kind in _NUMBERS_OF:
            low, _, high = str(choice).rpartition(":")[2].partition(",")
            self._typed[choice.kind] = (low, high)
        self.kind.setCurrentIndex(self.kind.findData(choice.kind))
        self._show_numbers()

    @property
    def wants_automatic(self) -> bool:
        """Whether the two intensities are those of the automatic window."""
        return self.kind.currentData() == "range" and "range" not in self._typed

    def show_automatic(self, window: Window | None) -> None:
        """Show the automatic window as the two intensities, unless the user has typed others.

        Parameters
        ----------
        window : Window, optional
            That of the chosen layer; None while it is unknown.
        """
        self._automatic = window
        if self.wants_automatic:
            self._show_numbers()
            self.changed.emit()

    def _show_numbers(self) -> None:
        kind = self.kind.currentData()
        self._numbers.setVisible(kind in _NUMBERS_OF)
        numbers = self._typed.get(kind) or _texts(self._automatic)
        with QSignalBlocker(self.low), QSignalBlocker(self.high):
            self.low.setText(numbers[0])
            self.high.setText(numbers[1])

    def _on_kind_changed(self) -> None:
        self._show_numbers()
        self.changed.emit()

    def _on_number_typed(self) -> None:
        kind, numbers = self.kind.currentData(), (self.low.text(), self.high.text())
        if any(numbers) or kind != "range":
            self._typed[kind] = numbers
        else:  # both were deleted
            self._typed.pop(kind, None)
            self._show_numbers()
        self.changed.emit()


def _texts(window: Window | None) -> tuple[str, str]:
    """Return the two ends of a window as short texts."""
    if window is None:
        return "", ""
    low, high = _short(window.low), _short(window.high)
    if float(low) < float(high):
        return low, high
    return str(window.low), str(window.high)  # narrow and far from zero: it needs all digits


def _short(end: float) -> str:
    return str(end) if isinstance(end, int) else f"{end:.6g}"


def _number_field(end: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText("…")
    field.setToolTip(
        f"The {end} end of the window: an intensity, or a percentage of the samples.\n"
        "Empty both fields to get the intensities of the automatic window again."
    )
    validator = QDoubleValidator(field)
    # The decimal separator is a point in every language, as on the command line.
    validator.setLocale(QLocale(QLocale.Language.C))
    field.setValidator(validator)
    return field
