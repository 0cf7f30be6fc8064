"""The controls of a look: strength, iterations, exposure, one global curve, limit to detail."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QFormLayout, QPushButton, QWidget
from superqt import QLabeledDoubleSlider, QLabeledSlider

from napari_zerodce.engine.look import AS_PUBLISHED, MOST_ITERATIONS, MOST_STOPS, STRONGEST, Look

_GAIN_AT_FIRST = 2.0
_LARGEST_GAIN = 8.0


class LookForm(QWidget):
    """Holds a look; knows nothing of what is done with it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.strength = _slider(
            0,
            STRONGEST,
            "0 is the original, 1 the curves as estimated.\n"
            "Every curve stays monotone, whatever the strength.",
        )
        self.iterations = QLabeledSlider(Qt.Orientation.Horizontal)
        self.iterations.setRange(1, MOST_ITERATIONS)
        self.iterations.setToolTip("How many of the eight iterations of the curve are applied.")
        self.exposure = _slider(
            -MOST_STOPS,
            MOST_STOPS,
            "Stops by which the shadows are trimmed; black and white stay where they are.",
        )
        self.global_curve = QCheckBox("One curve for the whole image")
        self.global_curve.setToolTip(
            "The mean of all curves, for all pixels, channels and planes: the order of\n"
            "intensities is kept exactly, and the result can be inverted."
        )
        self.limits_detail = QCheckBox("Detail ≤")
        self.limits_detail.setToolTip(
            "Curves lift a smooth base; fine detail, and noise with it,\n"
            "is amplified at most this many times."
        )
        self.detail_gain = _slider(0, _LARGEST_GAIN, self.limits_detail.toolTip())
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip("The method as published.")
        self._quiet = False
        self._lay_out()
        self.show_look(AS_PUBLISHED)
        for slider in (self.strength, self.iterations, self.exposure, self.detail_gain):
            slider.valueChanged.connect(self._on_part_changed)
        for box in (self.global_curve, self.limits_detail):
            box.toggled.connect(self._on_part_changed)
        self.reset_button.clicked.connect(self._on_reset_clicked)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow("Strength", self.strength)
        form.addRow("Iterations", self.iterations)
        form.addRow("Exposure", self.exposure)
        form.addRow(self.limits_detail, self.detail_gain)
        form.addRow(self.global_curve)
        form.addRow(self.reset_button)

    def look(self) -> Look:
        """Return the look that is set."""
        return Look(
            strength=round(self.strength.value(), 2),
            iterations=self.iterations.value(),
            exposure=round(self.exposure.value(), 2),
            global_curve=self.global_curve.isChecked(),
            detail_gain_limit=(
                round(self.detail_gain.value(), 2) if self.limits_detail.isChecked() else None
            ),
        )

    def show_look(self, look: Look) -> None:
        """Show a look; says once that it has changed, if it has."""
        before = self.look()
        self._quiet = True
        limit = look.detail_gain_limit
        self.strength.setValue(look.strength)
        self.iterations.setValue(look.iterations)
        self.exposure.setValue(look.exposure)
        self.global_curve.setChecked(look.global_curve)
        self.limits_detail.setChecked(limit is not None)
        self.detail_gain.setValue(_GAIN_AT_FIRST if limit is None else limit)
        self.detail_gain.setEnabled(limit is not None)
        self._quiet = False
        if self.look() != before:
            self.changed.emit()

    def _on_part_changed(self, _: Any = None) -> None:
        self.detail_gain.setEnabled(self.limits_detail.isChecked())
        if not self._quiet:
            self.changed.emit()

    def _on_reset_clicked(self) -> None:
        self.show_look(AS_PUBLISHED)


def _slider(low: float, high: float, tool_tip: str) -> QLabeledDoubleSlider:
    slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setSingleStep(0.05)  # type: ignore[arg-type]  # superqt takes floats
    slider.setDecimals(2)
    slider.setToolTip(tool_tip)
    return slider
