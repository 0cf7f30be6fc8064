"""A plot that the mouse cannot move and that is readable in every theme of napari."""

from __future__ import annotations

from typing import Final

import pyqtgraph

GREY: Final = "#8a8d93"  # readable on dark and on light backgrounds


class StillPlot(pyqtgraph.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """An empty plot without a background.

    Parameters
    ----------
    height : int
        Height in screen pixels.
    bottom, left : str
        Labels of the axes.
    """

    def __init__(self, height: int, *, bottom: str, left: str) -> None:
        super().__init__(background=None)
        self.setFixedHeight(height)
        self.setStyleSheet("background: transparent; border: none")  # for every theme
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setLabel("bottom", bottom)
        self.setLabel("left", left)
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(GREY)
            axis.setTextPen(GREY)
