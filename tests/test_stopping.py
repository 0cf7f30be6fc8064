"""Work goes on until it is told to stop, and then ends by `Cancelled`."""

from __future__ import annotations

import pytest

from napari_zerodce.errors import Cancelled
from napari_zerodce.stopping import never, raise_if_stopped


def test_work_goes_on_if_nobody_asks_it_to_stop():
    raise_if_stopped(never)


def test_work_that_is_told_to_stop_is_cancelled():
    with pytest.raises(Cancelled):
        raise_if_stopped(lambda: True)


def test_the_answer_is_asked_for_anew_each_time():
    answers = iter([False, False, True])
    raise_if_stopped(lambda: next(answers))
    raise_if_stopped(lambda: next(answers))
    with pytest.raises(Cancelled):
        raise_if_stopped(lambda: next(answers))
