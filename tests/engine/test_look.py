"""A look refuses numbers that make no sense, in one sentence, and says what it is."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from math import inf, nan

import numpy as np
import pytest

from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK, Look
from napari_zerodce.errors import RequestError


@pytest.mark.parametrize(
    ("settings", "found", "asked"),
    [
        ({"strength": -0.1}, "strength is -0.1;", "give 0 (the original) to 2"),
        ({"strength": 2.01}, "strength is 2.01;", "give 0 (the original) to 2"),
        ({"strength": nan}, "strength is nan;", "give 0 (the original) to 2"),
        ({"strength": inf}, "strength is inf;", "give 0 (the original) to 2"),
        ({"strength": -inf}, "strength is -inf;", "give 0 (the original) to 2"),
        ({"iterations": 0}, "iterations is 0;", "give 1 to 8"),
        ({"iterations": 9}, "iterations is 9;", "give 1 to 8"),
        ({"iterations": -1}, "iterations is -1;", "give 1 to 8"),
        ({"iterations": 2.5}, "iterations is 2.5;", "a whole number"),
        ({"iterations": 2.0}, "iterations is 2.0;", "a whole number"),
        ({"iterations": nan}, "iterations is nan;", "give 1 to 8"),
        ({"iterations": inf}, "iterations is inf;", "give 1 to 8"),
        ({"exposure": 4.5}, "exposure is 4.5 stops;", "give -4 to 4"),
        ({"exposure": -4.001}, "exposure is -4.001 stops;", "give -4 to 4"),
        ({"exposure": nan}, "exposure is nan stops;", "give -4 to 4"),
        ({"exposure": -inf}, "exposure is -inf stops;", "give -4 to 4"),
        ({"detail_gain_limit": -0.5}, "detail gain limit is -0.5;", "or none for no limit"),
        ({"detail_gain_limit": nan}, "detail gain limit is nan;", "or none for no limit"),
        ({"detail_gain_limit": inf}, "detail gain limit is inf;", "or none for no limit"),
    ],
)
def test_each_wrong_number_is_told_in_one_sentence(settings, found, asked):
    with pytest.raises(RequestError) as error:
        Look(**settings)
    message = str(error.value)
    assert found in message
    assert asked in message
    assert message.endswith(".")
    assert "\n" not in message
    assert ". " not in message


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"strength": 0},
        {"strength": 2},
        {"iterations": 1},
        {"iterations": np.int64(8)},
        {"exposure": -4},
        {"exposure": 4.0},
        {"detail_gain_limit": 0},
        {"detail_gain_limit": 1e6},
        {"global_curve": True},
    ],
)
def test_the_ends_of_the_ranges_are_in_them(settings):
    look = Look(**settings)
    assert {name: getattr(look, name) for name in settings} == settings


def test_a_changed_copy_is_checked_too():
    with pytest.raises(RequestError, match="strength is 3"):
        dataclasses.replace(AS_PUBLISHED, strength=3)


def test_look_without_settings_is_the_published_method():
    assert Look() == AS_PUBLISHED
    assert AS_PUBLISHED.detail_gain_limit is None


def test_default_look_is_the_published_method_with_detail_limited():
    assert Look(detail_gain_limit=2) == DEFAULT_LOOK
    assert not DEFAULT_LOOK.changes_nothing


def test_what_differs_from_the_default_look_is_said():
    assert DEFAULT_LOOK.describe() == ""
    assert AS_PUBLISHED.describe() == "no detail limit"
    look = Look(1.5, 6, -0.5, global_curve=True, detail_gain_limit=1.5)
    assert look.describe() == "strength 1.5, 6 iterations, -0.5 EV, global curve, detail x1.5"
    look = Look(iterations=1, exposure=1, detail_gain_limit=2)
    assert look.describe() == "1 iteration, +1 EV"
    assert Look(detail_gain_limit=0).describe() == "detail x0"


def test_a_look_survives_json():
    look = Look(0.7, 3, 1.25, global_curve=True, detail_gain_limit=1.5)
    assert Look(**json.loads(json.dumps(look.as_dict()))) == look
    assert Look(**AS_PUBLISHED.as_dict()) == AS_PUBLISHED


@pytest.mark.parametrize(
    ("look", "nothing"),
    [
        (Look(), False),
        (Look(strength=0), True),
        (Look(strength=0, iterations=3, global_curve=True), True),
        (Look(strength=0, exposure=0.1), False),
        (Look(strength=0, detail_gain_limit=1), True),
        (Look(strength=0, detail_gain_limit=0.9), False),
        (Look(strength=1e-9), False),
    ],
)
def test_which_looks_are_the_original(look, nothing):
    assert look.changes_nothing == nothing


def test_torch_is_not_loaded_to_make_a_look():
    code = (
        "import sys; from napari_zerodce.engine.look import Look; Look(1.2); "
        "import napari_zerodce.engine.viewport; sys.exit('torch' in sys.modules)"
    )
    child = subprocess.run([sys.executable, "-c", code], check=False, timeout=200)
    assert child.returncode == 0


def test_numbers_of_numpy_become_pythons_and_can_be_printed():
    look = Look(np.float32(0.5), np.int64(3), np.float64(-1), np.bool_(True), np.float32(2))
    assert look == Look(0.5, 3, -1, global_curve=True, detail_gain_limit=2)
    assert eval(repr(look), {"Look": Look}) == look
    assert json.loads(json.dumps(look.as_dict())) == look.as_dict()


@pytest.mark.parametrize(
    "wrong",
    [{"strength": "1"}, {"strength": None}, {"detail_gain_limit": "2"}, {"exposure": [1]},
     {"detail_gain_limit": 10**400}, {"strength": True}, {"iterations": True}],
)  # fmt: skip
def test_what_is_no_number_is_one_sentence(wrong):
    with pytest.raises(RequestError, match=r"^The [a-z ]+ is .*[.]$"):
        Look(**wrong)
