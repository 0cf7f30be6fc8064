"""Of a plane of 100,000 x 100,000 pixels, only what is asked for is read."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.forecast import describe_plan
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging import sampling
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.window_search import find_window
from napari_zerodce.imaging.windows import WindowChoice

SIDE = 100_000
RANGE = WindowChoice("range", 100, 4100)


class Virtual:
    """It computes its pixels when they are read, and counts them."""

    shape, dtype = (SIDE, SIDE), np.dtype(np.uint16)

    def __init__(self, chunks):
        self.chunks, self.read, self.largest = chunks, 0, 0

    def __getitem__(self, key):
        rows, columns = (np.arange(*side.indices(SIDE)) for side in key)
        block = (rows[:, None] * 7 + columns * 13) % 4001 + 100
        self.read += block.size
        self.largest = max(self.largest, block.size)
        return block.astype(np.uint16)


@pytest.mark.parametrize("chunks", [None, (1024, 1024), (100, SIDE)])
@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_a_part_reads_its_neighbourhood(checkpoint, chunks):
    image = Virtual(chunks)
    settings = EnhanceSettings(checkpoint, RANGE, device="cpu")
    part = Scope((), (70_000, 70_040), (50_000, 50_060))
    result = enhance(EnhanceRequest(image, "mono", settings, part))
    assert result.image.shape == (40, 60)
    assert image.read < 1e6


def test_a_plan_reads_nothing():
    image = Virtual((1024, 1024))
    request = EnhanceRequest(image, "mono", EnhanceSettings(device="cpu"))
    assert describe_plan(request, None) == (
        "1 plane of 100000x100000, timing this machine…, 18.6 GiB of uint16 in memory"
    )
    assert image.read == 0


def test_a_window_reads_a_bounded_number_of_regions(monkeypatch):
    monkeypatch.setattr(sampling, "MOST_SAMPLES_OF_LAZY_IMAGE", 2**24)
    image = Virtual((1024, 1024))
    window = find_window(image, WindowChoice("percentile", 0, 100), channels="mono").window
    assert (window.low, window.high) == (100, 4100)
    assert image.read <= 2**24
    assert image.largest <= sampling.SAMPLES_PER_REGION
