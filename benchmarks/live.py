"""Measure how long the real window takes to show the new picture after a control moves.

Usage: python benchmarks/live.py [SIDE]
A control is set, a line is dragged or the mouse is moved, and the clock runs until the canvas (or
the plot) is drawn with the result. "napari alone" sets other pixels of the same size in a plain
layer, without the plugin: no live view on this machine can be faster.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK

_ROUNDS = 20
_PATIENCE = 10.0


class Stopwatch:
    """Times from a call to the end of the drawing of a layer's next pixels."""

    def __init__(self, viewer: Any) -> None:
        self._drawn = 0
        # There is no public event for "the canvas was drawn".
        canvas = viewer.window._qt_viewer.canvas._scene_canvas
        canvas.events.draw.connect(self._on_draw, position="last")

    def _on_draw(self, _: Any) -> None:
        self._drawn += 1

    def time(
        self, what: str, call: Callable[[Any], None], values: Sequence[Any], layer: Any
    ) -> None:
        """Call with each value and print how long it took until the layer was drawn again."""
        sliced: list[Any] = []
        layer.events.set_data.connect(sliced.append)
        seconds = []
        for value in values:
            sliced.clear()
            started = time.perf_counter()
            call(value)
            self._process_until(lambda: sliced)
            drawn = self._drawn
            self._process_until(lambda before=drawn: self._drawn > before)
            seconds.append(time.perf_counter() - started)
            _pause(0.05)
        layer.events.set_data.disconnect(sliced.append)
        milliseconds = np.array(seconds) * 1000
        print(f"{what:<44} {np.median(milliseconds):>7.0f} {np.percentile(milliseconds, 90):>7.0f}")

    def _process_until(self, condition: Callable[[], Any]) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            QApplication.processEvents()
            if time.monotonic() > end:
                raise TimeoutError("nothing was drawn")


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def _wait_for(condition: Callable[[], Any]) -> None:
    while not condition():
        _pause(0.01)


def main(side: str = "1024") -> None:
    """Print a table for both checkpoints."""
    length = int(side)
    viewer = napari.Viewer()
    viewer.window.resize(1280, 720)
    photo = np.random.default_rng(0).integers(0, 90, (length, length, 3), dtype=np.uint8)
    layer = viewer.add_image(photo, rgb=True, name="photo", contrast_limits=(0, 255))
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Adjust")
    _pause(1)
    viewer.reset_view()
    watch = Stopwatch(viewer)
    print(f"{f'{length}x{length} rgb uint8, ms':<44} {'median':>7} {'p90':>7}")
    others = [np.roll(photo, shift, 0) for shift in range(1, _ROUNDS + 1)]

    def replace_data(data: Any) -> None:
        layer.data = data

    watch.time("napari alone", replace_data, others, layer)
    layer.data = photo
    dock.live.setChecked(True)
    form = dock.form
    setter = {name: partial(setattr, field, "value") for name, field in form.fields.items()}
    for checkpoint in ("zero-dce", "zero-dce-pp"):
        dock._session.change(checkpoint=checkpoint)
        _pause(0.3)
        _wait_for(lambda: dock.follower.view is not None)
        _pause(1)

        def drag(column: float) -> None:
            dock.swipe.column = column
            dock.swipe.moved.emit()

        shown = dock.shown.layer
        form.show_look(AS_PUBLISHED)
        strengths = np.linspace(0.4, 1.9, _ROUNDS)
        print(checkpoint)
        watch.time("  strength", setter["strength"], strengths, shown)
        watch.time("  iterations", setter["iterations"], [1, 8] * (_ROUNDS // 2), shown)
        watch.time("  exposure", setter["exposure"], np.linspace(-1, 1, _ROUNDS), shown)
        form.fields["global_curve"].value = True
        _pause(0.3)
        watch.time("  strength, global curve", setter["strength"], strengths, shown)
        form.show_look(DEFAULT_LOOK)
        _pause(0.3)
        watch.time("  detail limit", setter["detail_gain_limit"], np.linspace(1, 5, _ROUNDS), shown)
        watch.time("  strength, detail limit", setter["strength"], strengths, shown)
        form.show_look(AS_PUBLISHED)
        dock.swipe_box.setChecked(True)
        _pause(0.3)
        columns = np.linspace(length * 0.3, length * 0.7, _ROUNDS)
        watch.time("  swipe", drag, columns, shown)
        dock.swipe_box.setChecked(False)
        _pause(0.3)
    dock.live.setChecked(False)
    _time_inspector(viewer, length)
    viewer.close()


def _time_inspector(viewer: Any, length: int) -> None:
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Curve maps")
    dock.inspector.box.setChecked(True)
    _wait_for(lambda: dock.follower.view is not None)
    _pause(1)
    seconds = []
    for place in np.linspace(0, length - 1, 2 * _ROUNDS).astype(int):
        started = time.perf_counter()
        dock.inspector.look_at((int(place), int(place)))
        dock.inspector.plot.repaint()
        seconds.append(time.perf_counter() - started)
        _pause(0.02)
    milliseconds = np.array(seconds) * 1000
    median, late = np.median(milliseconds), np.percentile(milliseconds, 90)
    print(f"{'curve of the pixel under the mouse':<44} {median:>7.0f} {late:>7.0f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
