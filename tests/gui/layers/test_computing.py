"""Lazy and large images are computed where the user looks, unless one curve needs all of them."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np

from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.layers.computing import suits_lazy
from napari_zerodce.imaging.scope import Scope


def test_what_suits_lazy(tmp_path: Path) -> None:
    small = np.zeros((8, 8), np.uint16)
    assert not suits_lazy(EnhanceRequest(small, "mono"))
    assert suits_lazy(EnhanceRequest(da.from_array(small), "mono"))
    mapped = np.memmap(tmp_path / "map", np.uint16, "w+", shape=(8, 8))
    assert suits_lazy(EnhanceRequest(mapped, "mono"))
    large = np.broadcast_to(np.uint16(0), (5, 2**12, 2**12))
    assert suits_lazy(EnhanceRequest(large, "mono"))
    plane = Scope(((0, 1),), (0, 2**12), (0, 2**12))
    assert not suits_lazy(EnhanceRequest(large, "mono", scope=plane)), "a part may be small"
    one_curve = EnhanceSettings(look=Look(global_curve=True))
    assert not suits_lazy(EnhanceRequest(large, "mono", one_curve))
