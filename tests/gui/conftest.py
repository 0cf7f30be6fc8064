"""A real viewer in a real X server, our manifest registered, and a cache of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.gui.jobs import Job


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's downloaded checkpoints out of the tests, and the tests out of them."""
    monkeypatch.setenv("NAPARI_ZERODCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Any:
    """A shown napari window that waits for our threads before it goes."""
    viewer = make_napari_viewer(show=True)
    yield viewer
    for job in list(Job._alive):
        job.cancel()
    qtbot.waitUntil(lambda: not Job._alive, timeout=20_000)


@pytest.fixture
def dock(viewer: Any, qtbot: Any) -> Any:
    """The Enhance dock as the plugin menu opens it, torch loaded and devices known."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    qtbot.waitUntil(lambda: widget.form.device.count() > 1, timeout=60_000)
    return widget


@pytest.fixture
def dark_photo() -> np.ndarray:
    """A dark colour image: shape (96, 128, 3), uint8."""
    ramp = np.linspace(0, 60, 128, dtype=np.uint8)
    image = np.broadcast_to(ramp[None, :, None], (96, 128, 3)).copy()
    image[20:40, 30:60] //= 2
    return image
