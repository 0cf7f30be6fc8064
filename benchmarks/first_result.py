"""Measure how long a user waits for the first result of a fresh napari, and how the window answers.

Usage: python benchmarks/first_result.py [--rounds N] [--wait SECONDS] [--side PIXELS]
           [--checkpoint NAME] [--device NAME] [--backend NAME]
           [--docks NAME...] [--images mono|rgb...] [--by click|command]

Each figure is the median of fresh processes, which take turns: a napari with a shown window opens
an image and a dock, waits, and clicks. The clock runs until the canvas is drawn with the result.
Meanwhile a timer fires every 5 ms, and the longest time between two shots is the longest time
without an answer from the window. Other columns: that time before the click, from the moment when
the dock opens; and while napari adds such an image without the plugin. The first process of all is
not counted, but told: it may find files that the system has not read since it started.

By the command of the menu, the dock opens within the measured time, and nothing of the plugin is
loaded before. So the settings are the automatic ones, whatever --checkpoint and others say.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

COMMANDS = {
    "Enhance": "napari-zerodce.enhance_active",
    "Curve maps": "napari-zerodce.show_curve_maps",
    "Adjust": "napari-zerodce.adjust_active",
}
IMAGES = ("mono", "rgb")
CHOICES = ("checkpoint", "device", "backend")
COLUMNS = {
    "seconds": "click to layer, s",
    "gap": "longest gap, ms",
    "over": "gaps > 100 ms",
    "before": "gap before, ms",
    "alone": "napari alone, ms",
}


def image_of(kind: str, side: int) -> np.ndarray:
    """Return a dark image: bright cells on a dim background in uint16, or a photo in uint8."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:side, :side]
    if kind == "rgb":
        ramp = (rows + columns) * (60 / 2 / side)
        colours = ramp[..., None] * (1.0, 0.8, 0.6) + random.integers(0, 12, (side, side, 3))
        return colours.astype(np.uint8)
    cells = np.sin(rows / 17) * np.sin(columns / 23) > 0.8
    return (random.poisson(110, (side, side)) + cells * 900).astype(np.uint16)


class Clock:
    """Gaps of the event loop, and whether a new layer is drawn, while the event loop runs."""

    def __init__(self, viewer: Any) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.gaps: list[float] = []
        self.is_shown = False
        self._last, self._inserted = time.perf_counter(), False
        self._timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()
        # There is no public event for "the canvas was drawn".
        canvas = viewer.window._qt_viewer.canvas._scene_canvas
        canvas.events.draw.connect(self._on_draw, position="last")
        self._viewer = viewer

    def await_layer(self) -> None:
        """Be shown when the canvas was drawn with one more layer."""
        self._viewer.layers.events.inserted.connect(self._on_inserted)

    def _on_inserted(self, _: Any) -> None:
        self._inserted = True

    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._last))
        self._last = now

    def _on_draw(self, _: Any) -> None:
        self.is_shown |= self._inserted

    def take(self) -> list[float]:
        """Return the gaps in ms since the last time; the present one ends now."""
        self._on_timeout()
        gaps, self.gaps = self.gaps, []
        return gaps

    def run_until(self, condition: Callable[[], bool], patience: float = 30) -> None:
        """Let the real event loop run until a condition holds."""
        from qtpy.QtCore import QEventLoop, QTimer

        loop, end = QEventLoop(), time.monotonic() + patience

        def check() -> None:
            if condition() or time.monotonic() > end:
                loop.quit()

        timer = QTimer(interval=2)
        timer.timeout.connect(check)
        timer.start()
        loop.exec()
        timer.stop()
        if not condition():
            raise TimeoutError("there was no result")

    def pause(self, seconds: float) -> None:
        """Let the real event loop run for some time."""
        end = time.monotonic() + seconds
        self.run_until(lambda: time.monotonic() >= end, seconds + 60)


