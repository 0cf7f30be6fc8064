"""The order of tasks, and what failures change; nothing runs."""

from __future__ import annotations

from dataclasses import replace

from napari_zerodce.batch.facts import Facts
from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.schedule import Schedule
from napari_zerodce.batch.tasks import BatchSettings, Begun, Finished, begin, enhance_part, finish
from napari_zerodce.batch.worker import Outcome
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window

IMAGES = [BatchImage(f"{name}.tif", f"out/{name}.tif", "file", f"{name}.tif") for name in "ab"]
SETTINGS = BatchSettings("name", lambda _: None, "{}", Facts((), ()), False)
DONE = Outcome(Finished((Window(0, 1),), "cpu", "torch", "float32"), worker="one")
FAILED = Outcome(failure="It is damaged.", worker="one")
PARTS = tuple((Scope((), (row, row + 1), (0, 9)),) for row in range(3))
BEGUN = Begun(IMAGES[0], "key", (Window(0, 1),), "zero-dce", (), PARTS)


def schedule() -> Schedule:
    return Schedule(IMAGES, SETTINGS)


def test_an_image_of_one_part_is_one_task() -> None:
    plan = schedule()
    first = plan.next()
    assert (first.function, first.arguments) == (begin, (IMAGES[0],))
    ending = plan.take(first, DONE, may_retry=True)
    assert (ending.image, ending.finished, ending.failures) == (IMAGES[0], DONE.value, ())
    assert plan.fraction == 0.5
    assert plan.next().image is IMAGES[1]
    assert plan.next() is None


def test_parts_come_before_the_next_image_and_the_last_one_lets_it_finish() -> None:
    plan = schedule()
    plan.take(plan.next(), Outcome(BEGUN), may_retry=True)
    tasks = [plan.next() for _ in PARTS]
    assert [task.function for task in tasks] == [enhance_part] * 3
    assert [task.arguments for task in tasks] == [(BEGUN, part) for part in PARTS]
    assert tasks[1].label == "a.tif [1:2,0:9]"
    for task in reversed(tasks):
        outcome = Outcome(("The tile was halved.",), seconds=2.5)
        assert plan.take(task, outcome, may_retry=True) is None
    last = plan.next()
    assert (last.function, last.arguments) == (finish, (BEGUN, 7.5))
    assert plan.fraction == 0.75 / 2
    told = replace(DONE.value, notices=("The tile was halved.",))
    assert plan.take(last, DONE, may_retry=True).finished == told
    assert plan.next().image is IMAGES[1]


def test_a_failed_task_is_tried_once_more_elsewhere_then_told() -> None:
    plan = schedule()
    task = plan.next()
    assert plan.take(task, FAILED, may_retry=True) is None
    again = plan.next()
    assert (again.function, again.failed_on) == (task.function, "one")
    ending = plan.take(again, FAILED, may_retry=True)
    assert ending.failures == ("It is damaged.",)
    assert ending.finished is None
    assert plan.next().image is IMAGES[1]


def test_a_failed_task_is_told_at_once_if_there_is_no_other_worker() -> None:
    plan = schedule()
    assert plan.take(plan.next(), FAILED, may_retry=False).failures == ("It is damaged.",)


def test_other_parts_are_done_and_each_reason_is_told_once() -> None:
    plan = schedule()
    plan.take(plan.next(), Outcome(BEGUN), may_retry=True)
    tasks = [plan.next() for _ in PARTS]
    assert plan.take(tasks[0], FAILED, may_retry=False) is None
    assert plan.take(tasks[1], FAILED, may_retry=False) is None
    ending = plan.take(tasks[2], Outcome(), may_retry=False)
    assert ending.failures == ("It is damaged.",)
    assert plan.next().image is IMAGES[1]
    assert plan.fraction == 0.5
