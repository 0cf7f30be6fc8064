"""A real viewer in a real X server, our manifest registered, and a cache of its own.

Most tests need no window: `model` is a viewer without one, which is there at once.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.events import EventedModel
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.memory import set_budget
from napari_zerodce.engine.requests import ignore
from napari_zerodce.gui.session import preference_follower, preferences
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.work import forget_views
from napari_zerodce.gui.widgets import start_button
from napari_zerodce.stopping import never

_frozen = [0]  # so many modules were loaded at a time: napari's, and torch's later


_PATIENCE = 150_000  # milliseconds, less than pytest gives a test


@pytest.fixture
def qtbot(qapp: Any, request: pytest.FixtureRequest) -> QtBot:
    """Keys, mouse and waits of pytest-qt; only a hang ends a wait, on a busy machine too."""
    bot = QtBot(request)
    for name in ("waitUntil", "waitSignal", "waitExposed"):
        setattr(bot, name, partial(getattr(bot, name), timeout=_PATIENCE))
    return bot


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's downloaded checkpoints out of the tests, and the tests out of them."""
    monkeypatch.setenv("NAPARI_ZERODCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class StatedPreferences(EventedModel):
    """What a user has written in napari's preferences for the plugin; at first the defaults."""

    checkpoint: str = "auto"
    window: str = "auto"
    device: str = "auto"
    memory_budget: float = 0.0
    runs_folder: str = ""


@pytest.fixture(autouse=True)
def stated(monkeypatch: pytest.MonkeyPatch) -> Iterator[StatedPreferences]:
    """Keep the user's own preferences out of the tests, and the tests out of them."""
    stated = StatedPreferences()
    for module in (preferences, preference_follower):
        monkeypatch.setattr(module, "napari_group", lambda: stated)
    yield stated
    set_budget(None)


@pytest.fixture(autouse=True)
def modules_are_no_garbage() -> None:
    """Spare the garbage collection, of which napari's fixture asks four times, all modules."""
    if len(sys.modules) > _frozen[-1] + 100:
        gc.collect()
        gc.freeze()
        _frozen.append(len(sys.modules))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock by which a click is the second one of a double click: it stands still."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(start_button, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def model(qtbot: Any) -> Iterator[ViewerModel]:
    """A viewer without a window; our threads have ended before it goes."""
    yield ViewerModel()
    _end_all_jobs(qtbot)
    forget_views()


@pytest.fixture
def stack(model: ViewerModel) -> Image:
    """A layer of three dark planes in the viewer without a window: shape (3, 8, 8), uint16."""
    ramp = np.linspace(100, 900, 64).reshape(8, 8)
    planes = np.stack([ramp, ramp / 2, ramp / 4]).astype(np.uint16)
    layer = model.add_image(planes, name="stack", contrast_limits=(0, 1000))
    model.dims.set_point(0, 0)
    return layer


@pytest.fixture
def count_listeners() -> Callable[..., dict[str, int]]:
    """Counts who listens to each emitter of a viewer, of its layers and of a session."""
    return _listeners


def _listeners(model: ViewerModel, session: Any = None) -> dict[str, int]:
    groups = {
        "dims": model.dims.events,
        "camera": model.scene.camera.events,
        "canvas": model.canvas.events,
        "layers": model.layers.events,
        "selection": model.layers.selection.events,
        **{f"layer {layer.name}": layer.events for layer in model.layers},
    }
    found = {
        f"{name}.{event}": len(emitter.callbacks)
        for name, group in groups.items()
        for event, emitter in group.emitters.items()
    }
    for name in () if session is None else ("settings", "job", "runs"):
        found[f"session.{name}"] = len(getattr(session.events, name))
    for name in ("mouse_move_callbacks", "mouse_drag_callbacks"):
        found[name] = len(getattr(model, name))
    return found


class HeldJob(Job):
    """A job without a thread: the test says when its work is done."""

    made: ClassVar[list[HeldJob]] = []

    def start(self) -> None:
        HeldJob.made.append(self)

    def finish(self) -> None:
        self.succeeded.emit(self._work(ignore, never))


@pytest.fixture
def hold_jobs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[HeldJob]]:
    """Holds the jobs that a module starts, and returns them: a later one may end earlier."""

    def hold(module: Any) -> list[HeldJob]:
        monkeypatch.setattr(HeldJob, "made", [])
        monkeypatch.setattr(module, "Job", HeldJob)
        return HeldJob.made

    return hold


