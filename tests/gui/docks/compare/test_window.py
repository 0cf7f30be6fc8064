"""The Compare dock in a real window: napari's grid draws the pictures, and closing is harmless."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari._app_model import get_app_model
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.shared.dock import open_dock


@pytest.fixture
def photo(viewer: Any, dark_photo: np.ndarray, small_screen: None) -> Any:
    return viewer.add_image(dark_photo, rgb=True, name="photo", scale=(0.5, 0.5))


def _ours(viewer: Any) -> list[Any]:
    return [layer for layer in viewer.layers if role_of(layer) == "compared"]


def _brightness_of_cells(viewer: Any, count: int) -> list[float]:
    """Return the mean of each cell of a grid with one row."""
    QApplication.processEvents()
    picture = viewer.screenshot(flash=False)[..., :3].mean(axis=(0, 2))
    return [float(cell.mean()) for cell in np.array_split(picture, count)]


def test_pictures_are_side_by_side_in_the_window(viewer: Any, photo: Any, qtbot: Any) -> None:
    get_app_model().commands.execute_command("napari-zerodce.compare_active").result()
    dock = open_dock(viewer, "Compare")
    qtbot.waitUntil(lambda: len(_ours(viewer)) == 5)
    qtbot.waitUntil(lambda: dock.run.state == "idle")
    assert viewer.layers.selection.active is _ours(viewer)[0]
    get_app_model().commands.execute_command("napari-zerodce.compare_active").result()
    assert dock._session.busy  # the command is for what the active picture was made from
    qtbot.waitUntil(lambda: dock.run.state == "idle")
    for layer in _ours(viewer)[2:]:
        layer.visible = False
    viewer.canvas.grid.shape = (1, 2)
    source, enhanced = _brightness_of_cells(viewer, 2)
    assert enhanced > 1.5 * source
    # All show the same place.
    viewer.scene.camera.zoom *= 2
    QApplication.processEvents()
    assert np.array_equal(*(layer.corner_pixels for layer in _ours(viewer)[:2]))
    qtbot.mouseClick(dock.results.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: list(viewer.layers) == [photo])
    assert photo.visible
    assert not viewer.canvas.grid.enabled


def test_window_closes_during_a_run_and_with_a_comparison(
    viewer: Any, photo: Any, qtbot: Any
) -> None:
    dock = open_dock(viewer, "Compare")
    dock.compare()
    qtbot.waitUntil(lambda: len(_ours(viewer)) == 5)
    dock.compare()
    assert dock._session.busy
    # The viewer's fixture closes the window now.


def test_dock_is_not_cut_on_a_small_screen(viewer: Any, photo: Any, qtbot: Any) -> None:
    dock = open_dock(viewer, "Compare")
    dock.compare()
    qtbot.waitUntil(lambda: not dock.results.table.isHidden())
    qtbot.waitUntil(lambda: dock.run.state == "idle")
    QApplication.processEvents()
    assert dock.widget().width() <= dock.viewport().width()
    columns = sum(
        dock.results.table.columnWidth(n) for n in range(dock.results.table.columnCount())
    )
    assert columns <= dock.results.table.width()
    visible = dock.results.visibleRegion().boundingRect()
    assert visible.height() == dock.results.height()  # the table's end is in sight
