"""Make the README's pictures: the real window with the night sample, after real clicks in docks.

Usage: python scripts/screenshot.py OUTPUT.png [SCENE] [SAMPLE] [WIDTH HEIGHT]
Scenes: enhance, look-inside, adjust, compare, fine-tune, train-translator.
Under Linux without a screen: xvfb-run -s "-screen 0 1280x720x24" python scripts/screenshot.py ...
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import napari
import numpy as np
import skimage.data
from qtpy.QtWidgets import QApplication


def main(output: str, scene: str = "enhance", sample: str = "night", *size: str) -> None:
    """Click through a scene and save a picture of the window."""
    width, height = map(int, size or (1280, 720))
    viewer = napari.Viewer()
    viewer.window.resize(width, height)
    viewer.open_sample("napari-zerodce", sample)
    scenes = {
        "enhance": _enhance,
        "look-inside": _look_inside,
        "adjust": _adjust,
        "compare": _compare,
        "fine-tune": _fine_tune,
        "train-translator": _train_translator,
    }
    scenes[scene](viewer)
    _pause()
    viewer.window.screenshot(output, canvas_only=False, flash=False)
    viewer.close()


def _enhance(viewer: Any) -> None:
    """Show before and after side by side."""
    dock = _dock(viewer, "Enhance")
    _wait_for(lambda: dock.form.fields["device"].native.count() > 1)
    dock.run.button.click()
    _wait_for(lambda: len(viewer.layers) == 2 and dock.run.state == "idle")
    before, after = viewer.layers
    after.translate = (*before.translate[:-1], before.extent.world[1][-1] * 1.03)
    viewer.reset_view()
    _wait_for(lambda: "memory" in (plan := dock.run.plan.text()) and "timing" not in plan)


def _look_inside(viewer: Any) -> None:
    """Show the noise gain, and the curves of a dark and a bright pixel."""
    dock = _dock(viewer, "Curve maps")
    dock.form.fields["kind"].value = "noise-gain"
    dock.run.button.click()
    _wait_for(lambda: len(viewer.layers) == 2 and dock.run.state == "idle")
    viewer.layers[1].opacity = 0.8
    dock.inspector.box.setChecked(True)
    _wait_for(lambda: dock.follower.view is not None)
    rows, columns = dock.follower.view.viewport.shape
    for place in ((rows * 9 // 10, columns // 10), (rows // 5, columns * 3 // 4)):
        dock.inspector.look_at(place)
        dock.inspector.pin()


def _adjust(viewer: Any) -> None:
    """Show a live view with the swipe's line in the middle."""
    dock = _dock(viewer, "Adjust")
    dock.live.setChecked(True)
    dock.swipe_box.setChecked(True)
    _wait_for(lambda: dock.shown.layer is not None)


def _compare(viewer: Any) -> None:
    """Show the bundled networks and two classical methods beside each other."""
    dock = _dock(viewer, "Compare")
    dock.run.button.click()
    _wait_for(lambda: not dock.results.isHidden() and dock.run.state == "idle")


def _fine_tune(viewer: Any) -> None:
    """Train Zero-DCE++ on a few dark photos, and show the losses and the preview."""
    night = viewer.layers[0]
    for name in ("chelsea", "coffee", "rocket", "astronaut"):
        bright = getattr(skimage.data, name)().astype(np.float32) / 255
        viewer.add_image((bright**2 * 90).astype(np.uint8), name=f"dark {name}", visible=False)
    viewer.layers.selection.active = night
    dock = _dock(viewer, "Fine-tune")
    _wait_for(lambda: dock.form.start.count() >= 4)
    for layer in viewer.layers:
        dock.select_layer(layer)
    for combo, data in ((dock.form.start, "zero-dce-pp"), (dock.form.length.unit, "steps")):
        combo.setCurrentIndex(combo.findData(data))
        combo.activated.emit(combo.currentIndex())
    dock.form.fields["steps"].value = 300
    _train(dock)


def _train_translator(viewer: Any) -> None:
    """Train CUT from dark photos to bright ones, and show the losses and the preview."""
    viewer.layers.clear()
    for name in ("chelsea", "coffee", "rocket", "astronaut"):
        photo = getattr(skimage.data, name)()
        bright = photo.astype(np.float32) / 255
        viewer.add_image((bright**2 * 90).astype(np.uint8), name=f"dark {name}")
        viewer.add_image(photo, name=name, visible=False)
    dark = [layer for layer in viewer.layers if layer.visible]
    viewer.layers.selection.active = dark[-1]
    dock = _dock(viewer, "Train translator")
    for layer in viewer.layers:
        (dock.sources if layer in dark else dock.targets).tick(layer)
    dock.form.length.show_duration(minutes=None, steps=500)
    _train(dock)


def _train(dock: Any) -> None:
    """Press Start, wait until the run has ended, and scroll to its progress."""
    with tempfile.TemporaryDirectory() as runs:
        dock.runs.setText(runs)
        dock.panel.button.click()
        _wait_for(lambda: dock.training is not None and bool(dock.training.history.ending), 600)
        dock.panel.message.hide()  # it names a folder that is deleted soon
        _wait_for(lambda: dock.panel.state == "idle")
        dock.panel.message.hide()
        dock.verticalScrollBar().setValue(dock.verticalScrollBar().maximum())
        _pause()


def _dock(viewer: Any, name: str) -> Any:
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", name)
    _pause()
    viewer.reset_view()
    return dock


def _pause(seconds: float = 0.5) -> None:
    until = time.monotonic() + seconds
    _wait_for(lambda: time.monotonic() > until)


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        QApplication.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
