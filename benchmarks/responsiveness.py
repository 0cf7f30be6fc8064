"""Measure how long the real window freezes: gaps of the event loop while the Enhance dock works.

Usage: python benchmarks/responsiveness.py [SIDE]
A timer fires every 5 ms in a shown napari window; the longest time between two shots is the longest
time without an answer from the window. It also measures how long the dock takes to open.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import napari
import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

TICK_MS = 5


class Gaps:
    """Times between shots of a timer."""

    def __init__(self) -> None:
        self._timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        self._last = time.perf_counter()
        self._gaps: list[float] = []
        self._timer.start()

    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self._gaps.append(now - self._last)
        self._last = now

    def take(self, what: str) -> None:
        """Print the gaps since the last time."""
        gaps = np.array(self._gaps or [0]) * 1000
        self._gaps = []
        over = int((gaps > 100).sum())
        print(f"{what:<44} {gaps.max():>8.0f} {np.percentile(gaps, 99):>8.0f} {over:>8}")


def wait_for(condition: Callable[[], bool]) -> None:
    """Let the event loop run until a condition holds."""
    while not condition():
        QApplication.processEvents()
        time.sleep(0.001)


def main(side: str = "1024") -> None:
    """Open the dock, enhance a stack, cancel another run, and print the table."""
    viewer = napari.Viewer()
    viewer.window.resize(1280, 720)
    length = int(side)
    stack = np.random.default_rng(0).integers(100, 900, (4, length, length)).astype(np.uint16)
    viewer.add_image(stack, name="stack")
    QTest.qWait(1000)
    print(f"{'event-loop gaps in ms':<44} {'longest':>8} {'p99':>8} {'>100 ms':>8}")
    gaps = Gaps()
    QTest.qWait(1000)
    gaps.take("idle window")
    started = time.perf_counter()
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    QApplication.processEvents()
    opened = time.perf_counter() - started
    gaps.take("opening the dock")
    wait_for(lambda: dock.form.fields["device"].native.count() > 1)
    gaps.take("finding the devices in the background")
    wait_for(lambda: "cpu" in dock.run.plan.text() or "cuda" in dock.run.plan.text())
    gaps.take("timing the device in the background")
    for checkpoint in ("zero-dce", "zero-dce-pp"):
        dock.choose_checkpoint(checkpoint)
        wait_for(lambda name=checkpoint: dock._session.checkpoint == name)
        QTest.qWait(1500)
        gaps.take(f"choosing {checkpoint}")
        layers = len(viewer.layers)
        QTest.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)
        wait_for(lambda count=layers: len(viewer.layers) > count)
        gaps.take(f"enhancing 4 planes of {length}x{length}, {checkpoint}")
        wait_for(lambda: dock.run.state == "idle")
        QTest.qWait(500)
        gaps.take("adding the result")
    print(f"the dock opened in {opened * 1000:.0f} ms")
    viewer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
