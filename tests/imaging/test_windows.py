"""A choice of window is read from text, written as text, and refused where it makes no sense."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.windows import Window, WindowChoice, enclosing, in_words

numbers = st.one_of(st.floats(-1e300, 1e300), st.integers(-(2**70), 2**70))


def ordered_pairs(one):
    return st.lists(one, min_size=2, max_size=2, unique=True).map(sorted)


choices = st.one_of(
    st.sampled_from(["auto", "dtype", "minmax", "background"]).map(WindowChoice),
    ordered_pairs(numbers).map(lambda pair: WindowChoice("range", *pair)),
    ordered_pairs(st.floats(0, 100)).map(lambda pair: WindowChoice("percentile", *pair)),
)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("auto", WindowChoice()),
        ("dtype", WindowChoice("dtype")),
        ("minmax", WindowChoice("minmax")),
        (" MinMax ", WindowChoice("minmax")),
        ("background", WindowChoice("background")),
        ("percentile", WindowChoice("percentile", 0.1, 99.9)),
        ("percentile:1,99.5", WindowChoice("percentile", 1, 99.5)),
        ("120,4000", WindowChoice("range", 120, 4000)),
        ("-0.5, 1e3", WindowChoice("range", -0.5, 1000)),
        ("9007199254740993,9007199254740994", WindowChoice("range", 2**53 + 1, 2**53 + 2)),
    ],
)
def test_texts_are_read(text, choice):
    assert WindowChoice.parse(text) == choice


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (WindowChoice(), "auto"),
        (WindowChoice("range", 120.0, 4000), "120,4000"),
        (WindowChoice("percentile", 0.1, 99.9), "percentile:0.1,99.9"),
    ],
)
def test_choices_are_written(choice, text):
    assert str(choice) == text


@given(choices)
def test_what_is_written_is_read_again(choice):
    assert WindowChoice.parse(str(choice)) == choice


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not understood"),
        ("120", "not understood"),
        ("1,2,3", "not understood"),
        ("low,high", "not understood"),
        ("percentile:", "not understood"),
        ("percentile:5", "not understood"),
        ("percent:1,99", "not understood"),
        (":1,99,", "not understood"),
        ("range", "not understood"),
        ("percentile:99,1", "smaller"),
        ("percentile:-1,50", "between 0 and 100"),
        ("percentile:50,101", "between 0 and 100"),
        ("5,5", "smaller"),
        ("9,5", "smaller"),
        ("nan,3", "finite"),
        ("3,nan", "finite"),
        ("0,inf", "finite"),
        ("0,1e301", "finite"),
        ("0,1" + 400 * "0", "finite"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(text, words):
    with pytest.raises(RequestError) as caught:
        WindowChoice.parse(text)
    message = str(caught.value)
    assert words in message
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize(
    "arguments", [("layer",), ("range",), ("percentile", 5), ("auto", 1, 2), ("minmax", None, 2)]
)
def test_impossible_choices_are_refused(arguments):
    with pytest.raises(RequestError):
        WindowChoice(*arguments)


@pytest.mark.parametrize("ends", [(1, 1), (2, 1), (0, math.inf), (math.nan, 1), (-math.inf, 0)])
def test_there_is_no_empty_or_infinite_window(ends):
    with pytest.raises(ValueError, match="invalid window"):
        Window(*ends)


def test_windows_of_channels_are_a_text_and_back():
    choice = WindowChoice.parse("120,4000; percentile:1,99 ;auto")
    assert [each.kind for each in choice.channels] == ["range", "percentile", "auto"]
    assert str(choice) == "120,4000;percentile:1,99;auto"
    assert WindowChoice.parse(str(choice)) == choice


@pytest.mark.parametrize("text", ["1,2;", ";", "1,2;3", "1,2;contrast"])
def test_an_invalid_window_of_a_channel_is_refused(text):
    with pytest.raises(RequestError):
        WindowChoice.parse(text)


def test_windows_of_channels_are_not_nested():
    two = WindowChoice.parse("1,2;3,4")
    for channels in ((two,), ()):
        with pytest.raises(RequestError, match="one window for each channel"):
            WindowChoice("channels", channels=channels)
    with pytest.raises(RequestError):
        WindowChoice("auto", channels=(WindowChoice("auto"),))


def test_one_window_is_a_choice_for_all_channels():
    assert WindowChoice.of_windows([Window(1, 2)]) == WindowChoice("range", 1, 2)
    assert WindowChoice("auto").for_channels(3) == (WindowChoice("auto"),) * 3


def test_the_enclosing_window_holds_all():
    assert enclosing([Window(5, 9), Window(-1, 6)]) == Window(-1, 9)


def test_windows_in_words():
    assert in_words([Window(0, 255)]) == "0 to 255"
    assert in_words([Window(109, 924.5), Window(324, 2778)]) == "109 to 924.5; 324 to 2778"
