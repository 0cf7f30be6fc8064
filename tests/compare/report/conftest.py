"""A comparison to report, made without a network."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.compare.candidates import SOURCE, BaselineCandidate, CheckpointCandidate
from napari_zerodce.compare.comparison import Compared, Comparison
from napari_zerodce.compare.figures import Figures
from napari_zerodce.compare.plane import PlaneInWindow
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.imaging.windows import Window


@pytest.fixture
def comparison() -> Comparison:
    """A source, a network's image and a failure, on plane 2 of a stack, with a reference."""
    window = Window(100, 300)
    image = np.arange(100, 300, 10, dtype=np.uint16).reshape(4, 5)
    plane = PlaneInWindow(image, "mono", window, (2,))
    checkpoint = load_checkpoint("zero-dce-pp").info
    made = Provenance.of(checkpoint, channels="mono", windows=[window])
    gamma = BaselineCandidate("gamma")
    return Comparison(
        plane,
        (
            Compared(SOURCE, "source", image, figures=Figures(0.25, 0.01, 1, 0.5, 20)),
            Compared(
                CheckpointCandidate("zero-dce-pp"), "zero-dce-pp <1>", image + 20, seconds=1.5,
                figures=Figures(0.5, 0.02, float("nan"), 1, float("inf")), provenance=made,
            ),
            Compared(gamma, "gamma", problem="It failed & why."),
        ),
        PlaneInWindow(image.astype(np.float32), "mono", Window(100, 290)),
        ("A notice.",),
    )  # fmt: skip
