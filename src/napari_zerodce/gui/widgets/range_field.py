"""Choose a range of an axis: its first and its last index."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget


class RangeField(QWidget):
    """Two numbers, at first all of the axis.

    Parameters
    ----------
    label : str
        What the numbers count, such as "planes".
    length : int
        Length of the axis.
    """

    changed = Signal()

    def __init__(self, label: str, length: int) -> None:
        super().__init__()
        self.first, self.last = QSpinBox(), QSpinBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for text, number, which in ((label, self.first, "first"), ("to", self.last, "last")):
            number.setRange(0, length - 1)
            number.setToolTip(f"The {which} one, 0 to {length - 1}, counted as on the slider.")
            layout.addWidget(QLabel(text))
            layout.addWidget(number, 1)
        self.last.setValue(length - 1)
        self.first.valueChanged.connect(self.changed)
        self.last.valueChanged.connect(self.changed)

    @property
    def ends(self) -> tuple[int, int]:
        """The first and the last index."""
        return self.first.value(), self.last.value()

    @ends.setter
    def ends(self, ends: tuple[int, int]) -> None:
        self.first.setValue(ends[0])
        self.last.setValue(ends[1])