def _end_all_jobs(qtbot: Any) -> None:
    for job in list(Job._alive):
        job.cancel()
    qtbot.waitUntil(lambda: not Job._alive)


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Any:
    """A shown napari window that waits for our threads before it goes."""
    viewer = make_napari_viewer(show=True)
    yield viewer
    _end_all_jobs(qtbot)


@pytest.fixture
def settle(qtbot: Any) -> Callable[[Any], None]:
    """Waits until nothing is left that a dock would do later, or that a thread does for it."""

    def is_settled(dock: Any) -> bool:
        late = [timer for timer in dock.findChildren(QTimer) if timer.isSingleShot()]
        return not Job._alive and not any(timer.isActive() for timer in late)

    return lambda dock: qtbot.waitUntil(lambda: is_settled(dock))


@pytest.fixture
def small_screen(viewer: Any, qtbot: Any) -> None:
    """Gives the window the size of a small screen; the canvas has followed."""
    QApplication.processEvents()  # the docks' layout, which layers may have changed
    viewer.window.resize(1280, 720)
    window, canvas = viewer.window._qt_window, viewer.window._qt_viewer.canvas

    def is_done() -> bool:
        size = (canvas.native.height(), canvas.native.width())
        return (window.width(), window.height()) == (1280, 720) and tuple(canvas.size) == size

    qtbot.waitUntil(is_done)


@pytest.fixture
def dock(viewer: Any, qtbot: Any) -> Any:
    """The Enhance dock as the plugin menu opens it, devices known."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    qtbot.waitUntil(lambda: widget.form.fields["device"].native.count() > 1)
    return widget


@pytest.fixture
def dark_photo() -> np.ndarray:
    """A dark image, grey up to one pixel that makes it one in colour: (96, 128, 3), uint8."""
    ramp = np.linspace(0, 60, 128, dtype=np.uint8)
    image = np.broadcast_to(ramp[None, :, None], (96, 128, 3)).copy()
    image[20:40, 30:60] //= 2
    image[90, 120] = 60, 40, 20
    return image


@pytest.fixture
def adjust(viewer: Any) -> Any:
    """The Adjust dock as the plugin menu opens it."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-zerodce", "Adjust")
    return widget


@pytest.fixture
def curve_maps(viewer: Any) -> Any:
    """The Curve maps dock as the plugin menu opens it."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-zerodce", "Curve maps")
    return widget


class Mouse:
    """The mouse on the canvas of a real window; places are rows and columns of a layer."""

    def __init__(self, viewer: Any, qtbot: Any) -> None:
        self._viewer, self._qtbot = viewer, qtbot
        self.canvas = viewer.window._qt_viewer.canvas.native

    def point(self, layer: Any, row: float, column: float) -> QPoint:
        """Return where on the canvas a pixel is."""
        world = layer.data_to_world((*(0,) * (layer.ndim - 2), row, column))[-2:]
        camera = self._viewer.scene.camera
        down, across = (
            (w - c) * camera.zoom for w, c in zip(world, camera.center[-2:], strict=True)
        )
        return QPoint(
            round(self.canvas.width() / 2 + across), round(self.canvas.height() / 2 + down)
        )

    def move(self, layer: Any, row: float, column: float) -> None:
        """Move there with no button pressed."""
        self._send(QEvent.Type.MouseMove, self.point(layer, row, column), Qt.MouseButton.NoButton)

    def click(self, layer: Any, row: float, column: float) -> None:
        """Click there."""
        self.move(layer, row, column)
        point = self.point(layer, row, column)
        self._qtbot.mouseClick(self.canvas, Qt.MouseButton.LeftButton, pos=point)

    def drag(self, layer: Any, start: tuple[float, float], stop: tuple[float, float]) -> None:
        """Press at one place, move in steps, release at the other."""
        self.move(layer, *start)
        first, last = self.point(layer, *start), self.point(layer, *stop)
        self._qtbot.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=first)
        for step in range(1, 6):
            place = first + (last - first) * (step / 5)
            self._send(QEvent.Type.MouseMove, place, Qt.MouseButton.LeftButton)
        self._qtbot.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=last)
        QApplication.processEvents()

    def _send(self, kind: Any, point: QPoint, held: Any) -> None:
        event = QMouseEvent(
            kind,
            QPointF(point),
            QPointF(self.canvas.mapToGlobal(point)),
            Qt.MouseButton.NoButton,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()


@pytest.fixture
def mouse(viewer: Any, qtbot: Any) -> Mouse:
    """The mouse on the viewer's canvas."""
    return Mouse(viewer, qtbot)
