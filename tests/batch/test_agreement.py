"""Workers are compared before any work, and one that dies meanwhile holds up nobody; no dask."""

from __future__ import annotations

from typing import Any

import pytest

from napari_zerodce.batch.agreement import check_workers
from napari_zerodce.batch.facts import Facts, versions_here
from napari_zerodce.errors import Cancelled, RequestError

FACTS = Facts(versions_here(), ())


class Future:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def done(self) -> bool:
        return self.answer is not None

    def exception(self) -> None:
        return None

    def result(self) -> Any:
        return self.answer


class Client:
    """Has two workers, of which one is gone after some looks."""

    def __init__(self, answers: dict[str, Any], run: dict[str, Any], looks: int) -> None:
        self.answers, self.versions, self.looks = answers, run, looks
        self.asked: list[dict[str, Any]] = []

    def nthreads(self) -> dict[str, int]:
        self.looks -= 1
        return {"one": 1, "two": 1} if self.looks >= 0 else {"one": 1}

    def run(self, *_: Any, **__: Any) -> dict[str, Any]:
        return self.versions

    def submit(self, *_: Any, workers: list[str], **options: Any) -> Future:
        self.asked.append(options)
        return Future(self.answers[workers[0]])


def never() -> bool:
    return False


def check(client: Client, polls: int = 20) -> None:
    left = iter(range(polls))
    check_workers(
        client, FACTS, report=lambda _: None, should_stop=lambda: next(left, None) is None
    )


SAME = {"one": FACTS.versions, "two": FACTS.versions}


def test_a_worker_that_dies_while_it_loads_torch_is_left_out() -> None:
    check(Client({"one": FACTS, "two": None}, SAME, looks=2))
    with pytest.raises(Cancelled):  # the user's: it waits for one that is still there
        check(Client({"one": FACTS, "two": None}, SAME, looks=99), polls=3)


def test_a_worker_that_is_gone_when_it_is_asked_is_left_out() -> None:
    lost = {"one": FACTS.versions, "two": OSError("connection closed")}
    check(Client({"one": FACTS}, lost, looks=1))
    with pytest.raises(RequestError, match="The worker two cannot take part: connection closed"):
        check(Client({"one": FACTS, "two": FACTS}, lost, looks=99))


def test_two_clients_of_a_scheduler_have_tasks_of_their_own() -> None:
    client = Client({"one": FACTS, "two": FACTS}, SAME, looks=99)
    check(client)
    assert client.asked == [{"pure": False}] * 2  # dask gives each a name that no other has
