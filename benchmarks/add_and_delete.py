"""Add and delete every kind of layer of this plugin many times in a real window: napari survives.

Usage: python benchmarks/add_and_delete.py [TIMES]
napari 0.9.2 crashes after its colour bar was deleted, see upstream/napari-colour-bar.md. This
script finds crashes of that kind: the canvas is drawn after each layer is added or deleted, also
after the source was deleted below its result and below its maps.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from collections.abc import Callable
from functools import partial
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
        self.source = self._add_source()
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

    def kinds_above_a_deleted_source(self) -> dict[str, Callable[[], None]]:
        """Return what adds layers that stay when their source is deleted."""
        names = ("result", "maps on a slider", "lazy maps")
        return {name: self.kinds()[name] for name in names}

    def _add_source(self) -> Any:
        photo = np.random.default_rng(0).integers(0, 60, (2, 96, 128, 3)).astype(np.uint8)
        return self.viewer.add_image(photo, rgb=True, name="photo")

    def _adding_maps(self, values: dict[str, str]) -> Callable[[], None]:
        def add() -> None:
            self.maps.form.fields["extent"].value = "plane"
            for name, value in values.items():
                self.maps.form.fields[name].value = value
            self.maps.run.button.click()

        return add

    def add_and_delete(self, add: Callable[[], None]) -> None:
        """Add layers, delete all but the source, and draw each time."""
        self._add_and_wait(add)
        self._delete_all_but(self.source)
        for box in (self.adjust.live, self.adjust.swipe_box):
            box.setChecked(False)
        QTest.qWait(DRAWING_MS)

    def add_and_delete_source(self, add: Callable[[], None]) -> None:
        """Add layers, delete the source below them, then them, and draw each time."""
        self._add_and_wait(add)
        self._delete(self.source)
        self.source = self._add_source()
        QTest.qWait(DRAWING_MS)
        self._delete_all_but(self.source)

    def _add_and_wait(self, add: Callable[[], None]) -> None:
        add()
        _wait_for(lambda: len(self.viewer.layers) > 1 and not self.maps._session.busy)
        self.viewer.dims.set_point(0, 1)
        QTest.qWait(DRAWING_MS)

    def _delete_all_but(self, kept: Any) -> None:
        for layer in [layer for layer in self.viewer.layers if layer is not kept]:
            if layer in self.viewer.layers:
                self._delete(layer)

    def _delete(self, layer: Any) -> None:
        self.viewer.layers.remove(layer)
        QTest.qWait(DRAWING_MS)


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("no layer was added")
        QApplication.processEvents()
        time.sleep(0.005)


def _repeat(times: str, name: str, action: Callable[[], None]) -> None:
    for _ in range(int(times)):
        action()
    print(f"survived {times} times: {name}", flush=True)


def main(times: str = "50") -> None:
    """Add and delete each kind so many times."""
    faulthandler.enable()
    viewer = napari.Viewer()
    viewer.window.resize(1280, 720)
    window = Window(viewer)
    for name, add in window.kinds().items():
        _repeat(times, name, partial(window.add_and_delete, add))
    for name, add in window.kinds_above_a_deleted_source().items():
        _repeat(times, f"source below {name}", partial(window.add_and_delete_source, add))
    viewer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
