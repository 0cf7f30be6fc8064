"""Add and delete every kind of layer of this plugin many times in a real window: napari survives.

Usage: python benchmarks/add_and_delete.py [TIMES]
napari 0.9.2 crashes after its colour bar was deleted, see docs/upstream/napari-colour-bar.md. This
script finds crashes of that kind: the canvas is drawn after each layer is added or deleted.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from collections.abc import Callable
from typing import Any

import napari
import numpy as np
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

DRAWING_MS = 40
SETTINGS: dict[str, dict[str, str]] = {
    "maps on a slider": {"kind": "steps", "arrangement": "axis", "channels": "mean"},
    "a layer for each iteration": {"kind": "steps", "arrangement": "separate", "channels": "mean"},
    "a layer for each channel": {"kind": "gain", "arrangement": "axis", "channels": "each"},
    "maps as colours": {"kind": "alphas", "arrangement": "axis", "channels": "rgb"},
    "a map of one iteration": {"kind": "noise-gain", "arrangement": "axis", "channels": "mean"},
    "lazy maps": {"kind": "steps", "arrangement": "axis", "extent": "stack"},
    "lazy colours": {"kind": "steps", "channels": "rgb", "extent": "stack"},
}


class Window:
    """A napari window with a dark photo in several planes, and with three docks.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        photo = np.random.default_rng(0).integers(0, 60, (2, 96, 128, 3)).astype(np.uint8)
        self.source = viewer.add_image(photo, rgb=True, name="photo")
        self.enhance, self.adjust, self.maps = (
            viewer.window.add_plugin_dock_widget("napari-zerodce", name)[1]
            for name in ("Enhance", "Adjust", "Curve maps")
        )
        self.maps._session.change(checkpoint="zero-dce-pp", device="cpu")

    def kinds(self) -> dict[str, Callable[[], None]]:
        """Return what adds layers of each kind."""
        return {
            "result": self.enhance.run.button.click,
            "live view": lambda: self.adjust.live.setChecked(True),
            "swipe": lambda: self.adjust.swipe_box.setChecked(True),
            **{name: self._adding_maps(values) for name, values in SETTINGS.items()},
        }

    def _adding_maps(self, values: dict[str, str]) -> Callable[[], None]:
        def add() -> None:
            self.maps.form.fields["extent"].value = "plane"
            for name, value in values.items():
                self.maps.form.fields[name].value = value
            self.maps.run.button.click()

        return add

    def add_and_delete(self, add: Callable[[], None]) -> None:
        """Add layers, delete all but the source, and draw each time."""
        layers = self.viewer.layers
        add()
        _wait_for(lambda: len(layers) > 1 and not self.maps._session.busy)
        self.viewer.dims.set_point(0, 1)
        QTest.qWait(DRAWING_MS)
        for layer in [layer for layer in layers if layer is not self.source]:
            if layer in layers:
                layers.remove(layer)
                QTest.qWait(DRAWING_MS)
        for box in (self.adjust.live, self.adjust.swipe_box):
            box.setChecked(False)
        QTest.qWait(DRAWING_MS)


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("no layer was added")
        QApplication.processEvents()
        time.sleep(0.005)


def main(times: str = "50") -> None:
    """Add and delete each kind so many times."""
    faulthandler.enable()
    viewer = napari.Viewer()
    viewer.window.resize(1280, 720)
    window = Window(viewer)
    for name, add in window.kinds().items():
        for _ in range(int(times)):
            window.add_and_delete(add)
        print(f"survived {times} times: {name}", flush=True)
    viewer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
