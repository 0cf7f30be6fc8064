"""Make the README's picture: the real window, the night sample, the dock's button really clicked.

Usage: python scripts/screenshot.py OUTPUT.png [SAMPLE] [WIDTHxHEIGHT]
Under Linux without a screen: xvfb-run -s "-screen 0 1280x720x24" python scripts/screenshot.py ...
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import napari
from qtpy.QtWidgets import QApplication


def main(output: str, sample: str = "night", size: str = "1280x720") -> None:
    """Click through the main job and save a picture of the window."""
    width, height = (int(side) for side in size.split("x"))
    viewer = napari.Viewer()
    viewer.window.resize(width, height)
    viewer.open_sample("napari-zerodce", sample)
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    _wait_for(lambda: dock.form.device.count() > 1)
    dock.run.button.click()
    _wait_for(lambda: len(viewer.layers) == 2 and dock.run.state == "idle")
    before, after = viewer.layers
    after.translate = (*before.translate[:-1], before.extent.world[1][-1] * 1.03)
    viewer.reset_view()
    _wait_for(lambda: dock.run.plan.text().endswith("out") and "timing" not in dock.run.plan.text())
    painted = time.monotonic() + 0.5
    _wait_for(lambda: time.monotonic() > painted)
    viewer.window.screenshot(output, canvas_only=False, flash=False)
    viewer.close()


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        QApplication.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
