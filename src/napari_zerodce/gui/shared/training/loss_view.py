"""The losses of a run: their plot, which is created at the first step, and the box of its axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_zerodce.gui.widgets.tool_tips import tool_tip

if TYPE_CHECKING:
    from napari_zerodce.gui.shared.training.plot import LossPlot
    from napari_zerodce.training.events import History


class LossView(QWidget):
    """A plot and a check box, which are hidden before the first step.

    Parameters
    ----------
    losses : sequence of str
        The names of losses in the order of the legend; other losses of a history follow them.
    has_total : bool
        Whether the sum of the losses says how well training goes, so that it has a line, too.
    """

    def __init__(self, losses: Sequence[str], *, has_total: bool = True) -> None:
        super().__init__()
        self._losses, self._has_total = losses, has_total
        self.plot: LossPlot | None = None  # until the first step: the import of pyqtgraph is slow
        self.logarithmic = QCheckBox("Logarithmic")
        self.logarithmic.setToolTip(
            tool_tip(
                "Logarithmic",
                "Show the losses on a logarithmic axis, so that small losses are visible, too.",
                default="off",
            )
        )
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.logarithmic)
        self.hide()

    def show_history(self, history: History) -> None:
        """Draw the losses so far; without steps, nothing is visible.

        Parameters
        ----------
        history : History
        """
        if history.steps:
            self._plot_of_losses().show_history(history)
        self.setVisible(bool(history.steps))

    def _plot_of_losses(self) -> LossPlot:
        from napari_zerodce.gui.shared.training.plot import LossPlot

        if self.plot is None:
            self.plot = LossPlot(self._losses, has_total=self._has_total)
            self._layout.insertWidget(0, self.plot)
            self.logarithmic.toggled.connect(self.plot.set_logarithmic)
        return self.plot
