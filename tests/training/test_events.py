"""Events: torn lines, readers that come early, and histories of runs that were killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_zerodce.training.events import EventReader, EventWriter, History, read_history

Event = dict[str, Any]


def started(step: int, steps: int = 30) -> Event:
    return {"event": "started", "step": step, "steps": steps, "device": "cpu (x)"}


def stepped(step: int) -> Event:
    losses = {"spatial": 1 / step, "exposure": 2 / step}
    return {"event": "step", "step": step, "losses": losses, "total": 3 / step}


def validated(step: int, total: float, *, best: bool) -> Event:
    return {"event": "validation", "step": step, "losses": {}, "total": total, "best": best}


def saved(step: int) -> Event:
    return {"event": "checkpoint", "step": step, "file": f"{step}.st", "preview": f"{step}.png"}


ENDED: Event = {"event": "ended", "ending": "done", "message": "Done."}

BEGINNING = [started(0), validated(0, 9.0, best=True), saved(0)]
FIRST_TEN = [*(stepped(step) for step in range(1, 11)), validated(10, 5.0, best=True), saved(10)]
SECOND_TEN = [*(stepped(step) for step in range(11, 21)), validated(20, 6.0, best=False), saved(20)]
UNBROKEN = [*BEGINNING, *FIRST_TEN, *SECOND_TEN, ENDED]


def write(path: Path, events: list[Event]) -> None:
    with EventWriter(path) as writer:
        for event in events:
            writer.write(**event)


def history_of(events: list[Event]) -> History:
    history = History()
    for event in events:
        history.take(event)
    return history


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, UNBROKEN)
    assert list(EventReader(path).new_events()) == UNBROKEN
    assert path.read_text().count("\n") == len(UNBROKEN)


def test_numbers_and_words_survive(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    total = 0.1 + 0.2
    write(path, [{"event": "notice", "text": 'two\nlines "ü" → \u2028', "total": total}])
    (event,) = EventReader(path).new_events()
    assert event["total"] == total
    assert event["text"] == 'two\nlines "ü" → \u2028'


def test_a_reader_gets_only_what_is_new_and_only_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert list(reader.new_events()) == [], "the file does not exist yet"
    write(path, [stepped(1)])
    assert list(reader.new_events()) == [stepped(1)]
    assert list(reader.new_events()) == []
    line = '{"event": "notice", "text": "ü"}\n'.encode()
    for end in range(len(line)):
        with path.open("ab") as file:
            file.write(line[end : end + 1])
        expected = [{"event": "notice", "text": "ü"}] if end == len(line) - 1 else []
        assert list(reader.new_events()) == expected


@pytest.mark.parametrize("kept", [1, 12, 60])
def test_a_line_torn_by_a_kill_is_skipped_and_harms_no_other(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "events.jsonl"
    write(path, [stepped(1), stepped(2)])
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:kept])
    assert list(EventReader(path).new_events()) == [stepped(1)]
    write(path, [stepped(3)])
    assert list(EventReader(path).new_events()) == [stepped(1), stepped(3)]


def test_a_line_that_lacks_its_end_alone_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, [stepped(1)])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    write(path, [stepped(2)])
    assert list(EventReader(path).new_events()) == [stepped(1), stepped(2)]


def test_a_writer_that_is_opened_again_appends(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, [stepped(1)])
    write(path, [])
    write(path, [stepped(2)])
    assert path.read_bytes().count(b"\n") == 2


def test_lines_that_make_no_sense_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'\n[]\n3\n{"event": 5}\n{}\nnonsense\n\xff\xfe\n{"event": "later", "x": 1}\n')
    assert list(EventReader(path).new_events()) == [{"event": "later", "x": 1}]
    assert read_history(path) == History(), "an unknown kind changes nothing"


def test_a_history_tells_what_happened() -> None:
    history = history_of(UNBROKEN)
    assert history.steps == list(range(1, 21))
    assert history.losses["exposure"] == [2 / step for step in range(1, 21)]
    assert history.losses["total"] == [3 / step for step in range(1, 21)]
    assert history.validation == [(0, 9.0), (10, 5.0), (20, 6.0)]
    assert [(point.step, point.file) for point in history.checkpoints] == [
        (0, "0.st"),
        (10, "10.st"),
        (20, "20.st"),
    ]
    assert (history.best_step, history.first_validation, history.best_validation) == (10, 9.0, 5.0)
    assert (history.planned, history.step, history.device) == (30, 20, "cpu (x)")
    assert (history.ending, history.message) == ("done", "Done.")


def test_a_history_without_events() -> None:
    history = History()
    assert (history.step, history.seconds_left) == (0, None)
    assert (history.first_validation, history.best_validation) == (None, None)


def test_time_left_is_steps_left_at_the_present_speed() -> None:
    history = history_of([started(0), {**stepped(10), "steps_per_second": 4.0}])
    assert history.seconds_left == (30 - 10) / 4
    history.take({**stepped(30), "steps_per_second": 4.0})
    assert history.seconds_left == 0


@pytest.mark.parametrize(
    "events",
    [
        [*BEGINNING, *FIRST_TEN, *SECOND_TEN[:5], started(10), *SECOND_TEN, ENDED],
        [*BEGINNING, *FIRST_TEN, *SECOND_TEN, started(10), *SECOND_TEN, ENDED],
        [*BEGINNING, *FIRST_TEN, ENDED, started(10), *SECOND_TEN, ENDED],
        [*BEGINNING, *FIRST_TEN[:4], started(0), *BEGINNING[1:], *FIRST_TEN, *SECOND_TEN, ENDED],
        [BEGINNING[0], *BEGINNING, *FIRST_TEN, *SECOND_TEN, ENDED],
        [*BEGINNING[:2], *BEGINNING, *FIRST_TEN, *SECOND_TEN, ENDED],
        [
            *BEGINNING, *FIRST_TEN, *SECOND_TEN[:9], started(10), *SECOND_TEN[:2],
            started(10), *SECOND_TEN, ENDED,
        ],
    ],
    ids=["mid-step", "late", "stopped", "before-saving", "at-once", "at-the-first", "twice"],
)  # fmt: skip
def test_the_history_of_a_resumed_run_equals_that_of_an_unbroken_one(events: list[Event]) -> None:
    assert history_of(events) == history_of(UNBROKEN)


def test_a_run_that_goes_on_has_not_ended() -> None:
    history = history_of([*UNBROKEN, started(20)])
    assert (history.ending, history.message) == (None, "")


def test_the_best_of_what_was_undone_is_not_the_best() -> None:
    history = history_of([*BEGINNING, *FIRST_TEN[:-1], started(0)])
    assert history.best_step == 0


def test_notices_are_collected() -> None:
    assert history_of([{"event": "notice", "text": "Small."}]).notices == ["Small."]