def open_and_click(viewer: Any, clock: Clock, options: argparse.Namespace) -> Callable[[], Any]:
    """Open the dock and wait; return the click on its button."""
    from qtpy.QtCore import QPoint, Qt
    from qtpy.QtTest import QTest

    from napari_zerodce.gui.session.session import session_of
    from napari_zerodce.gui.shared.dock import open_dock

    session_of(viewer).change(**{name: getattr(options, name) for name in CHOICES})
    clock.take()
    dock = open_dock(viewer, options.dock)
    clock.pause(options.wait)
    button = dock.live if options.dock == "Adjust" else dock.run.button
    place = QPoint(8, button.height() // 2)
    return lambda: QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=place)


def command(viewer: Any, clock: Clock, options: argparse.Namespace) -> Callable[[], Any]:
    """Wait; return the command, as napari's menu and palette run it."""
    from npe2 import PluginManager

    clock.take()
    clock.pause(options.wait)
    commands = PluginManager.instance().commands
    return lambda: commands.execute(COMMANDS[options.dock], (viewer,))


WAYS = {"click": open_and_click, "command": command}


def first_result(options: argparse.Namespace) -> dict[str, Any]:
    """Open a window in this process, make one result, and return what was measured."""
    import napari

    viewer = napari.Viewer()
    viewer.window.resize(1280, 720)
    clock = Clock(viewer)
    image = image_of(options.image, options.side)
    viewer.add_image(image, name="image", rgb=options.image == "rgb")
    clock.pause(1.5)
    act = WAYS[options.by](viewer, clock, options)
    before = clock.take()
    clock.await_layer()
    started = time.perf_counter()
    act()
    clock.run_until(lambda: clock.is_shown)
    seconds = time.perf_counter() - started
    gaps = clock.take()
    clock.pause(0.3)
    clock.take()
    viewer.add_image(image[::-1], name="another", rgb=options.image == "rgb")
    clock.pause(0.3)
    alone = clock.take()
    viewer.close()
    return {
        "seconds": seconds,
        "gap": max(gaps),
        "over": sum(gap > 100 for gap in gaps),
        "before": max(before),
        "alone": max(alone),
        "torch": "torch" in sys.modules,
    }


def measured(options: argparse.Namespace, dock: str, image: str) -> dict[str, Any]:
    """Return what a fresh process has measured."""
    command = [sys.executable, __file__, "--one", "--dock", dock, "--image", image]
    for name in ("wait", "side", "by", *CHOICES):
        command += [f"--{name}", str(getattr(options, name))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def rows(options: argparse.Namespace) -> Iterator[str]:
    """Measure everything in turns, and return a table."""
    cases = [(dock, image) for dock in options.docks for image in options.images]
    cold = measured(options, *cases[0])
    yield f"the first process, {cases[0][0]} of {cases[0][1]}: {cold['seconds']:.2f} s"
    found: dict[tuple[str, str], list[dict[str, Any]]] = {case: [] for case in cases}
    for _ in range(options.rounds):
        for case in cases:
            found[case].append(measured(options, *case))
    yield f"{'':<18}" + "".join(f"{title:>19}" for title in (*COLUMNS.values(), "torch"))
    for (dock, image), runs in found.items():
        medians = {name: float(np.median([run[name] for run in runs])) for name in COLUMNS}
        figures = [f"{medians.pop('seconds'):.2f}", *(f"{each:.0f}" for each in medians.values())]
        figures.append("loaded" if any(run["torch"] for run in runs) else "not loaded")
        yield f"{dock + ', ' + image:<18}" + "".join(f"{figure:>19}" for figure in figures)


def main() -> None:
    """Print a table, or in a process of its own, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--wait", type=float, default=1.0, help="seconds from dock to click")
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--checkpoint", default="zero-dce-pp", help="or auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--docks", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--images", nargs="+", choices=IMAGES, default=IMAGES)
    parser.add_argument("--by", choices=WAYS, default="click", help="what starts the first result")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--dock", help=argparse.SUPPRESS)
    parser.add_argument("--image", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(first_result(options)))
        return
    for row in rows(options):
        print(row, flush=True)


if __name__ == "__main__":
    main()
