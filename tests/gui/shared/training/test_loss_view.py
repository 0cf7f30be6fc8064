"""The losses of a run: a plot from the first step on, and the box of its axis."""

from __future__ import annotations

from typing import Any

from napari_zerodce.gui.shared.training.loss_view import LossView
from napari_zerodce.training.events import History


def test_the_plot_is_there_from_the_first_step_and_follows_its_box(qtbot: Any) -> None:
    view = LossView(("gan",), has_total=False)
    qtbot.addWidget(view)
    view.show_history(History())
    assert (view.plot, view.isHidden()) == (None, True)
    view.show_history(History(steps=[1], losses={"gan": [2.0]}))
    plot = view.plot
    assert plot is not None
    assert plot.lines["gan"].getOriginalDataset()[1].tolist() == [2.0]
    assert not view.isHidden()
    view.logarithmic.setChecked(True)
    assert plot.getAxis("left").logMode
    view.show_history(History(steps=[1, 2], losses={"gan": [2.0, 1.0]}))
    assert view.plot is plot  # the same one, with its axis
    view.show_history(History())  # of another run, which has just started
    assert view.isHidden()
