"""A plot that stays as it is drawn."""

from __future__ import annotations

from typing import Any

from napari_zerodce.gui.widgets.still_plot import GREY, StillPlot


def test_mouse_does_not_move_the_plot_and_axes_can_be_read_on_any_theme(qtbot: Any) -> None:
    plot = StillPlot(120, bottom="step", left="loss")
    qtbot.addWidget(plot)
    view = plot.getViewBox()
    assert view.mouseEnabled() == [False, False]
    assert not view.menuEnabled()
    assert plot.height() == 120
    assert plot.getPlotItem().buttonsHidden
    for side, text in (("bottom", "step"), ("left", "loss")):
        axis = plot.getAxis(side)
        assert axis.labelText == text
        assert axis.textPen().color().name() == GREY
