"""While a slow stack is read to find its window, the docks say so; a run reads it only once."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.engine import progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.adjust.dock import AdjustDock
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.imaging import sampling

PLANES = 6


class SlowStack:
    """A lazy stack that counts how often each plane is read for its window."""

    def __init__(self) -> None:
        self.shape, self.dtype, self.ndim = (PLANES, 64, 64), np.dtype(np.uint16), 3
        self.read: list[int] = []

    def __getitem__(self, key: Any) -> Any:
        plane = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) + 100
        first = key[0] if isinstance(key, tuple) else key
        if isinstance(first, slice):
            self.read.append(first.start or 0)
        return np.broadcast_to(plane, self.shape)[key]


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BEFORE_READING_IS_TOLD", 0.0)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_REPORTS", 0.0)
    monkeypatch.setattr(sampling, "SAMPLES_PER_REGION", 64 * 64)


@pytest.fixture
def dock(model: ViewerModel, request: Any, settle: Any) -> Any:
    dock = request.param(model)
    yield dock
    dock.release_once()
    settle(dock)
    dock.deleteLater()


@pytest.mark.parametrize("dock", [EnhanceDock], indirect=True)
def test_a_run_and_the_choice_of_weights_say_how_much_is_read(
    model: ViewerModel, dock: EnhanceDock, qtbot: Any
) -> None:
    said: list[str] = []
    dock.finder.progressed.connect(lambda _: said.append(dock.checkpoints.description.text()))
    stack = SlowStack()
    model.add_image(stack, multiscale=False, contrast_limits=(0, 5000))
    qtbot.waitUntil(lambda: dock.finder.choice is not None)
    assert any(text.startswith(f"Finding the window: 3 of {PLANES} parts read") for text in said)
    assert "Finding" not in dock.checkpoints.description.text()
    stack.read.clear()
    dock.start()
    qtbot.waitUntil(lambda: not dock._session.busy)
    assert stack.read == [], "the window was known"


@pytest.mark.parametrize("dock", [EnhanceDock], indirect=True)
def test_a_run_with_another_window_says_how_much_is_read(
    model: ViewerModel, dock: EnhanceDock, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(dock.run, "say", lambda text, _tone="plain": said.append(text))
    dock._session.change(checkpoint="zero-dce-pp")
    model.add_image(SlowStack(), multiscale=False, contrast_limits=(0, 5000))
    combo = dock.form.window_chooser.kind
    combo.setCurrentIndex(combo.findData("minmax"))
    dock.start()
    qtbot.waitUntil(lambda: not dock._session.busy)
    assert any(f"2 of {PLANES} parts read" in text for text in said), said


@pytest.mark.parametrize("dock", [AdjustDock], indirect=True)
def test_the_live_view_says_how_much_is_read(
    model: ViewerModel, dock: AdjustDock, qtbot: Any
) -> None:
    said: list[str] = []
    dock._session.settings = EnhanceSettings("zero-dce-pp")
    dock.follower.progressed.connect(lambda _: said.append(dock.run.plan.text()))
    lazy = da.stack([da.zeros((64, 64), np.uint16, chunks=64)] * PLANES)
    model.add_image(lazy, contrast_limits=(0, 5000))
    dock.live.setChecked(True)
    qtbot.waitUntil(lambda: len(model.layers) == 2)
    assert any(f"4 of {PLANES} parts read" in text for text in said), said
