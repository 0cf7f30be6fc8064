"""The plot of curves: which lines there are, and that they hold the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.engine.pixel_curve import PixelCurve, RegionCurve
from napari_zerodce.gui.docks.curve_maps.plot import CurvePlot

INPUTS = np.linspace(0, 1, 5)


def _curve(channels: int, iterations: int = 8) -> PixelCurve:
    offsets = np.arange(channels)[:, None] + np.zeros(5)
    steps = np.stack([offsets + step / 10 for step in range(iterations)])
    numbers = np.arange(channels) / 10
    return PixelCurve(
        inputs=INPUTS,
        steps=steps,
        outputs=steps[-1],
        values=numbers,
        results=numbers + 0.5,
        slopes=numbers,
        alphas=np.zeros((iterations, channels)),
    )


def _region(channels: int) -> RegionCurve:
    mean = np.tile(INPUTS, (channels, 1))
    numbers = np.zeros(channels)
    return RegionCurve(INPUTS, mean, mean - 0.1, mean + 0.1, numbers, numbers, 7)


@pytest.fixture
def plot(qtbot: Any) -> CurvePlot:
    plot = CurvePlot()
    qtbot.addWidget(plot)
    return plot


def _drawn(item: Any) -> tuple[list[float], list[float]]:
    x, y = item.getData()
    return list(x), list(y)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixel_has_a_line_for_each_channel_and_step_and_a_point(
    plot: CurvePlot, channels: int
) -> None:
    curve = _curve(channels)
    plot.show_pixel(curve)
    assert [_drawn(line) for line in plot._lines] == [
        (list(INPUTS), list(output)) for output in curve.outputs
    ]
    assert len(plot._steps) == 8 * channels
    assert _drawn(plot._steps[-1])[1] == list(curve.steps[-1, -1])
    assert _drawn(plot._steps[channels])[1] == list(curve.steps[1, 0]), "iteration by iteration"
    assert _drawn(plot._points) == (list(curve.values), list(curve.results))


def test_fewer_iterations_show_fewer_steps(plot: CurvePlot) -> None:
    plot.show_pixel(_curve(3, iterations=2))
    assert [item.isVisible() for item in plot._steps] == [True] * 6 + [False] * 18
    plot.show_pixel(_curve(3))
    assert all(item.isVisible() for item in plot._steps)


def test_nothing_hides_the_pixel_and_keeps_the_diagonal(plot: CurvePlot) -> None:
    plot.show_pixel(None)
    plot.show_pixel(_curve(1))
    plot.show_pixel(None)
    assert not any(item.isVisible() for item in (*plot._steps, *plot._lines))
    assert len(plot._points.points()) == 0
    assert _drawn(plot._identity) == ([0, 1], [0, 1])


def test_lines_are_made_anew_for_another_number_of_channels_alone(plot: CurvePlot) -> None:
    plot.show_pixel(_curve(3))
    first = list(plot._lines)
    plot.show_pixel(_curve(3))
    assert plot._lines == first
    plot.show_pixel(_curve(1))
    items = plot.getPlotItem().items
    assert not any(line in items for line in first)
    assert len(plot._lines) == 1


def test_pins_are_replaced_and_taken_away(plot: CurvePlot) -> None:
    before = len(plot.getPlotItem().items)
    plot.show_pins([_curve(3), _curve(3)])
    assert len(plot.getPlotItem().items) == before + 2 * 4  # three lines and the points
    plot.show_pins([_curve(1)])
    assert len(plot.getPlotItem().items) == before + 2
    plot.show_pins([])
    assert len(plot.getPlotItem().items) == before


@pytest.mark.parametrize("channels", [1, 3])
def test_region_has_a_band_and_a_mean_for_each_channel(plot: CurvePlot, channels: int) -> None:
    before = len(plot.getPlotItem().items)
    for _ in range(2):
        plot.show_region(_region(channels))
        assert len(plot.getPlotItem().items) == before + 2 * channels
    assert _drawn(plot._region[1]) == (list(INPUTS), list(INPUTS))
    plot.show_region(None)
    assert len(plot.getPlotItem().items) == before
