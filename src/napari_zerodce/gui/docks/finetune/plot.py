"""The plot of a training run: each loss and the total loss against the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph

from napari_zerodce.gui.widgets.still_plot import GREY, StillPlot
from napari_zerodce.training.events import LOSSES, TOTAL

if TYPE_CHECKING:
    from napari_zerodce.training.events import History

_HEIGHT = 190
# The palette of Okabe and Ito: distinct for colour-blind readers, on dark and light backgrounds.
_COLOURS = {
    "spatial": "#56b4e9",
    "exposure": "#e69f00",
    "colour": "#cc79a7",
    "channels": "#0072b2",
    "smoothness": "#009e73",
    TOTAL: GREY,
    "validation": "#d55e00",
}
_SMOOTHED_OVER = 9
_SMALLEST = 1e-9


class LossPlot(StillPlot):
    """Draws a `History`."""

    def __init__(self) -> None:
        super().__init__(_HEIGHT, bottom="step", left="loss, weighted")
        self.setDownsampling(
            auto=True, mode="mean"
        )  # a run of hours has tens of thousands of steps
        self.getAxis("left").enableAutoSIPrefix(enable=False)
        # The legend is above the plot: inside a narrow dock's plot it would hide lines.
        self._named: list[str] = []
        self.lines: dict[str, Any] = {}
        for name in (*LOSSES, TOTAL):
            pen = pyqtgraph.mkPen(_COLOURS[name], width=2.5 if name == TOTAL else 1.5)
            self.lines[name] = self.plot(pen=pen)
        validation = _COLOURS["validation"]
        self.lines["validation"] = self.plot(
            pen=pyqtgraph.mkPen(validation, width=1),
            symbol="o",
            symbolSize=5,
            symbolBrush=validation,
            symbolPen=None,
        )

    def show_history(self, history: History) -> None:
        """Draw the losses so far; a loss without values, or with a weight of 0, has no line."""
        steps = np.asarray(history.steps, float)
        drawn = [name for name in LOSSES if any(history.losses.get(name, ()))] + [TOTAL]
        self._name([*drawn, "validation"])
        for name in (*LOSSES, TOTAL):
            values = np.asarray(history.losses.get(name, ()) if name in drawn else (), float)
            kept = steps[: len(values)]
            self.lines[name].setData(kept, np.maximum(_smoothed(values), _SMALLEST))
        points = np.asarray(history.validation, float).reshape(-1, 2)
        self.lines["validation"].setData(points[:, 0], np.maximum(points[:, 1], _SMALLEST))

    def _name(self, names: list[str]) -> None:
        """Show a legend, if it is another one."""
        if names != self._named:
            self._named = names
            self.setTitle(_legend(names), size="8pt")

    def set_logarithmic(self, on: bool) -> None:
        """Draw the losses on a logarithmic axis, or a linear one."""
        self.setLogMode(x=False, y=on)


def _legend(names: list[str]) -> str:
    words = [f'<span style="color: {_COLOURS[name]}">— {name}</span>' for name in names]
    return " &nbsp; ".join(words[:3]) + "<br>" + " &nbsp; ".join(words[3:])


def _smoothed(values: Any) -> Any:
    """Return moving averages, since each step uses other crops and the losses fluctuate."""
    if len(values) < _SMOOTHED_OVER:
        return values
    kernel = np.ones(_SMOOTHED_OVER)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")
