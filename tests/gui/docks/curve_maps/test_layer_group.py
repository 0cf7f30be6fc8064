"""Map layers of one wish: they follow the slider with one network, and are marked when outdated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject

from napari_zerodce.engine import resolve
from napari_zerodce.engine.requests import ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, DeviceError
from napari_zerodce.gui.docks.curve_maps import layer_group, work
from napari_zerodce.gui.docks.curve_maps.images import MapChoice
from napari_zerodce.gui.docks.curve_maps.layer_group import FollowingMaps, LazyMaps, MapRun
from napari_zerodce.gui.docks.curve_maps.work import MappedPlane
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.stopping import never

QUICK = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")
CHOICE = MapChoice("gain", "mean", (2, 8), "separate")


class Group:
    """A group with its layers, made on plane 0 of a stack."""

    def __init__(self, model: ViewerModel, stack: Image, choice: MapChoice = CHOICE) -> None:
        self.model, self.session, self.parent = model, Session(), QObject()
        self.choice = choice
        source = read_source(stack)
        mapping = work.mapping(request_for(source, QUICK), (0,), choice, step=1)
        self.mapped = mapping(ignore, never)
        self.resolved = self.mapped.resolved
        kind = LazyMaps if choice.extent == "stack" else FollowingMaps
        run = MapRun(source, choice, 1, self.mapped)
        self.group: Any = kind(model, self.session, run, self.parent)
        self.layers = self.group.layers
        self.failed: list[Exception] = []
        self.computing: list[Any] = []
        self.group.failed.connect(self.failed.append)
        self.group.computing.connect(self.computing.append)

    def expected(self, plane: int, layer: int = 0) -> np.ndarray:
        mapped = work.mapping(self.resolved, (plane,), self.choice, step=1)(ignore, never)
        return np.asarray(mapped.images[layer].with_plane_axes(1).data)

    def shows(self, plane: int, layer: int = 0) -> bool:
        return np.array_equal(self.layers[layer].data, self.expected(plane, layer))

    def look(self, qtbot: Any) -> None:
        """Let the group look once; what it starts has begun when this returns."""
        with qtbot.waitSignal(self.group._timer.timeout):
            self.group._timer.start()

    def wait_until_idle(self, qtbot: Any) -> None:
        qtbot.waitUntil(lambda: self.group._job is None and not self.group._timer.isActive())


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_group, "_PATIENCE_MS", 0)


@pytest.fixture
def maps(model: ViewerModel, stack: Image) -> Group:
    return Group(model, stack)


def test_layers_follow_the_slider_to_another_plane(
    maps: Group, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    assert maps.shows(0)
    model.dims.set_point(0, 2)
    qtbot.waitUntil(lambda: maps.shows(2, 0) and maps.shows(2, 1))
    for layer in maps.layers:
        np.testing.assert_allclose(layer.data_to_world((0, 3, 5)), stack.data_to_world((2, 3, 5)))
    assert maps.failed == []


def test_one_resolved_request_serves_all_planes(
    maps: Group, model: ViewerModel, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: list[Any] = []
    make = resolve.make_runner
    monkeypatch.setattr(resolve, "make_runner", lambda *args: (copies.append(args), make(*args))[1])
    for plane in (1, 2, 0):
        model.dims.set_point(0, plane)
        qtbot.waitUntil(lambda plane=plane: maps.layers[0].translate[0] == plane)
    assert copies == [], "the network was copied once, when the layers were made"


def test_settled_slider_starts_nothing(
    maps: Group, model: ViewerModel, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(work, "mapping", lambda *args, **_: asked.append(args))
    model.dims.set_point(0, 0.2)  # the same plane
    maps.look(qtbot)
    assert asked == []


def test_old_image_is_marked_once_and_its_maps_stay(
    maps: Group, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    before = maps.layers[0].data.copy()
    stack.data = stack.data[::-1].copy()
    stack.data = stack.data[::-1].copy()
    assert [layer.name for layer in maps.layers] == [
        "stack gain 2 [Zero-DCE++] (old image)",
        "stack gain 8 [Zero-DCE++] (old image)",
    ]
    model.dims.set_point(0, 1)
    maps.look(qtbot)
    assert maps.group._job is None
    np.testing.assert_array_equal(maps.layers[0].data, before)


def test_other_layers_follow_when_one_is_deleted(
    maps: Group, model: ViewerModel, qtbot: Any
) -> None:
    first, second = maps.layers
    model.layers.remove(first)
    assert maps.group.is_alive
    model.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: maps.shows(1, 1))
    model.layers.remove(second)
    assert not maps.group.is_alive


def test_group_without_its_image_is_dead_and_looks_no_more(
    maps: Group, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    model.dims.set_point(0, 1)
    model.layers.remove(stack)
    assert not maps.group.is_alive
    maps.look(qtbot)
    assert maps.group._job is None


def test_3d_shows_on_what_there_is(maps: Group, model: ViewerModel, qtbot: Any) -> None:
    model.dims.ndisplay = 3
    maps.look(qtbot)
    assert maps.group._job is None
    assert maps.failed == []
    model.dims.ndisplay = 2
    model.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: maps.shows(1))


# ---- runs of the session


def _run() -> Job:
    return Job("another run", lambda _report, _should_stop: None)


def test_slider_moved_during_a_run_is_followed_after_it(
    maps: Group, model: ViewerModel, qtbot: Any
) -> None:
    maps.session.job = _run()
    model.dims.set_point(0, 1)
    maps.look(qtbot)
    assert maps.group._job is None
    maps.session.job = None
    qtbot.waitUntil(lambda: maps.shows(1))


class Waiting:
    """Maps that are ready when the gate is open."""

    def __init__(self, mapped: MappedPlane) -> None:
        self.gate = threading.Event()
        self.asked: list[tuple[int, ...]] = []
        self.can_stop = True
        self._mapped = mapped

    def mapping(self, _request: Any, index: tuple[int, ...], _choice: Any, *, step: int) -> Any:
        self.asked.append(index)

        def wait(_report: Any, should_stop: Callable[[], bool]) -> MappedPlane:
            while not self.gate.wait(0.002):
                if self.can_stop and should_stop():
                    raise Cancelled
            return replace(self._mapped, index=index)

        return wait


@pytest.fixture
def waiting(maps: Group, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    mapped = work.mapping(maps.resolved, (1,), CHOICE, step=1)(ignore, never)
    waiting = Waiting(mapped)
    monkeypatch.setattr(work, "mapping", waiting.mapping)
    return waiting


def test_run_that_begins_takes_the_device_and_the_plane_is_mapped_after_it(
    maps: Group, waiting: Waiting, model: ViewerModel, qtbot: Any
) -> None:
    model.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: waiting.asked == [(1,)])
    job = maps.group._job
    assert job is not None
    with qtbot.waitSignal(job.cancelled):
        maps.session.job = _run()
    maps.wait_until_idle(qtbot)
    assert waiting.asked == [(1,)]
    waiting.gate.set()
    maps.session.job = None
    qtbot.waitUntil(lambda: maps.layers[0].translate[0] == 1)
    assert waiting.asked == [(1,), (1,)]


def test_slider_that_moves_on_is_followed_to_its_last_place(
    maps: Group, waiting: Waiting, model: ViewerModel, qtbot: Any
) -> None:
    model.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: waiting.asked == [(1,)])
    model.dims.set_point(0, 0)
    model.dims.set_point(0, 2)
    waiting.gate.set()
    qtbot.waitUntil(lambda: maps.layers[0].translate[0] == 2)
    assert waiting.asked == [(1,), (2,)]


def test_plane_that_is_no_longer_on_screen_is_given_up(
    maps: Group, waiting: Waiting, model: ViewerModel, qtbot: Any
) -> None:
    model.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: waiting.asked == [(1,)])
    job = maps.group._job
    assert job is not None
    with qtbot.waitSignal(job.cancelled):
        model.dims.set_point(0, 0)  # the gate is closed: only a stop ends the job
    maps.wait_until_idle(qtbot)
    assert waiting.asked == [(1,)], "its maps are shown already"


def test_maps_of_an_image_replaced_meanwhile_are_dropped(
    maps: Group, waiting: Waiting, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    waiting.can_stop = False
    model.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: waiting.asked == [(1,)])
    stack.data = stack.data.copy()
    waiting.gate.set()
    maps.wait_until_idle(qtbot)
    assert maps.layers[0].translate[0] == 0


def test_failure_is_told_once_for_a_plane(
    maps: Group, model: ViewerModel, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, ...]] = []

    def mapping(_request: Any, index: tuple[int, ...], _choice: Any, *, step: int) -> Any:
        asked.append(index)

        def fail(_report: Any, _should_stop: Any) -> None:
            raise DeviceError("no memory")

        return fail

    monkeypatch.setattr(work, "mapping", mapping)
    with qtbot.waitSignal(maps.group.failed):
        model.dims.set_point(0, 1)
    maps.wait_until_idle(qtbot)
    maps.look(qtbot)
    assert asked == [(1,)]
    assert [str(error) for error in maps.failed] == ["no memory"]
    model.dims.set_point(0, 0)  # the maps of this plane are shown already
    maps.look(qtbot)
    with qtbot.waitSignal(maps.group.failed):
        model.dims.set_point(0, 1)
    assert asked == [(1,), (1,)], "it is tried again when it is shown again"


def test_release_leaves_no_listener_and_stops_what_is_mapped(
    model: ViewerModel,
    stack: Image,
    qtbot: Any,
    count_listeners: Callable[..., dict[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The layers of maps listen to nothing of ours, the group to the viewer, the image, the session.
    first = Group(model, stack)
    with_group = count_listeners(model, first.session)
    first.group.release()
    without = count_listeners(model, first.session)
    gone = {name: with_group[name] - without[name] for name in with_group}
    assert {name: count for name, count in gone.items() if count} == {
        "dims.point": 1,
        "layer stack.data": 1,
        "session.job": 1,
    }
    second = Group(model, stack)
    waiting = Waiting(work.mapping(second.resolved, (1,), CHOICE, step=1)(ignore, never))
    monkeypatch.setattr(work, "mapping", waiting.mapping)
    model.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: bool(waiting.asked))
    job = second.group._job
    assert job is not None
    with qtbot.waitSignal(job.cancelled):
        second.group.release()
    assert first.group._job is None


def test_plane_that_is_computed_is_told(
    maps: Group, waiting: Waiting, model: ViewerModel, qtbot: Any
) -> None:
    assert not maps.group.is_behind
    model.dims.set_point(0, 1)
    assert maps.group.is_behind
    qtbot.waitUntil(lambda: maps.computing == [(1,)])
    waiting.gate.set()
    maps.wait_until_idle(qtbot)
    assert maps.computing == [(1,), None]
    assert not maps.group.is_behind
    model.dims.ndisplay = 3
    assert not maps.group.is_behind, "there is no plane on screen"


# ---- maps of all planes

LAZY = MapChoice("steps", "mean", (2, 8), extent="stack")


@pytest.fixture
def lazy(model: ViewerModel, stack: Image) -> Group:
    return Group(model, stack, LAZY)


def _shown(layer: Image) -> np.ndarray:
    return np.asarray(layer._data_view)


def _let_look(blocks: Any, qtbot: Any) -> None:
    """Let the blocks look what is missing; what they start has begun when this returns."""
    with qtbot.waitSignal(blocks._timer.timeout):
        pass


def test_lazy_layer_shows_the_first_plane_at_once_and_another_when_it_is_known(
    lazy: Group, model: ViewerModel, qtbot: Any
) -> None:
    (layer,) = lazy.layers
    assert layer.data.shape == (9, 3, 8, 8)
    np.testing.assert_array_equal(_shown(layer), lazy.expected(0)[2, 0])
    assert not lazy.group.is_behind
    model.dims.set_point(1, 2)
    assert np.isnan(_shown(layer)).all()
    assert lazy.group.is_behind
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), lazy.expected(2)[2, 0]))
    qtbot.waitUntil(lambda: lazy.computing == [(2,), None])
    assert not lazy.group.is_behind
    model.dims.set_point(0, 8)
    np.testing.assert_array_equal(_shown(layer), lazy.expected(2)[8, 0])


def test_lazy_layers_of_an_old_image_compute_nothing(
    lazy: Group, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    stack.data = stack.data.copy()
    assert lazy.layers[0].name.endswith("(old image)")
    model.dims.set_point(1, 2)
    _let_look(lazy.layers[0].data.blocks, qtbot)
    assert lazy.computing == []
    assert not lazy.group.is_behind


def test_lazy_layers_go_on_without_their_group(lazy: Group, model: ViewerModel, qtbot: Any) -> None:
    (layer,), expected = lazy.layers, lazy.expected(1)
    lazy.group.release()
    lazy.group.deleteLater()
    del lazy.group
    model.dims.set_point(1, 1)
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), expected[2, 0]))


def _duplicate(model: ViewerModel, layer: Image) -> Image:
    """Duplicate a layer as napari's command does."""
    data, state, _ = deepcopy(layer.as_layer_data_tuple())
    twin: Image = model.add_image(data, **{**state, "name": f"{layer.name} copy"})
    return twin


