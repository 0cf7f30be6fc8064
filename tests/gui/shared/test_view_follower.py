"""The follower with a network that waits for a word: what is estimated, told and forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject

from napari_zerodce.engine.look import Look
from napari_zerodce.errors import Cancelled, DeviceError, RequestError
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import view_follower, work
from napari_zerodce.gui.shared.view_follower import ViewFollower
from napari_zerodce.gui.shared.work import ViewRequest
from napari_zerodce.imaging.windows import WindowChoice


class Network:
    """Notes each wish; the answer comes when the gate is open, and names the plane."""

    def __init__(self) -> None:
        self.wishes: list[ViewRequest] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.can_stop = True

    def viewing(self, wish: ViewRequest) -> Any:
        self.wishes.append(wish)

        def estimate(_report: Any, should_stop: Callable[[], bool]) -> str:
            while not self.gate.wait(0.002):
                if self.can_stop and should_stop():
                    raise Cancelled
            if self.error is not None:
                raise self.error
            return f"view of {wish.screen.index}"

        return estimate

    @property
    def planes(self) -> list[tuple[int, ...]]:
        return [wish.screen.index for wish in self.wishes]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr(work, "viewing", network.viewing)
    monkeypatch.setattr(view_follower, "_PATIENCE_MS", 0)
    return network


@pytest.fixture
def session() -> Session:
    return Session()


class Told:
    """A follower and what it has told so far."""

    def __init__(self, model: ViewerModel, session: Session, **options: Any) -> None:
        self.parent = QObject()
        self.follower = ViewFollower(model, session, self.parent, **options)
        self.known: list[tuple[tuple[int, ...], Any]] = []
        self.failed: list[Exception] = []
        self.waiting = 0
        self.follower.known.connect(lambda screen, view: self.known.append((screen.index, view)))
        self.follower.failed.connect(self.failed.append)
        self.follower.waiting.connect(self._on_waiting)

    def _on_waiting(self) -> None:
        self.waiting += 1


@pytest.fixture
def told(model: ViewerModel, session: Session, network: Network) -> Told:
    return Told(model, session)


def _look_again(told: Told, qtbot: Any) -> None:
    """Let the follower look once more; what it starts has begun when this returns."""
    with qtbot.waitSignal(told.follower._timer.timeout):
        told.follower.refresh()


def _follow(told: Told, layer: Image, qtbot: Any, **options: Any) -> None:
    with qtbot.waitSignal(told.follower.known):
        told.follower.follow(layer, **options)


def test_curves_of_the_plane_on_screen_are_told_once(
    told: Told, stack: Image, network: Network, qtbot: Any
) -> None:
    _follow(told, stack, qtbot)
    assert told.known == [((0,), "view of (0,)")]
    assert told.waiting == 1
    _look_again(told, qtbot)
    assert len(told.known) == 1
    assert network.planes == [(0,)]
    told.follower.follow(stack)  # the same wish is no new one
    assert not told.follower._timer.isActive()


def test_of_several_wishes_the_latest_alone_is_answered(
    told: Told, stack: Image, network: Network, model: ViewerModel, qtbot: Any
) -> None:
    network.gate.clear()
    with qtbot.waitSignal(told.follower.waiting):
        told.follower.follow(stack)
    first = told.follower._job
    assert first is not None
    model.dims.set_point(0, 1)
    model.dims.set_point(0, 2)
    with qtbot.waitSignal(first.cancelled):
        pass
    network.gate.set()
    qtbot.waitUntil(lambda: told.known == [((2,), "view of (2,)")])
    assert network.planes == [(0,), (2,)]


def test_answer_to_an_older_wish_is_dropped(
    told: Told, stack: Image, network: Network, model: ViewerModel, qtbot: Any
) -> None:
    network.gate.clear()
    network.can_stop = False
    with qtbot.waitSignal(told.follower.waiting):
        told.follower.follow(stack)
    with qtbot.waitSignal(told.follower.waiting):
        model.dims.set_point(0, 1)
    network.gate.set()
    qtbot.waitUntil(lambda: bool(told.known))
    assert told.known == [((1,), "view of (1,)")]


def test_nothing_is_estimated_while_a_run_is_on(
    told: Told, stack: Image, network: Network, session: Session, qtbot: Any
) -> None:
    session.job = Job("another run", lambda _report, _should_stop: None)
    with qtbot.waitSignal(told.follower.waiting):
        told.follower.follow(stack)
    _look_again(told, qtbot)
    assert network.wishes == []
    with qtbot.waitSignal(told.follower.known):
        session.job = None
    assert network.planes == [(0,)]


def test_run_that_begins_takes_the_device_and_the_estimate_begins_again_after_it(
    told: Told, stack: Image, network: Network, session: Session, qtbot: Any
) -> None:
    network.gate.clear()
    with qtbot.waitSignal(told.follower.waiting):
        told.follower.follow(stack)
    estimate = told.follower._job
    assert estimate is not None
    with qtbot.waitSignal(estimate.finished):
        session.job = Job("another run", lambda _report, _should_stop: None)
    _look_again(told, qtbot)
    assert len(network.wishes) == 1
    network.gate.set()
    with qtbot.waitSignal(told.follower.known):
        session.job = None
    assert network.planes == [(0,), (0,)]


def test_failure_is_told_once_and_tried_again_when_something_has_changed(
    told: Told, stack: Image, network: Network, model: ViewerModel, qtbot: Any
) -> None:
    network.error = DeviceError("no memory")
    with qtbot.waitSignal(told.follower.failed):
        told.follower.follow(stack)
    qtbot.waitUntil(lambda: told.follower._job is None)
    _look_again(told, qtbot)
    assert [str(error) for error in told.failed] == ["no memory"]
    assert len(network.wishes) == 1
    network.error = None
    with qtbot.waitSignal(told.follower.known):
        model.dims.set_point(0, 1)
    with qtbot.waitSignal(told.follower.known):
        model.dims.set_point(0, 0)
    assert network.planes == [(0,), (1,), (0,)]


def test_moved_layer_is_told_with_the_curves_that_are_there(
    told: Told, stack: Image, network: Network, qtbot: Any
) -> None:
    _follow(told, stack, qtbot)
    with qtbot.waitSignal(told.follower.known):
        stack.translate = (0, 5, 6)
    assert told.known == [((0,), "view of (0,)")] * 2
    assert told.follower.screen is not None
    assert list(told.follower.screen.geometry["translate"]) == [0, 5, 6]
    assert len(network.wishes) == 1


def test_without_curves_only_the_place_is_told(
    told: Told, stack: Image, network: Network, model: ViewerModel, qtbot: Any
) -> None:
    _follow(told, stack, qtbot, curves=False)
    with qtbot.waitSignal(told.follower.known):
        model.dims.set_point(0, 2)
    assert told.known == [((0,), None), ((2,), None)]
    assert told.waiting == 0
    assert network.wishes == []
    with qtbot.waitSignal(told.follower.known):  # the same layer, now with its curves
        told.follower.follow(stack, curves=True)
    assert told.known[-1] == ((2,), "view of (2,)")


@pytest.mark.parametrize(("for_numbers", "precision"), [(False, "auto"), (True, "float32")])
def test_numbers_are_read_off_curves_of_full_precision(
    model: ViewerModel,
    session: Session,
    stack: Image,
    network: Network,
    qtbot: Any,
    for_numbers: bool,
    precision: str,
) -> None:
    told = Told(model, session, for_numbers=for_numbers)
    _follow(told, stack, qtbot)
    assert network.wishes[0].request.settings.precision == precision


def test_another_checkpoint_is_a_new_wish_and_another_look_is_none(
    told: Told, stack: Image, network: Network, session: Session, qtbot: Any
) -> None:
    _follow(told, stack, qtbot)
    qtbot.waitUntil(lambda: told.follower._job is None)
    session.change(look=Look(strength=0.5))
    assert not told.follower._timer.isActive()
    with qtbot.waitSignal(told.follower.known):
        session.change(checkpoint="zero-dce-pp")
    assert network.wishes[-1].request.settings.checkpoint == "zero-dce-pp"


def test_contrast_limits_count_if_they_are_the_window(
    told: Told, stack: Image, network: Network, session: Session, qtbot: Any
) -> None:
    _follow(told, stack, qtbot)
    qtbot.waitUntil(lambda: told.follower._job is None)
    stack.contrast_limits = (0, 500)
    assert not told.follower._timer.isActive()
    with qtbot.waitSignal(told.follower.known):
        session.change(window=WindowChoice("contrast"))
    with qtbot.waitSignal(told.follower.known):
        stack.contrast_limits = (0, 300)
    windows = [wish.request.settings.window for wish in network.wishes]
    assert windows == [WindowChoice("auto"), *(WindowChoice("range", 0, h) for h in (500, 300))]


def test_replaced_data_forget_what_was_remembered(
    told: Told, stack: Image, network: Network, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _follow(told, stack, qtbot)
    qtbot.waitUntil(lambda: told.follower._job is None)
    forgotten: list[bool] = []
    monkeypatch.setattr(work, "forget_views", lambda: forgotten.append(True))
    stack.events.data()  # the same array: its pixels were changed in place
    assert forgotten == [True]
    assert told.follower.view is None
    with qtbot.waitSignal(told.follower.known):
        stack.data = stack.data[:, :4]
    assert len(forgotten) == 2
    assert network.wishes[-1].screen.viewport.shape == (4, 8)


def test_deleted_layer_is_an_orphan_whose_pixels_are_let_go(
    told: Told,
    stack: Image,
    network: Network,
    model: ViewerModel,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _follow(told, stack, qtbot)
    forgotten: list[bool] = []
    monkeypatch.setattr(work, "forget_views", lambda: forgotten.append(True))
    assert not told.follower.is_orphaned
    model.layers.remove(stack)
    assert told.follower.is_orphaned
    _look_again(told, qtbot)
    assert len(network.wishes) == 1
    told.follower.follow(None)
    assert forgotten == [True]
    assert told.follower.layer is told.follower.view is told.follower.screen is None
    assert not told.follower.is_orphaned


def test_3d_fails_with_a_sentence_and_2d_goes_on(
    told: Told, stack: Image, network: Network, model: ViewerModel, qtbot: Any
) -> None:
    _follow(told, stack, qtbot)
    with qtbot.waitSignal(told.follower.failed):
        model.dims.ndisplay = 3
    assert isinstance(told.failed[0], RequestError)
    assert told.follower.view is None
    with qtbot.waitSignal(told.follower.known):
        model.dims.ndisplay = 2
    assert network.planes == [(0,), (0,)]


def test_layer_without_planes_fails_with_a_sentence(
    told: Told, model: ViewerModel, network: Network, qtbot: Any
) -> None:
    mask = model.add_image(np.zeros((8, 8), bool))
    with qtbot.waitSignal(told.follower.failed):
        told.follower.follow(mask)
    assert "bool" in str(told.failed[0])
    assert network.wishes == []


def test_following_nothing_looks_at_nothing(told: Told, model: ViewerModel) -> None:
    told.follower.follow(None)
    model.dims.ndisplay = 3
    assert not told.follower._timer.isActive()
    assert not told.follower.is_orphaned


def test_release_leaves_no_listener_and_stops_the_estimate(
    model: ViewerModel,
    session: Session,
    stack: Image,
    network: Network,
    count_listeners: Callable[..., dict[str, int]],
    qtbot: Any,
) -> None:
    before = count_listeners(model, session)
    told = Told(model, session)
    network.gate.clear()
    with qtbot.waitSignal(told.follower.waiting):
        told.follower.follow(stack)
    assert count_listeners(model, session) != before
    estimate = told.follower._job
    assert estimate is not None
    with qtbot.waitSignal(estimate.cancelled):
        told.follower.release()
    assert count_listeners(model, session) == before
    assert told.known == []


def test_another_layer_is_followed_instead_of_the_first(
    told: Told,
    model: ViewerModel,
    stack: Image,
    count_listeners: Callable[..., dict[str, int]],
    qtbot: Any,
) -> None:
    other = model.add_image(np.full((3, 8, 8), 7, np.uint8), name="other")
    before = count_listeners(model)
    _follow(told, stack, qtbot)
    _follow(told, other, qtbot)
    told.follower.follow(None)
    assert count_listeners(model) == before
    stack.translate = (0, 1, 1)
    assert not told.follower._timer.isActive()


@pytest.fixture
def large(model: ViewerModel) -> Image:
    """A plane that is large enough to have an overview, in memory."""
    layer = model.add_image(np.zeros((1500, 1500), np.uint8), contrast_limits=(0, 255))
    assert isinstance(layer, Image)
    return layer


def test_overview_of_a_large_plane_comes_first_and_once(
    told: Told, large: Image, network: Network, session: Session, qtbot: Any
) -> None:
    sketched: list[Any] = []
    told.follower.sketched.connect(sketched.append)
    _follow(told, large, qtbot)
    steps = [wish.screen.viewport.step for wish in network.wishes]
    assert steps == [5, 1]
    assert [screen.viewport.step for screen in sketched] == [1], "for the part on screen"
    assert told.follower.overview is not None
    session.change(window=WindowChoice("dtype"))  # other curves
    qtbot.waitUntil(lambda: len(told.known) == 2)
    assert [wish.screen.viewport.step for wish in network.wishes] == [5, 1, 5, 1]


def test_overview_is_forgotten_with_its_layer(
    told: Told, large: Image, stack: Image, qtbot: Any
) -> None:
    _follow(told, large, qtbot)
    _follow(told, stack, qtbot)
    assert told.follower.overview is None


def test_screen_that_moves_is_sketched_before_it_rests(
    told: Told,
    model: ViewerModel,
    network: Network,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    levels = [np.zeros((8192 // 2**n,) * 2, np.uint8) for n in range(6)]
    layer = model.add_image(levels, multiscale=True, contrast_limits=(0, 255))
    assert isinstance(layer, Image)
    layer.data_level = 1
    layer.corner_pixels = np.array([[0, 0], [399, 699]])
    _follow(told, layer, qtbot)
    told.follower._timer.setInterval(60_000)  # the screen does not rest
    layer.corner_pixels = np.array([[100, 0], [499, 699]])
    with qtbot.waitSignal(told.follower.sketched) as sketched:
        model.scene.camera.center = (0, 10, 10)
    assert sketched.args[0].viewport.rows == slice(200, 1000)
    assert len(network.wishes) == 2, "nothing new is estimated"
