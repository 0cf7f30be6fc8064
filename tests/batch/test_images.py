"""What files of a series share in a batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_zerodce.batch.images import SharedByFiles
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import Window, WindowChoice


def test_a_file_gets_what_all_share():
    window = WindowChoice.of_windows((Window(3, 50),))
    request = EnhanceRequest(np.full((4, 5, 3), 9, np.uint8), "rgb", EnhanceSettings())
    applied = SharedByFiles(window, "zero-dce-fluo", is_grey=True).applied(request)
    assert applied.settings == replace(request.settings, window=window, checkpoint="zero-dce-fluo")
    assert applied.is_grey
    own = SharedByFiles(window, None, is_grey=None).applied(request)
    assert own.settings.is_automatic
