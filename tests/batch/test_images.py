"""What files of a series share in a batch, and which of them share it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.batch.images import SharedByFiles
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import Window, WindowChoice

GREY = np.full((4, 5, 3), 9, np.uint8)
COLOURED = GREY + np.array([0, 0, 1], np.uint8)


@pytest.mark.parametrize(
    ("image", "for_grey", "shares"),
    [(GREY, True, True), (COLOURED, True, False), (GREY, False, True), (COLOURED, False, True)],
)
def test_photos_among_grey_frames_share_nothing(image, for_grey, shares):
    window = WindowChoice.of_windows((Window(3, 50),))
    shared = SharedByFiles(window, "zero-dce-fluorescence", True, for_grey=for_grey)
    request = EnhanceRequest(image, "rgb", EnhanceSettings())
    applied = shared.applied(request)
    assert (applied.settings.window == window, applied.is_grey is True) == (shares, shares)
    assert (applied == request) is not shares
