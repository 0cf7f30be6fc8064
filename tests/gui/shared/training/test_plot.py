"""The plot of a training: one line for each loss, averages that hide no trend."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from napari_zerodce.gui.shared.training.plot import LossPlot
from napari_zerodce.training.events import LOSSES, History


@pytest.fixture
def plot(qtbot: Any) -> LossPlot:
    widget = LossPlot(LOSSES)
    qtbot.addWidget(widget)
    return widget


def history_of(totals: list[float]) -> History:
    steps = list(range(1, len(totals) + 1))
    return History(steps=steps, losses={"total": totals, "exposure": totals}, validation=[(0, 3.0)])


def test_lines_have_a_point_for_each_step(plot: LossPlot) -> None:
    plot.show_history(history_of([5.0, 4.0, 3.0]))
    steps, totals = plot.lines["total"].getOriginalDataset()
    assert list(steps) == [1, 2, 3]
    assert list(totals) == [5, 4, 3], "few steps are drawn as they are"
    assert plot.lines["validation"].getOriginalDataset()[1].tolist() == [3.0]
    # A mono training has no colour loss.
    assert plot.lines["colour"].getOriginalDataset() == (None, None)


def test_the_legend_names_the_losses_that_count(plot: LossPlot) -> None:
    history = history_of([5.0, 4.0])
    history.losses |= {"colour": [0.0, 0.0], "channels": [0.1, 0.2]}
    plot.show_history(history)
    legend = plot.getPlotItem().titleLabel.text
    for name in ("exposure", "channels", "total", "validation"):
        assert f"— {name}<" in legend
    for name in ("colour", "spatial"):
        assert f"— {name}<" not in legend
    assert plot.lines["colour"].getOriginalDataset() == (None, None), "its weight is 0"


def test_long_lines_are_averaged_without_bending_at_the_ends(plot: LossPlot) -> None:
    jumping = [2.0 + (-1) ** step for step in range(100)]
    plot.show_history(history_of(jumping))
    totals = plot.lines["total"].getOriginalDataset()[1]
    assert np.abs(totals[5:-5] - 2).max() < 0.2
    plot.show_history(history_of([7.0] * 100))
    assert plot.lines["total"].getOriginalDataset()[1] == pytest.approx(7)


def test_losses_of_zero_can_be_drawn_logarithmically(plot: LossPlot) -> None:
    plot.show_history(history_of([0.0] * 5))
    plot.set_logarithmic(on=True)
    assert plot.getAxis("left").logMode
    assert np.isfinite(plot.lines["total"].getData()[1]).all()


def test_hours_of_training_are_drawn_quickly(plot: LossPlot) -> None:
    history = history_of(np.random.default_rng(0).random(50_000).tolist())
    began = time.thread_time()
    plot.show_history(history)
    assert time.thread_time() - began < 2


def test_other_losses_get_lines_and_names_when_they_come(qtbot: Any) -> None:
    plot = LossPlot(("gan",), has_total=False)
    qtbot.addWidget(plot)
    history = History(steps=[1, 2], losses={"gan": [1.0, 2.0], "new": [3.0, 4.0], "total": [4, 6]})
    plot.show_history(history)
    assert plot.lines["new"].getOriginalDataset()[1].tolist() == [3, 4]
    legend = plot.getPlotItem().titleLabel.text
    assert "— gan<" in legend
    assert "— new<" in legend
    assert "total" not in plot.lines
    assert "total" not in legend
    assert "validation" not in legend, "there is none"
