"""A plot that the mouse does not move, to be read in every theme of napari."""

from __future__ import annotations

from typing import Final

import pyqtgraph

GREY: Final = "#8a8d93"  # can be read on dark and on light


class StillPlot(pyqtgraph.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """An empty plot without background.

    Parameters
    ----------
    height : int
        In pixels of the screen.
    bottom, left : str
        What the axes say.
    """

    def __init__(self, height: int, *, bottom: str, left: str) -> None:
        super().__init__(background=None)
        self.setFixedHeight(height)
        self.setStyleSheet("background: transparent; border: none")  # whatever the theme is
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setLabel("bottom", bottom)
        self.setLabel("left", left)
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(GREY)
            axis.setTextPen(GREY)
