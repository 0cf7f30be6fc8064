"""What is compared in the background: a look with its image."""

from __future__ import annotations

import numpy as np

from napari_zerodce.engine.fidelity import measure_fidelity
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.gui.docks.adjust.work import comparing
from napari_zerodce.stopping import never

RAMP = np.arange(72, dtype=np.uint16).reshape(8, 9) * 100


def test_comparing_a_look_measures_what_the_view_renders() -> None:
    settings = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")
    whole = Viewport(slice(0, 8), slice(0, 9))
    view = estimate_view(EnhanceRequest(RAMP, "mono", settings), whole)
    look = Look(strength=0.5)
    found = comparing(view, look)(ignore, never)
    assert found == measure_fidelity(view, look, view.render(look))
    assert comparing(view, Look(strength=0))(ignore, never) != found
