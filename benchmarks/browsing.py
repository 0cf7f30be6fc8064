"""Measure how huge images feel in the real window: with our views, and in napari alone.

Usage: python benchmarks/browsing.py [stack|pyramid|huge|plane ...]
Chunks are computed, so that no disk decides. Each row is one image in a process of its own: with
the live view ("live"), with a result of the Enhance dock that is computed where the user looks
("lazy"), or with neither, and with napari's asynchronous slicing on or off. "coarse" and "exact"
are the times from an action to the first and to the final picture; gaps are those of the event
loop.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from napari_zerodce.imaging.keys import complete_key

CHUNK = 512
_PATIENCE = 30.0
_TICK_MS = 5


@dataclass
class Computed:
    """A lazy array whose chunks are computed, at about the speed of a disk.

    Parameters
    ----------
    shape : tuple of int
    number : int
        Of the level; each pixel is the mean of 2^number pixels along each axis.
    """

    shape: tuple[int, ...]
    number: int = 0
    dtype: Any = field(default_factory=lambda: np.dtype(np.uint16))
    read: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        self.ndim, self.size = len(self.shape), int(np.prod(self.shape))
        self.chunks = (*(1,) * (self.ndim - 2), *(min(CHUNK, n) for n in self.shape[-2:]))
        self._texture = texture(self.number)

    def __getitem__(self, key: Any) -> Any:
        """Return a region; the chunks that it touches are counted."""
        key = complete_key(key, self.ndim)
        places = [np.arange(n)[part] for n, part in zip(self.shape, key, strict=True)]
        sizes = zip(places, self.chunks, strict=True)
        self.read[0] += int(np.prod([len(np.unique(place // size)) for place, size in sizes]))
        *leading, rows, columns = places
        side = self._texture.shape[0]
        down, across = (np.atleast_1d(place) % side for place in (rows, columns))
        plane = self._texture[np.ix_(down, across)]
        shifts = (np.atleast_1d(place).astype(np.uint16) % 7 for place in leading)
        made = (
            sum(np.ix_(*shifts), start=np.uint16(0))[..., None, None] + plane if leading else plane
        )
        kept = tuple(0 if np.ndim(place) == 0 else slice(None) for place in places)
        return made[kept]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Return all of it: napari asks for that of the coarsest level."""
        return np.asarray(self[(slice(None),) * self.ndim], dtype)


@cache
def finest_texture() -> np.ndarray:
    """Return the pattern of the finest level: cells on noise, brighter here and darker there."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:CHUNK, :CHUNK].astype(np.float32)
    made = rng.normal(100, 3, (CHUNK, CHUNK)).astype(np.float32)
    for row, column in rng.uniform(20, CHUNK - 20, (40, 2)):
        made += 600 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 80)
    return np.kron(rng.uniform(0.5, 1.5, (4, 4)), made).astype(np.float32)


def texture(number: int) -> np.ndarray:
    """Return the pattern of a level, each pixel of which is the mean of 2^number ones a side."""
    made = finest_texture()
    side = max(1, len(made) >> number)
    few = made.reshape(side, len(made) // side, side, len(made) // side).mean((1, 3))
    return np.rint(few).astype(np.uint16)


def levels_of(side: int) -> list[Computed]:
    """Return the levels of a square pyramid, until one has at most 512 pixels a side."""
    counts = range(max(1, (side // CHUNK).bit_length()))
    read = [0]
    return [Computed((side >> number,) * 2, number, read=read) for number in counts]


def image(name: str) -> tuple[Any, list[int]]:
    """Return an image by its name, and where its chunk reads are counted."""
    import dask.array as da

    if name == "stack":
        stack = Computed((12_000, 2048, 2048))
        return da.from_array(stack, chunks=(1, 2048, 2048), name="stack"), stack.read
    if name == "plane":
        plane = Computed((20_000, 20_000))
        return plane, plane.read
    levels = levels_of({"pyramid": 16_384, "huge": 100_000}[name])
    return levels, levels[0].read


class Gaps:
    """Times between shots of a timer."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self._timer = QTimer(interval=_TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        self._last, self.seconds = time.perf_counter(), [0.0]
        self._timer.start()

    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now

    def take(self) -> str:
        """Return the longest and the 99th percentile since the last time, in ms."""
        gaps, self.seconds = np.array(self.seconds) * 1000, [0.0]
        return f"{gaps.max():>7.0f} {np.percentile(gaps, 99):>5.0f}"


def wait(condition: Callable[[], Any], patience: float = _PATIENCE) -> float:
    """Let the event loop run until a condition holds; return the seconds."""
    from qtpy.QtWidgets import QApplication

    started = time.perf_counter()
    while not condition() and time.perf_counter() - started < patience:
        QApplication.processEvents()
        time.sleep(0.001)
    return time.perf_counter() - started


def pause(seconds: float) -> None:
    """Let the event loop run."""
    wait(lambda: False, seconds)


