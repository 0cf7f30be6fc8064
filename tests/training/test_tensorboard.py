"""The log for TensorBoard: what it shows there; nothing at all where it is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.training import tensorboard as log
from napari_zerodce.training.tensorboard import TensorBoardLog


def write(folder: Path, *, step: int, until: int, factor: float = 1.0) -> None:
    board = TensorBoardLog(folder, step=step)
    for number in range(step + 1, until + 1):
        board.write("training", number, {"total": factor * number, "colour": 0.5})
    board.write("validation", until, {"total": 7.0})
    board.close()


def test_without_tensorboard_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where it is installed, it is hidden; where it is not, this changes nothing.
    monkeypatch.setattr(log, "find_spec", lambda _: None)
    write(tmp_path / "tensorboard", step=0, until=3)
    assert list(tmp_path.iterdir()) == []


def scalars(folder: Path, name: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return [(point.step, point.value) for point in events.Scalars(name)]


def test_losses_are_shown_by_kind_and_name(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    write(tmp_path, step=0, until=3)
    assert scalars(tmp_path, "training/total") == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert scalars(tmp_path, "training/colour") == [(1, 0.5), (2, 0.5), (3, 0.5)]
    assert scalars(tmp_path, "validation/total") == [(3, 7.0)]


def test_steps_that_are_done_again_are_shown_once(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    write(tmp_path, step=0, until=5)
    write(tmp_path, step=2, until=4, factor=10)
    assert scalars(tmp_path, "training/total") == [(1, 1.0), (2, 2.0), (3, 30.0), (4, 40.0)]