def _computes_nothing(blocks: Any, layer: Image, model: ViewerModel, qtbot: Any) -> bool:
    computed: list[Any] = []
    blocks.computing.connect(computed.append)
    model.dims.set_point(1, 2)
    _let_look(blocks, qtbot)
    return not computed and bool(np.isnan(_shown(layer)).all())


def test_lazy_layers_without_their_group_are_marked_and_compute_nothing(
    lazy: Group, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    (layer,) = lazy.layers
    lazy.group.release()
    stack.data = stack.data[::-1].copy()
    assert layer.name == "stack LE [Zero-DCE++] (old image)"
    assert _computes_nothing(layer.data.blocks, layer, model, qtbot)


def test_duplicate_of_deleted_lazy_maps_is_marked_and_computes_nothing(
    lazy: Group, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    (layer,) = lazy.layers
    twin = _duplicate(model, layer)
    model.layers.remove(layer)
    lazy.group.release()  # as the dock does
    stack.data = stack.data[::-1].copy()
    assert twin.name.endswith(" copy (old image)")
    assert _computes_nothing(twin.data.blocks, twin, model, qtbot)


def test_maps_of_a_plane_are_marked_without_their_group(maps: Group, stack: Image) -> None:
    maps.group.release()
    stack.data = stack.data.copy()
    assert all(layer.name.endswith("(old image)") for layer in maps.layers)


def test_nothing_listens_to_the_image_after_its_last_maps(
    model: ViewerModel, stack: Image, count_listeners: Callable[..., dict[str, int]]
) -> None:
    before = count_listeners(model)
    for _ in range(2):
        first, second = Group(model, stack), Group(model, stack)
        for group in (first, second):
            group.group.release()
        for layer in (*first.layers, *second.layers):
            model.layers.remove(layer)
    assert count_listeners(model) == before


@pytest.mark.parametrize("choice", [CHOICE, LAZY], ids=["follows", "lazy"])
def test_plane_that_waits_for_a_run_is_told(
    model: ViewerModel, stack: Image, qtbot: Any, choice: MapChoice
) -> None:
    group = Group(model, stack, choice)
    told: list[Any] = []
    group.group.waiting.connect(told.append)
    group.session.job = _run()
    model.dims.set_point(len(model.dims.point) - 3, 1)
    qtbot.waitUntil(lambda: told == [(1,)])
    assert group.computing == []
    group.session.job = None
    qtbot.waitUntil(lambda: group.computing == [(1,), None])
    assert told == [(1,), None]


@pytest.mark.parametrize("choice", [CHOICE, LAZY], ids=["follows", "lazy"])
def test_plane_of_an_old_image_waits_no_more(
    model: ViewerModel, stack: Image, qtbot: Any, choice: MapChoice
) -> None:
    group = Group(model, stack, choice)
    told: list[Any] = []
    group.group.waiting.connect(told.append)
    group.session.job = _run()
    model.dims.set_point(len(model.dims.point) - 3, 1)
    qtbot.waitUntil(lambda: told == [(1,)])
    stack.data = stack.data.copy()
    assert told == [(1,), None]
