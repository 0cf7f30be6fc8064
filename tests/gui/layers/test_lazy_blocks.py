"""Blocks are computed for the latest wish only, one at a time, after the runs of the session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from napari_zerodce.errors import Cancelled, DeviceError
from napari_zerodce.gui.layers import lazy_blocks
from napari_zerodce.gui.layers.lazy_blocks import Block, LazyBlocks
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session

ONE = 4 * 4  # bytes of a block


def _block(key: int) -> Block:
    return (np.full(4, key, np.float32),)


class Computing:
    """The work of blocks, which waits at a gate; it notes what began and what was cancelled."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.began: list[int] = []
        self.cancelled: list[int] = []
        self.broken: set[int] = set()

    def __call__(self, key: int) -> Any:
        def work(_report: Any, should_stop: Callable[[], bool]) -> Block:
            self.began.append(key)
            while not self.gate.wait(0.002):
                if should_stop():
                    self.cancelled.append(key)
                    raise Cancelled
            if key in self.broken:
                raise DeviceError("no memory")
            return _block(key)

        return work


@pytest.fixture
def computing(monkeypatch: pytest.MonkeyPatch) -> Computing:
    monkeypatch.setattr(lazy_blocks, "_PATIENCE_MS", 0)
    return Computing()


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def blocks(qtbot: Any, session: Session, computing: Computing) -> Iterator[LazyBlocks]:
    yield LazyBlocks(session, title="blocks", compute=computing, most_bytes=3 * ONE)
    for job in list(Job._alive):
        job.cancel()
    qtbot.waitUntil(lambda: not Job._alive)


def _values(found: list[Block | None]) -> list[int | None]:
    return [None if block is None else int(block[0][0]) for block in found]


def _rest(blocks: LazyBlocks, qtbot: Any) -> None:
    """Wait until nothing is computed, and will not be soon."""
    qtbot.waitUntil(lambda: not blocks._timer.isActive() and not Job._alive)


def test_what_is_missing_arrives_and_is_known_then(
    blocks: LazyBlocks, computing: Computing, qtbot: Any
) -> None:
    told: list[Any] = []
    blocks.computing.connect(told.append)
    computing.gate.set()
    with qtbot.waitSignal(blocks.arrived) as arrived:
        assert blocks.want("layer", [7]) == [None]
    assert arrived.args == [7]
    assert _values(blocks.want("layer", [7])) == [7]
    qtbot.waitUntil(lambda: told == [7, None])
    assert computing.began == [7]


def test_only_the_latest_wish_is_computed(
    blocks: LazyBlocks, computing: Computing, qtbot: Any
) -> None:
    for key in (1, 2, 3):
        blocks.want("layer", [key])
    qtbot.waitUntil(lambda: computing.began == [3])
    blocks.want("layer", [4])
    qtbot.waitUntil(lambda: computing.began == [3, 4])
    assert computing.cancelled == [3]
    computing.gate.set()
    qtbot.waitUntil(lambda: _values(blocks.known([3, 4])) == [None, 4])


def test_known_block_ends_the_wish_for_another(
    blocks: LazyBlocks, computing: Computing, qtbot: Any
) -> None:
    blocks.put(1, _block(1))
    blocks.want("layer", [2])
    qtbot.waitUntil(lambda: computing.began == [2])
    assert _values(blocks.want("layer", [1])) == [1]
    qtbot.waitUntil(lambda: computing.cancelled == [2])


def test_readers_have_wishes_of_their_own_and_the_newest_is_first(
    blocks: LazyBlocks, computing: Computing, qtbot: Any
) -> None:
    blocks.want("one layer", [1])
    blocks.want("another layer", [2])
    assert blocks.missing() == [2, 1]
    blocks.forget("another layer")
    assert blocks.missing() == [1]
    assert blocks.wish_of("another layer") == ()
    computing.gate.set()
    qtbot.waitUntil(lambda: not blocks.missing())
    assert computing.began == [1]