class Window:
    """A napari window with an image, and with a view of it: "live", "lazy" or "alone"."""

    def __init__(self, name: str, *, kind: str, network: str) -> None:
        import napari

        self.viewer = napari.Viewer()
        self.viewer.window.resize(1280, 720)
        data, self.read = image(name)
        self.is_stack = name == "stack"
        multiscale = isinstance(data, list)
        self.layer = self.viewer.add_image(
            data, name=name, multiscale=multiscale, contrast_limits=(0, 1500)
        )
        if self.is_stack:
            self.viewer.dims.set_point(0, 0)
        pause(1)
        self.dock, self.enhance, self.result = None, None, None
        if kind == "lazy":
            _, self.enhance = self.viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
            self.enhance._session.change(checkpoint=network)
            import napari_zerodce.engine.lazy

            pause(1)
        if kind == "live":
            _, self.dock = self.viewer.window.add_plugin_dock_widget("napari-zerodce", "Adjust")
            self.dock._session.change(checkpoint=network)
            import napari_zerodce.engine.view  # noqa: F401  (torch: another run has loaded it)

            pause(1)

    def actions(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield what a user does, with its name."""
        camera, rng = self.viewer.scene.camera, np.random.default_rng(0)
        if self.dock is not None:
            yield "open", lambda: self.dock.live.setChecked(True)
        if self.enhance is not None:
            yield "open", self._enhance
        for _ in range(5):
            yield "zoom in", lambda: setattr(camera, "zoom", camera.zoom * 2)
        for _ in range(4):
            shift = np.array([0, *rng.choice([-1, 1], 2) * 250])
            yield "pan", lambda shift=shift: self._pan(shift)
        for _ in range(5):
            yield "zoom out", lambda: setattr(camera, "zoom", camera.zoom / 2)
        for plane in range(1, 5) if self.is_stack else ():
            yield "slider", lambda plane=plane: self.viewer.dims.set_point(0, plane * 1000)
        for strength in (0.6, 1.4, 0.8, 1.0) if self.dock is not None else ():
            field = self.dock.form.fields["strength"]
            yield "strength", lambda strength=strength, f=field: setattr(f, "value", strength)

    def _pan(self, shift: Any) -> None:
        camera = self.viewer.scene.camera
        camera.center = tuple(np.asarray(camera.center) + shift / camera.zoom)

    def _enhance(self) -> None:
        self.enhance.start()
        self.result = self.viewer.layers[-1]
        wait(lambda: not self.enhance._session.busy)

    def _time_of_result(self, started: float) -> tuple[float, float]:
        levels = list(self.result.data) if self.result.multiscale else [self.result.data]
        blocks, first = levels[0].blocks, [0.0]
        tell = lambda *_: first.append(time.perf_counter() - started)  # noqa: E731
        blocks.arrived.connect(tell)
        pause(0.15)  # napari has sliced it
        wait(lambda: not blocks.missing())
        blocks.arrived.disconnect(tell)
        return (first[1], first[-1]) if len(first) > 1 else (0.0, 0.0)

    def time(self, action: Callable[[], Any]) -> tuple[float, float]:
        """Return the seconds until the first and until the final picture after an action."""
        changes: list[float] = []
        shown = self.dock.shown if self.dock is not None else None
        started = time.perf_counter()
        action()
        if self.result is not None:
            return self._time_of_result(started)
        if shown is None:
            wait(lambda: self.layer.loaded, 10)
            pause(0.05)
            done = time.perf_counter() - started - 0.05
            return done, done
        follower = self.dock.follower
        tell = lambda *_: changes.append(time.perf_counter() - started)  # noqa: E731
        follower.sketched.connect(tell)
        follower.known.connect(tell)
        acted = time.perf_counter() - started
        pause(0.15)  # the follower has seen it
        wait(lambda: follower.view is not None)
        follower.sketched.disconnect(tell)
        follower.known.disconnect(tell)
        return (changes[0], changes[-1]) if changes else (acted, acted)

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()


def memory() -> float:
    """Return the memory of this process in GB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e9


def browse(name: str, kind: str, network: str) -> None:
    """Print one row for each kind of action."""
    window = Window(name, kind=kind, network=network)
    gaps, start = Gaps(), memory()
    asynchronous = "async" if os.environ.get("NAPARI_ASYNC") == "1" else "sync"
    found: dict[str, list[tuple[float, float]]] = {}
    shown: dict[str, str] = {}
    for what, action in window.actions():
        before = window.read[0]
        if what not in found:
            gaps.take()
        found.setdefault(what, []).append(window.time(action))
        pause(0.4)
        shown[what] = f"{window.read[0] - before:>7}"
        shown.setdefault(f"{what} gaps", "")
        shown[f"{what} gaps"] = _worse(shown[f"{what} gaps"], gaps.take())
    view = "napari alone" if kind == "alone" else f"{kind} {network}"
    label = f"{name}, {view}, {asynchronous}"
    for what, seconds in found.items():
        coarse, exact = np.max(seconds, axis=0)
        print(
            f"{label:<36} {what:<9} {coarse:>6.2f} {exact:>6.2f} "
            f"{shown[f'{what} gaps']} {shown[what]} {memory() - start:>7.2f}",
            flush=True,
        )
    window.close()


def _worse(one: str, other: str) -> str:
    return max((one, other), key=lambda text: float(text.split()[0]) if text else -1.0)


def main(*names: str) -> None:
    """Print the table; each row of images in a process of its own."""
    print(
        f"{'':<36} {'action':<9} {'coarse':>6} {'exact':>6} {'longest':>7} {'p99':>5} "
        f"{'chunks':>7} {'+GB':>7}"
    )
    networks = ("zero-dce-pp", "zero-dce")
    kinds = [("alone", "-"), *(("live", name) for name in networks)]
    kinds += [("lazy", name) for name in networks]
    for name in names or ("stack", "pyramid", "huge"):
        for asynchronous in ("0", "1"):
            for kind, network in kinds:
                environment = os.environ | {"NAPARI_ASYNC": asynchronous}
                call = [sys.executable, __file__, "--one", name, kind, network]
                subprocess.run(call, env=environment, check=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        browse(*sys.argv[2:5])
    else:
        main(*sys.argv[1:])
