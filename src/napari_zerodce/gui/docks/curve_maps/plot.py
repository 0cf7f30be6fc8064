"""The plot of tone curves: output against input, for each channel and iteration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyqtgraph
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor

from napari_zerodce.gui.widgets.still_plot import GREY, StillPlot

if TYPE_CHECKING:
    from napari_zerodce.engine.pixel_curve import PixelCurve, RegionCurve

# Distinct for colour-blind readers, on dark and on light themes.
_COLOURS = {3: ("#e8604c", "#3fa35b", "#4a86e8"), 1: ("#c98a00",)}
_HEIGHT = 152
_MOST_STEPS = 8


class CurvePlot(StillPlot):
    """Draws the curves of one pixel, of pinned pixels and of a region."""

    def __init__(self) -> None:
        super().__init__(_HEIGHT, bottom="input (0 to 1 in the window)", left="output")
        self.setToolTip(
            "Thick: the curve of each channel. Thin: after each iteration. Dashed colours: pinned\n"
            "curves. Dotted: the mean of the region. Grey: no change."
        )
        self.setXRange(0, 1, padding=0.02)
        self.setYRange(0, 1, padding=0.02)
        unchanged = pyqtgraph.mkPen(GREY, style=Qt.PenStyle.DashLine)
        self._identity = self.plot([0, 1], [0, 1], pen=unchanged)
        self._steps: list[Any] = []
        self._lines: list[Any] = []
        self._pins: list[Any] = []
        self._region: list[Any] = []
        self._points = pyqtgraph.ScatterPlotItem(size=9)
        self._points.setZValue(10)
        self.addItem(self._points)

    def show_pixel(self, curve: PixelCurve | None) -> None:
        """Show the curves of a pixel, and its intensities as points; None shows nothing."""
        if curve is None:
            for item in (*self._steps, *self._lines):
                item.setVisible(False)
            self._points.setData([])
            return
        channels = len(curve.outputs)
        self._make_lines(channels)
        colours = _COLOURS[channels]
        steps = curve.steps.reshape(-1, curve.steps.shape[-1])  # iteration by iteration
        for number, item in enumerate(self._steps):
            item.setVisible(number < len(steps))
            if number < len(steps):
                item.setData(curve.inputs, steps[number])
        for number, item in enumerate(self._lines):
            item.setVisible(True)
            item.setData(curve.inputs, curve.outputs[number])
        self._points.setData(
            x=curve.values,
            y=curve.results,
            brush=[pyqtgraph.mkBrush(colour) for colour in colours],
            pen=pyqtgraph.mkPen("w"),
        )

    def show_pins(self, curves: Sequence[PixelCurve]) -> None:
        """Show pinned curves as dashed lines."""
        self._remove(self._pins)
        for curve in curves:
            colours = _COLOURS[len(curve.outputs)]
            for number, colour in enumerate(colours):
                pen = pyqtgraph.mkPen(colour, width=1.5, style=Qt.PenStyle.DashLine)
                self._pins.append(self.plot(curve.inputs, curve.outputs[number], pen=pen))
            points = pyqtgraph.ScatterPlotItem(
                x=curve.values,
                y=curve.results,
                size=8,
                symbol="s",
                brush=[pyqtgraph.mkBrush(colour) for colour in colours],
                pen=None,
            )
            self.addItem(points)
            self._pins.append(points)

    def show_region(self, curve: RegionCurve | None) -> None:
        """Show the mean curve of a region, and its spread as a band; None shows nothing."""
        self._remove(self._region)
        if curve is None:
            return
        for number, colour in enumerate(_COLOURS[len(curve.mean)]):
            band = QColor(colour)
            band.setAlpha(60)
            low, high = (
                pyqtgraph.PlotDataItem(curve.inputs, values[number], pen=None)
                for values in (curve.low, curve.high)
            )
            between = pyqtgraph.FillBetweenItem(low, high, brush=pyqtgraph.mkBrush(band))
            pen = pyqtgraph.mkPen(colour, width=2, style=Qt.PenStyle.DotLine)
            mean = pyqtgraph.PlotDataItem(curve.inputs, curve.mean[number], pen=pen)
            for item in (between, mean):
                self.addItem(item)
                self._region.append(item)

    def _make_lines(self, channels: int) -> None:
        if len(self._lines) == channels:
            return
        self._remove(self._lines)
        self._remove(self._steps)
        colours = _COLOURS[channels]
        for number in range(_MOST_STEPS * channels):
            faint = QColor(colours[number % channels])
            faint.setAlpha(40 + 12 * (number // channels))  # later iterations are more visible
            self._steps.append(self.plot(pen=pyqtgraph.mkPen(faint, width=1)))
        self._lines += [self.plot(pen=pyqtgraph.mkPen(colour, width=2.5)) for colour in colours]

    def _remove(self, items: list[Any]) -> None:
        for item in items:
            self.removeItem(item)
        items.clear()
