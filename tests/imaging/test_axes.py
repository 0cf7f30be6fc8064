"""Letters of axes: from labels, else from units, else one that is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.axes import Axes, letters_of


@pytest.mark.parametrize(
    ("labels", "units", "letters"),
    [
        ([], [], ""),
        (["t"], ["pixel"], "T"),
        (["Time", "Depth"], ["pixel", "pixel"], "TZ"),
        (["z", "ch"], ["micrometer", "pixel"], "ZC"),
        (["-3"], ["pixel"], "Z"),
        (["-3"], ["millisecond"], "T"),
        (["-3"], ["micrometer"], "Z"),
        (["-4", "-3"], ["pixel", "pixel"], "TZ"),
        (["-4", "z"], ["pixel", "micrometer"], "TZ"),
        (["t", "-3"], ["second", "pixel"], "TZ"),
        (["z", "-3"], ["pixel", "pixel"], "ZT"),
        (["-5", "-4", "-3"], ["pixel"] * 3, "TCZ"),
        (["t", "time"], ["pixel"] * 2, "QQ"),
        (["-3", "-4", "-5", "-6"], ["pixel"] * 4, "QQQQ"),
        (["t", "c", "z", "angle"], ["pixel"] * 4, "QQQQ"),
    ],
)
def test_letters(labels: list[str], units: list[str], letters: str) -> None:
    assert letters_of(labels, units) == letters


@pytest.mark.parametrize(
    ("labels", "units", "letters"),
    [
        (["-2", "-1"], ["pixel"] * 2, "YX"),
        (["x", "y"], ["pixel"] * 2, "XY"),
        (["-3", "-2", "-1"], ["pixel"] * 3, "QYX"),
        (["-3", "-2", "-1"], ["micrometer"] * 3, "ZYX"),
        (["-4", "-3", "-2", "-1"], ["micrometer"] * 3 + ["second"], "ZYXT"),
        (["y", "x", "c"], ["pixel"] * 3, "YXC"),
        (["-3", "-2", "channel"], ["pixel"] * 3, "YXC"),
        (["y", "-2", "-1"], ["pixel"] * 3, "QYX"),
        (["time", "depth", "ch", "rows", "columns"], ["pixel"] * 5, "TZCYX"),
        (["x", "z", "y", "c", "t"], ["pixel"] * 5, "XZYCT"),
        (["t", "time", "y", "x"], ["pixel"] * 4, "QQYX"),
        (["t", "c", "z"], ["pixel"] * 3, "TYX"),
        (["angle", "t", "-2", "-1"], ["pixel"] * 4, "QTYX"),
    ],
)
def test_axes_of_labels(labels: list[str], units: list[str], letters: str) -> None:
    assert Axes.of_labels(labels, units).letters == letters


@pytest.mark.parametrize("text", ["", "YX", "ZYXX", "ZZYX", "TZY", "TZYW", "ZY X"])
def test_letters_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="letter for each of its 4 axes"):
        Axes.parse(text, 4)


def test_small_letters_are_letters() -> None:
    assert Axes.parse(" tzyx ", 4) == Axes("TZYX")


def test_the_order_with_planes_last_keeps_that_of_the_others_and_colours() -> None:
    axes = Axes("XTYC")
    assert axes.planes_last((5, 6, 7, 8, 3)) == (6, 8, 7, 5, 3)
    assert axes.channels == 1
    assert not axes.are_planes_last
    assert Axes("TYX").channels is None


LETTERS = st.permutations("TCZYX").flatmap(
    lambda all_letters: st.sets(st.sampled_from("TCZ")).map(
        lambda left_out: "".join(x for x in all_letters if x not in left_out)
    )
)


@given(LETTERS)
def test_stored_order_undoes_planes_last(letters: str) -> None:
    axes = Axes(letters)
    there = axes.planes_last([*letters, "colour"])
    assert there[-3:] == ("Y", "X", "colour")
    assert axes.as_stored(there) == (*letters, "colour")


@given(LETTERS)
def test_labels_for_letters_tell_these_letters(letters: str) -> None:
    """Whatever the labels were before: a correction is what is found afterwards."""
    count, axes = len(letters), Axes(letters)
    for before in (["-1"] * count, list("xyzct")[:count], ["time"] * count):
        labels = [axes.label_for(place, old, "pixel") for place, old in enumerate(before)]
        assert Axes.of_labels(labels, ["pixel"] * count) == axes


def test_a_label_that_tells_its_letter_is_kept() -> None:
    assert Axes("TQYX").label_for(0, "Time", "second") == "Time"
    assert Axes("TQYX").label_for(1, "time", "pixel") == "-3"
