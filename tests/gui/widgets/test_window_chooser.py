"""The window chooser gives the choice it shows, or says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.widgets.window_chooser import WindowChooser
from napari_zerodce.imaging.windows import Window, WindowChoice


@pytest.fixture
def chooser(qtbot: Any) -> WindowChooser:
    chooser = WindowChooser()
    qtbot.addWidget(chooser)
    return chooser


def _choose(chooser: WindowChooser, key: str) -> None:
    chooser.kind.setCurrentIndex(chooser.kind.findData(key))


@pytest.mark.parametrize("kind", ["auto", "minmax", "dtype"])
def test_choice_without_numbers(chooser: WindowChooser, kind: str) -> None:
    _choose(chooser, kind)
    assert chooser.choice() == WindowChoice(kind)  # type: ignore[arg-type]
    assert not chooser.low.isVisibleTo(chooser)


def test_contrast_limits_are_left_to_the_layer(chooser: WindowChooser) -> None:
    _choose(chooser, "contrast")
    assert chooser.choice() == WindowChoice("contrast")


def test_percentiles_start_at_the_default(chooser: WindowChooser) -> None:
    _choose(chooser, "percentile")
    assert chooser.low.isVisibleTo(chooser)
    assert chooser.choice() == WindowChoice("percentile", 0.1, 99.9)


def test_two_numbers(chooser: WindowChooser) -> None:
    _choose(chooser, "range")
    assert chooser.choice() == WindowChoice("auto"), "nothing is typed yet"
    chooser.low.setText("-5")
    with pytest.raises(RequestError, match="two numbers"):
        chooser.choice()
    chooser.high.setText("4000.5")
    assert chooser.choice() == WindowChoice("range", -5, 4000.5)
    chooser.high.setText("-7")
    with pytest.raises(RequestError):
        chooser.choice()


def test_intensities_start_with_those_of_the_automatic_window(chooser: WindowChooser) -> None:
    told: list[WindowChoice] = []
    _choose(chooser, "range")
    assert chooser.wants_automatic
    assert (chooser.low.text(), chooser.low.placeholderText()) == ("", "…")
    chooser.changed.connect(lambda: told.append(chooser.choice()))
    chooser.show_automatic(Window(99, 594))
    assert (chooser.low.text(), chooser.high.text()) == ("99", "594")
    chooser.show_automatic(Window(700, 900))
    assert (chooser.low.text(), chooser.high.text()) == ("700", "900")
    assert told == [WindowChoice("auto")] * 2


@pytest.mark.parametrize(
    ("window", "texts"),
    [
        (Window(0, 2**63), ("0", "9223372036854775808")),
        (Window(-1.5, 0.12345678), ("-1.5", "0.123457")),
        (Window(1.00000001, 1.00000002), ("1.00000001", "1.00000002")),
    ],
)
def test_automatic_intensities_are_short_and_still_a_window(
    chooser: WindowChooser, window: Window, texts: tuple[str, str]
) -> None:
    _choose(chooser, "range")
    chooser.show_automatic(window)
    assert (chooser.low.text(), chooser.high.text()) == texts
    assert chooser.choice() == WindowChoice("auto")


def test_typed_intensities_stay(chooser: WindowChooser) -> None:
    _choose(chooser, "range")
    chooser.show_automatic(Window(99, 594))
    chooser.low.setText("100")
    assert not chooser.wants_automatic
    chooser.show_automatic(None)
    chooser.show_automatic(Window(1, 2))
    assert chooser.choice() == WindowChoice("range", 100, 594)
    _choose(chooser, "percentile")
    assert chooser.choice() == WindowChoice("percentile", 0.1, 99.9)
    _choose(chooser, "range")
    assert chooser.choice() == WindowChoice("range", 100, 594)


def test_emptied_fields_are_automatic_again(chooser: WindowChooser) -> None:
    _choose(chooser, "range")
    chooser.low.setText("100")
    chooser.high.setText("200")
    chooser.show_automatic(Window(99, 594))
    chooser.low.clear()
    assert not chooser.wants_automatic, "a new number is being typed"
    chooser.high.clear()
    assert chooser.wants_automatic
    assert chooser.choice() == WindowChoice("auto")


def test_shown_intensities_count_as_typed(chooser: WindowChooser) -> None:
    chooser.show_choice(WindowChoice("range", 3, 4.5))
    chooser.show_automatic(Window(99, 594))
    assert chooser.choice() == WindowChoice("range", 3, 4.5)
    assert chooser.low.isVisibleTo(chooser)
