"""Comparisons without a network: pictures that tests choose, on the part on screen of a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_zerodce.compare.candidates import SOURCE, CheckpointCandidate
from napari_zerodce.compare.comparison import Compared, Comparison
from napari_zerodce.compare.figures import Figures
from napari_zerodce.compare.plane import PlaneInWindow
from napari_zerodce.gui.docks.compare.part import part_on_screen
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.imaging.windows import Window

Shown = tuple[OnScreen, Comparison]


@pytest.fixture
def compared_on(model: Any) -> Callable[..., Shown]:
    """Return a comparison on the part on screen of a layer: one picture for each title.

    Picture n holds the source divided by n + 1; the title "fails" has a problem instead.
    """

    def make(layer: Any, *titles: str, notices: tuple[str, ...] = ()) -> Shown:
        screen = part_on_screen(model, read_source(layer))
        part = screen.part_of_level
        samples = np.asarray(layer.data[(*screen.index, part.rows, part.columns)])
        plane = PlaneInWindow(samples, screen.source.channels, Window(0, 1000), screen.index)
        figures = Figures(0.2, 0.01, 1.0)
        compared = [Compared(SOURCE, "source", samples, figures=figures)]
        for number, title in enumerate(titles, start=1):
            candidate = CheckpointCandidate(title)
            if title == "fails":
                compared.append(Compared(candidate, title, problem="It is no checkpoint."))
                continue
            image = (samples // (number + 1)).astype(samples.dtype)
            own = Figures(0.2 / number, 0.01 * number, 1 - 0.1 * number)
            compared.append(Compared(candidate, title, image, seconds=number / 10, figures=own))
        return screen, Comparison(plane, tuple(compared), notices=notices)

    return make
