"""The plot of a training run: each loss and the total loss against the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph

from napari_zerodce.gui.widgets.still_plot import GREY, StillPlot
from napari_zerodce.training.events import TOTAL

if TYPE_CHECKING:
    from napari_zerodce.training.events import History

_HEIGHT = 190
_VALIDATION: Final = "validation"
# The palette of Okabe and Ito: distinct for colour-blind readers, on dark and light backgrounds.
_COLOURS = {
    "spatial": "#56b4e9",
    "exposure": "#e69f00",
    "colour": "#cc79a7",
    "channels": "#0072b2",
    "smoothness": "#009e73",
    "gan": "#56b4e9",
    "l1": "#e69f00",
    "cycle": "#009e73",
    "identity": "#cc79a7",
    "nce": "#e69f00",
    "discriminator": GREY,
    TOTAL: GREY,
    _VALIDATION: "#d55e00",
}
_OTHERS: Final = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#0072b2", "#f0e442", GREY, "#999933")
_NAMES_IN_A_ROW: Final = 3
_SMOOTHED_OVER = 9
_SMALLEST = 1e-9


class LossPlot(StillPlot):
    """Draws a `History`.

    Parameters
    ----------
    losses : sequence of str
        The names of losses in the order of the legend; other losses of a history follow them.
    has_total : bool
        Whether the sum of the losses says how well training goes, so that it has a line, too.
    """

    def __init__(self, losses: Sequence[str] = (), *, has_total: bool = True) -> None:
        super().__init__(_HEIGHT, bottom="step", left="loss, weighted")
        self.setDownsampling(
            auto=True, mode="mean"
        )  # a run of hours has tens of thousands of steps
        self.getAxis("left").enableAutoSIPrefix(enable=False)
        # The legend is above the plot: inside a narrow dock's plot it would hide lines.
        self._named: list[str] = []
        self._colours = dict(_COLOURS)
        self._total = (TOTAL,) if has_total else ()
        self.lines: dict[str, Any] = {}
        for name in (*losses, *self._total):
            self._add_line(name)
        validation = self._colours[_VALIDATION]
        self._validation = self.lines[_VALIDATION] = self.plot(
            pen=pyqtgraph.mkPen(validation, width=1),
            symbol="o",
            symbolSize=5,
            symbolBrush=validation,
            symbolPen=None,
        )

    def _add_line(self, name: str) -> None:
        number = len(self.lines) % len(_OTHERS)
        colour = self._colours.setdefault(name, _OTHERS[number])
        pen = pyqtgraph.mkPen(colour, width=2.5 if name == TOTAL else 1.5)
        self.lines[name] = self.plot(pen=pen)

    def show_history(self, history: History) -> None:
        """Draw the losses so far; a loss without values, or with a weight of 0, has no line."""
        for name in history.losses:
            if name not in self.lines and name != TOTAL:
                self._add_line(name)
        steps = np.asarray(history.steps, float)
        drawn = [*self._with_values(history), *self._total]
        for name, line in self.lines.items():
            if name != _VALIDATION:
                values = np.asarray(history.losses.get(name, ()) if name in drawn else (), float)
                kept = steps[: len(values)]
                line.setData(kept, np.maximum(_smoothed(values), _SMALLEST))
        points = np.asarray(history.validation, float).reshape(-1, 2)
        self._validation.setData(points[:, 0], np.maximum(points[:, 1], _SMALLEST))
        self._name([*drawn, *([_VALIDATION] if len(points) else [])])

    def _with_values(self, history: History) -> list[str]:
        names = [name for name in self.lines if name not in {TOTAL, _VALIDATION}]
        return [name for name in names if any(history.losses.get(name, ()))]

    def _name(self, names: list[str]) -> None:
        """Show a legend, if it is another one."""
        if names != self._named:
            self._named = names
            self.setTitle(_legend([(name, self._colours[name]) for name in names]), size="8pt")

    def set_logarithmic(self, on: bool) -> None:
        """Draw the losses on a logarithmic axis, or a linear one."""
        self.setLogMode(x=False, y=on)


def _legend(named: Sequence[tuple[str, str]]) -> str:
    words = [f'<span style="color: {colour}">— {name}</span>' for name, colour in named]
    rows = max(1, math.ceil(len(words) / _NAMES_IN_A_ROW))
    each = math.ceil(len(words) / rows)
    return "<br>".join(" &nbsp; ".join(words[n * each : (n + 1) * each]) for n in range(rows))


def _smoothed(values: Any) -> Any:
    """Return moving averages, since each step uses other crops and the losses fluctuate."""
    if len(values) < _SMOOTHED_OVER:
        return values
    kernel = np.ones(_SMOOTHED_OVER)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")
