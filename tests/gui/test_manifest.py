"""What the manifest promises, done through napari: samples, docks and commands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari._app_model import get_app_model
from npe2 import PluginManager
from qtpy.QtWidgets import QTabBar

from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.shared.dock import frame_of


@pytest.mark.parametrize(
    ("key", "dtype", "rgb"), [("night", np.uint8, True), ("cells", np.uint16, False)]
)
def test_samples_open_and_are_dark(viewer: Any, key: str, dtype: Any, rgb: bool) -> None:
    (layer,) = viewer.open_sample("napari-zerodce", key)
    assert layer.data.dtype == dtype
    assert layer.rgb is rgb
    span = np.percentile(layer.data, 99.9) - layer.data.min()
    assert np.median(layer.data) - layer.data.min() < 0.25 * max(span, 100 if rgb else 0)


def test_command_enhances_the_active_layer_and_opens_the_dock(
    viewer: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    viewer.add_image(dark_photo, rgb=True, name="photo")
    get_app_model().commands.execute_command("napari-zerodce.enhance_active").result()
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    assert viewer.layers[1].metadata[METADATA_KEY]["source"] == "photo"
    docks = viewer.window.dock_widgets
    assert [name for name in docks if "Enhance" in name] == ["Enhance (Zero-DCE)"]
    qtbot.waitUntil(lambda: docks["Enhance (Zero-DCE)"].run.state == "idle")


def test_command_uses_the_dock_that_is_open(
    viewer: Any, dock: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    viewer.add_image(dark_photo, rgb=True, name="photo")
    get_app_model().commands.execute_command("napari-zerodce.enhance_active").result()
    assert len([name for name in viewer.window.dock_widgets if "Enhance" in name]) == 1
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    qtbot.waitUntil(lambda: dock.run.state == "idle")


def test_command_shows_the_curve_maps_of_the_active_layer(
    viewer: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    viewer.add_image(dark_photo, rgb=True, name="photo")
    get_app_model().commands.execute_command("napari-zerodce.show_curve_maps").result()
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    assert viewer.layers[1].metadata[METADATA_KEY]["kind"] == "alphas"
    dock = viewer.window.dock_widgets["Curve maps (Zero-DCE)"]
    qtbot.waitUntil(lambda: dock.run.state == "idle")


def test_command_adjusts_the_active_layer_live(
    viewer: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    viewer.add_image(dark_photo, rgb=True, name="photo")
    get_app_model().commands.execute_command("napari-zerodce.adjust_active").result()
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    assert viewer.layers[1].metadata[METADATA_KEY]["role"] == "live"


def test_docks_open_as_tabs_of_one_place(viewer: Any, qtbot: Any) -> None:
    viewer.window.resize(1280, 720)
    docks = [
        viewer.window.add_plugin_dock_widget("napari-zerodce", name)[1]
        for name in ("Enhance", "Adjust", "Curve maps", "Compare", "Fine-tune")
    ]
    first, *others = (frame_of(dock) for dock in docks)
    window = first.parent()
    qtbot.waitUntil(lambda: set(window.tabifiedDockWidgets(first)) == set(others))
    names = ["Enhance", "Adjust", "Curve maps", "Compare", "Fine-tune"]
    bars = window.findChildren(QTabBar)
    bar = next(bar for bar in bars if [bar.tabText(i) for i in range(bar.count())] == names)
    qtbot.waitUntil(lambda: bar.width() > 200)
    for i, name in enumerate(names):  # on a small screen, nothing of a name is cut
        assert bar.tabRect(i).width() > bar.fontMetrics().horizontalAdvance(name)
        assert bar.tabRect(i).right() <= bar.width()
    # Whoever has moved a dock finds it there again.
    first.setFloating(True)
    first.hide()
    first.show()
    qtbot.waitUntil(first.isVisible)
    assert first.isFloating()


def test_what_only_napari_may_call_is_not_in_the_palette() -> None:
    given = PluginManager.instance().get_manifest("napari-zerodce").contributions
    called = {each.command for each in (*(given.readers or ()), *(given.writers or ()))}
    hidden = {each.id for each in given.commands or () if each.enablement == "False"}
    assert hidden == called
