"""What users do in the middle of a run, in a real window: close, cancel, delete, rename, move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.shared.dock import frame_of, open_dock

PLANES = 12
HELD = 7  # so many planes are finished before a run waits


@pytest.fixture
def stack(viewer: Any, dock: Any, qtbot: Any) -> Any:
    """Twelve dark planes, for a CPU: it takes them one by one."""
    dock._session.change(device="cpu")
    dock.choose_checkpoint("zero-dce")
    qtbot.waitUntil(lambda: dock._session.checkpoint == "zero-dce")
    ramp = np.linspace(0, 900, 64 * 64).reshape(64, 64)
    planes = np.stack([ramp / (1 + n) for n in range(PLANES)]).astype(np.uint16)
    return viewer.add_image(planes, name="stack", contrast_limits=(0, 1000))


def _expected(dock: Any, stack: Any) -> np.ndarray:
    return enhance(request_for(read_source(stack), dock._session.settings)).image


def _start(dock: Any, qtbot: Any, held: Any) -> None:
    """Start a run, and wait until it waits."""
    held.before = HELD
    qtbot.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dock.run.bar.value() == _shown(HELD))


def _shown(planes: int) -> int:
    """Return the value of the bar when so many planes are finished."""
    return round(1000 * planes / PLANES)


def _wait(session: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not session.busy)


def _told() -> list[str]:
    return [record.message for record in notification_manager.records]


def test_run_goes_on_after_its_dock_was_closed_and_its_result_arrives(
    viewer: Any, dock: Any, stack: Any, qtbot: Any, held: Any
) -> None:
    expected, session = _expected(dock, stack), dock._session
    _start(dock, qtbot, held)
    frame_of(dock).destroyOnClose()  # what the cross calls
    held.let_go()
    _wait(session, qtbot)
    assert [layer.name for layer in viewer.layers] == ["stack", "stack [Zero-DCE]"]
    np.testing.assert_array_equal(viewer.layers[1].data, expected)
    assert _told()[-1].startswith("Added 'stack [Zero-DCE]'")
    again = open_dock(viewer, "Enhance")
    assert again is not dock
    assert again.run.message.text() == f"✓ {_told()[-1]}"
    viewer.layers.remove(viewer.layers[1])
    assert not again.run.message.isVisible()


def test_dock_that_is_opened_again_shows_the_run_and_can_cancel_it(
    viewer: Any, dock: Any, stack: Any, qtbot: Any, held: Any
) -> None:
    session = dock._session
    _start(dock, qtbot, held)
    frame_of(dock).destroyOnClose()
    again = open_dock(viewer, "Enhance")
    assert again.run.button.text() == "Cancel"
    assert again.run.bar.value() == _shown(HELD), "what is told before it was opened"
    held.before = HELD + 2
    qtbot.waitUntil(lambda: again.run.bar.value() == _shown(HELD + 2))
    told = len(_told())
    again.run.button._started = 0.0  # as if it were no double click
    qtbot.mouseClick(again.run.button, Qt.MouseButton.LeftButton)
    _wait(session, qtbot)
    assert again.run.offer.text().startswith(f"Cancelled; {HELD + 2} of {PLANES} planes")
    assert again.run.button.text() == "Enhance"
    assert list(viewer.layers) == [stack]
    assert len(_told()) == told, "the panel has told it"


def test_finished_planes_of_a_cancelled_run_can_be_kept(
    viewer: Any, dock: Any, stack: Any, qtbot: Any, held: Any
) -> None:
    expected, session = _expected(dock, stack), dock._session
    _start(dock, qtbot, held)
    dock.run.button._started = 0.0
    qtbot.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)
    _wait(session, qtbot)
    assert dock.run.offer.text() == f"Cancelled; {HELD} of {PLANES} planes are finished."
    assert list(viewer.layers) == [stack]
    qtbot.mouseClick(dock.run.keep, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    _wait(session, qtbot)
    result = viewer.layers[1]
    assert result.name == f"stack [Zero-DCE, planes 0 to {HELD - 1}]"
    np.testing.assert_array_equal(result.data, expected[:HELD])
    assert not dock.run.keep.isVisible()


def test_offer_stays_when_another_layer_becomes_active(
    viewer: Any, dock: Any, stack: Any, qtbot: Any, held: Any
) -> None:
    _start(dock, qtbot, held)
    dock._session.job.cancel()
    _wait(dock._session, qtbot)
    assert dock.run.keep.isVisible()
    viewer.add_image(np.zeros((8, 8)))
    assert dock.run.keep.isVisible(), "an ordinary click must not lose finished planes"
    assert dock._session.outcome is not None


def test_source_that_was_deleted_meanwhile_is_said(
    viewer: Any, dock: Any, stack: Any, qtbot: Any, held: Any
) -> None:
    expected, session = _expected(dock, stack), dock._session
    stack.scale = (2, 0.5, 0.5)
    _start(dock, qtbot, held)
    viewer.layers.remove(stack)
    held.let_go()
    _wait(session, qtbot)
    (result,) = viewer.layers
    assert "'stack' was deleted during the run" in dock.run.message.text()
    np.testing.assert_array_equal(result.data, expected)
    assert list(result.scale) == [2, 0.5, 0.5]


def test_result_lies_on_a_layer_that_was_moved_and_renamed_meanwhile(
    viewer: Any, dock: Any, stack: Any, qtbot: Any, held: Any
) -> None:
    session = dock._session
    _start(dock, qtbot, held)
    stack.name, stack.scale, stack.translate = "moved", (2, 0.5, 0.5), (0, 7, 9)
    stack.colormap = "magenta"
    held.let_go()
    _wait(session, qtbot)
    result = viewer.layers[1]
    assert result.name == "moved [Zero-DCE]"
    assert result.colormap.name == "magenta"
    np.testing.assert_array_equal(result.scale, stack.scale)
    np.testing.assert_array_equal(result.translate, stack.translate)
    assert viewer.layers.selection.active is stack


def test_zoomed_out_a_result_is_as_smooth_as_its_source(viewer: Any, dock: Any, qtbot: Any) -> None:
    noise = np.random.default_rng(0).normal(100, 10, (512, 512))
    levels = [noise.reshape(n, 512 // n, n, 512 // n).mean((1, 3)) for n in (512, 256, 128, 64)]
    levels = [level.round().astype(np.uint8) for level in levels]
    viewer.add_image(levels, multiscale=True, name="noise", contrast_limits=(0, 255))
    qtbot.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)
    _wait(dock._session, qtbot)
    result = viewer.layers[1]
    assert result.multiscale
    deviations = np.array([np.std(level) for level in result.data])
    assert (deviations[1:] < 0.6 * deviations[:-1]).all()