def test_block_used_longest_ago_is_forgotten(blocks: LazyBlocks) -> None:
    for key in (1, 2, 3):
        blocks.put(key, _block(key))
    blocks.known([1])
    blocks.put(4, _block(4))
    assert _values(blocks.known([1, 2, 3, 4])) == [1, None, 3, 4]
    large = (np.zeros(1000, np.float32),)
    blocks.put(5, large)
    assert blocks.known([5, 4]) == [large, None], "the newest one is always kept"


def test_wish_for_more_than_the_memory_holds_has_an_end(
    blocks: LazyBlocks, computing: Computing, qtbot: Any
) -> None:
    computing.gate.set()
    blocks.put(0, _block(0))
    wish = list(range(10))
    blocks.arrived.connect(lambda _: blocks.want("layer", wish))  # as a layer does
    blocks.want("layer", wish)
    qtbot.waitUntil(lambda: not blocks.missing())
    _rest(blocks, qtbot)
    assert computing.began == [1, 2]
    assert _values(blocks.known([0, 1, 2, 3])) == [0, 1, 2, None]


def test_run_of_the_session_comes_first(
    blocks: LazyBlocks, session: Session, computing: Computing, qtbot: Any
) -> None:
    blocks.want("layer", [1])
    qtbot.waitUntil(lambda: computing.began == [1])
    session.job = Job("a run", lambda _report, _should_stop: None)
    qtbot.waitUntil(lambda: computing.cancelled == [1])
    blocks.want("layer", [2])
    _rest(blocks, qtbot)
    assert computing.began == [1]
    computing.gate.set()
    session.job = None
    qtbot.waitUntil(lambda: _values(blocks.known([2])) == [2])
    assert computing.began == [1, 2]


def test_failure_is_told_once_until_the_block_is_wanted_anew(
    blocks: LazyBlocks, computing: Computing, qtbot: Any
) -> None:
    computing.gate.set()
    computing.broken.add(1)
    with qtbot.waitSignal(blocks.failed) as failed:
        blocks.want("layer", [1])
    assert str(failed.args[0]) == "no memory"
    blocks.want("layer", [1])  # the layer is drawn again
    _rest(blocks, qtbot)
    assert computing.began == [1]
    blocks.want("layer", [2])
    blocks.want("layer", [1])
    qtbot.waitUntil(lambda: computing.began == [1, 1])


def test_any_thread_may_want_a_block(blocks: LazyBlocks, computing: Computing, qtbot: Any) -> None:
    computing.gate.set()
    with qtbot.waitSignal(blocks.arrived):
        thread = threading.Thread(target=blocks.want, args=("layer", [1]))
        thread.start()
        thread.join()
    assert _values(blocks.known([1])) == [1]


def test_nothing_is_computed_after_the_release(
    blocks: LazyBlocks, session: Session, computing: Computing, qtbot: Any
) -> None:
    blocks.put(1, _block(1))
    blocks.want("layer", [2])
    qtbot.waitUntil(lambda: computing.began == [2])
    blocks.release()
    qtbot.waitUntil(lambda: computing.cancelled == [2] and not Job._alive)
    assert _values(blocks.want("layer", [1, 3])) == [1, None]
    _rest(blocks, qtbot)
    assert computing.began == [2]
    assert not len(session.events.job)


def test_urgent_blocks_come_first(session: Session, computing: Computing, qtbot: Any) -> None:
    blocks = LazyBlocks(
        session, title="blocks", compute=computing, most_bytes=9 * ONE, urgency=lambda key: -key
    )
    blocks.put(0, _block(0))
    blocks.want("one layer", [1, 3])
    blocks.want("another layer", [2])
    assert blocks.missing() == [3, 2, 1]
    blocks.release()


def test_held_blocks_wait_for_the_beginning(
    session: Session, computing: Computing, qtbot: Any
) -> None:
    computing.gate.set()
    blocks = LazyBlocks(session, title="blocks", compute=computing, most_bytes=ONE, held=True)
    blocks.want("layer", [1])
    _rest(blocks, qtbot)
    assert computing.began == []
    with qtbot.waitSignal(blocks.arrived):
        blocks.begin()
    qtbot.waitUntil(lambda: not Job._alive)
    blocks.release()
