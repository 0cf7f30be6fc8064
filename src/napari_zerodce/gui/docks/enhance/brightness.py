"""The window that plots the mean brightness of each frame of a series, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QVBoxLayout, QWidget

from napari_zerodce.engine.requests import Progress
from napari_zerodce.gui.docks.enhance.work import measuring_brightness
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.widgets.labels import Sentence
from napari_zerodce.gui.widgets.still_plot import StillPlot

if TYPE_CHECKING:
    from napari_zerodce.gui.layers.time_series import MeasuredSeries
    from napari_zerodce.imaging.planes import Array

_SIZE: Final = (560, 330)  # pixels of the screen
_HEIGHT: Final = 250
# Of the palette of Okabe and Ito: distinct for colour-blind readers, on dark and light backgrounds.
_COLOURS: Final = ("#56b4e9", "#e69f00")
_TITLE: Final = '<span style="color: {colour}">— {word}</span>'


class BrightnessPlot(StillPlot):
    """Draws one line for each series, with a scale of its own: an enhanced one is far brighter."""

    def __init__(self) -> None:
        super().__init__(_HEIGHT, bottom="frame", left="brightness / its mean")
        self.lines = [
            self.plot(pen=pyqtgraph.mkPen(colour, width=2), symbol="o", symbolSize=4)
            for colour in _COLOURS
        ]
        for line, colour in zip(self.lines, _COLOURS, strict=True):
            line.setSymbolBrush(colour)
            line.setSymbolPen(None)

    def show_series(self, measured: Sequence[tuple[Array, Array]]) -> None:
        """Draw the brightness of each frame, relative to the mean of its series.

        Parameters
        ----------
        measured : sequence of (ndarray, ndarray)
            Numbers of the frames, and their brightness.
        """
        for line, (frames, means) in zip(self.lines, measured, strict=False):
            line.setData(frames, means / np.nanmean(means) if np.nanmean(means) else means)
        words = ("before", "after")[: len(measured)]
        parts = zip(words, _COLOURS, strict=False)
        self.setTitle(
            " &nbsp; ".join(
                f'<span style="color: {colour}">— {word}</span>' for word, colour in parts
            )
        )


class BrightnessWindow(QDialog):
    """A window that measures series in the background, and plots them.

    Parameters
    ----------
    parent : QWidget
        The window that it belongs to.
    series : tuple of MeasuredSeries
        The source, and the result if there is one.
    """

    def __init__(self, parent: QWidget, series: tuple[MeasuredSeries, ...]) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Zero-DCE: brightness of '{series[0].name}'")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        self.plot, self.text = BrightnessPlot(), Sentence("brightness")
        layout = QVBoxLayout(self)
        layout.addWidget(self.plot)
        layout.addWidget(self.text)
        layout.addStretch(1)
        self.text.say("Measuring the frames…", "progress")
        self._job = Job("Zero-DCE: brightness of frames", measuring_brightness(series), quiet=True)
        self._job.progressed.connect(self._on_progressed)
        self._job.succeeded.connect(self._on_measured)
        self._job.failed.connect(self._on_failed)
        self.destroyed.connect(partial(_cancel, self._job))
        self._job.start()

    def _on_progressed(self, progress: Progress) -> None:
        self.text.say(progress.message, "progress")

    def _on_measured(self, measured: tuple[tuple[Array, Array], ...]) -> None:
        self.plot.show_series(measured)
        self.text.say(described([means for _, means in measured]))

    def _on_failed(self, error: Exception) -> None:
        self.text.say(str(error), "bad")


def _cancel(job: Job, _: Any = None) -> None:
    job.cancel()


def described(means: Sequence[Array]) -> str:
    """Return the flicker of each series in words.

    Parameters
    ----------
    means : sequence of ndarray, shape (frames,)
        Before, and after if it is known.
    """
    words = [f"{_flicker(each):.1f} %" for each in means]
    text = f"From frame to frame, the mean brightness changes by {words[0]}"
    return f"{text} before and {words[1]} after." if len(words) > 1 else f"{text}."


def _flicker(means: Array) -> float:
    """Return the standard deviation of the changes from frame to frame, in percent of the mean."""
    changes = np.diff(means)
    changes = changes[np.isfinite(changes)]
    mean = float(np.nanmean(means)) if np.isfinite(means).any() else 0.0
    return float(100 * changes.std() / abs(mean)) if changes.size and mean else 0.0
