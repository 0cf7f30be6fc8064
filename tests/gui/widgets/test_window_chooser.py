"""The window chooser gives the choice it shows, or says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.widgets.window_chooser import WindowChooser
from napari_zerodce.imaging.intensity import WindowChoice


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
    with pytest.raises(RequestError, match="two numbers"):
        chooser.choice()
    chooser.low.setText("-5")
    chooser.high.setText("4000.5")
    assert chooser.choice() == WindowChoice("range", -5, 4000.5)
    chooser.high.setText("-7")
    with pytest.raises(RequestError):
        chooser.choice()
