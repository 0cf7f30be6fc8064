"""A result is made once while it is remembered, and only a few are."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from napari_zerodce.recent_results import RecentResults


class Thing:
    pass


def refuse():
    raise AssertionError("this result is remembered")


def test_a_result_is_made_once():
    recent = RecentResults(2)
    assert recent.get("a", lambda: 1) == 1
    assert recent.get("a", refuse) == 1
    assert len(recent) == 1


def test_none_is_a_result_like_any_other():
    recent = RecentResults(1)
    assert recent.get("a", lambda: None) is None
    assert recent.get("a", refuse) is None


def test_what_was_used_longest_ago_is_forgotten_first():
    recent = RecentResults(2)
    recent.get("a", lambda: 1)
    recent.get("b", lambda: 2)
    recent.get("a", refuse)
    recent.get("c", lambda: 3)
    assert len(recent) == 2
    assert recent.get("a", refuse) == 1
    assert recent.get("b", lambda: "new") == "new"


def test_a_key_that_is_made_again_counts_as_used():
    recent = RecentResults(2)
    first, second = Thing(), Thing()
    recent.get("a", lambda: 1, of=first)
    recent.get("b", lambda: 2)
    recent.get("a", lambda: 3, of=second)
    recent.get("c", lambda: 4)
    assert recent.get("a", refuse, of=second) == 3


def test_the_same_key_of_another_object_is_another_result():
    recent = RecentResults(2)
    first, second = Thing(), Thing()
    assert recent.get("a", lambda: 1, of=first) == 1
    assert recent.get("a", lambda: 2, of=second) == 2
    assert recent.get("a", refuse, of=second) == 2
    assert recent.get("a", lambda: 3) == 3


def test_objects_are_compared_by_identity():
    recent = RecentResults(2)
    first, equal = [1], [1]
    recent.get("a", lambda: 1, of=first)
    assert recent.get("a", lambda: 2, of=equal) == 2


def test_an_object_is_not_kept_alive_and_leaves_its_result_to_nobody():
    recent = RecentResults(1)
    thing = Thing()
    watched = weakref.ref(thing)
    recent.get("a", lambda: 1, of=thing)
    del thing
    gc.collect()
    assert watched() is None
    assert recent.get("a", lambda: 2) == 2
    assert recent.get("a", lambda: 3, of=Thing()) == 3
    recent.clear()
    assert len(recent) == 0


def test_an_object_without_weak_references_is_kept():
    recent = RecentResults(1)
    listed = [Thing()]
    watched = weakref.ref(listed[0])
    recent.get("a", lambda: 1, of=listed)
    del listed
    gc.collect()
    assert watched() is not None
    recent.clear()
    gc.collect()
    assert watched() is None


def test_nothing_is_remembered_of_what_fails():
    recent = RecentResults(1)
    recent.get("a", lambda: 1)
    with pytest.raises(ZeroDivisionError):
        recent.get("b", lambda: 1 / 0)
    assert recent.get("a", refuse) == 1
    assert recent.get("b", lambda: 2) == 2


def test_with_no_room_each_result_is_made_anew():
    recent = RecentResults(0)
    assert [recent.get("a", lambda n=n: n) for n in range(3)] == [0, 1, 2]
    assert len(recent) == 0


def test_a_slow_result_keeps_no_other_thread_waiting():
    recent = RecentResults(2)
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert go_on.wait(120)
        return "slow"

    thread = threading.Thread(target=recent.get, args=("a", slow))
    thread.start()
    assert begun.wait(120)
    assert recent.get("b", lambda: "fast") == "fast"
    go_on.set()
    thread.join()
    assert recent.get("a", refuse) == "slow"


def test_many_threads_get_right_results_and_no_more_are_kept():
    recent = RecentResults(3)
    wrong = []

    def ask(seed):
        for number in range(2000):
            key = (number * seed) % 7
            if recent.get(key, lambda key=key: key * 10) != key * 10 or len(recent) > 3:
                wrong.append(key)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in (1, 2, 3, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
