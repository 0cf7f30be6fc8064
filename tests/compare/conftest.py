"""Small images to compare on, and requests for them that run the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import WindowChoice


def _samples(*shape, dtype="u1", seed=0, largest=120):
    values = np.random.default_rng(seed).integers(0, largest, shape)
    return values.astype(dtype)


@pytest.fixture(scope="session")
def samples():
    """Makes random dark samples of a shape and dtype."""
    return _samples


@pytest.fixture(scope="session")
def make_request():
    """Makes a request on the CPU at float32; `window` is a text."""

    def make(image, channels="mono", *, window="auto", **details):
        settings = EnhanceSettings(
            window=WindowChoice.parse(window), device="cpu", precision="float32", look=DEFAULT_LOOK
        )
        return EnhanceRequest(image, channels, settings, **details)

    return make
