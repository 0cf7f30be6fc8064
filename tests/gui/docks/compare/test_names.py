"""Names fit into their width, with what differs between them."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtGui import QFontMetricsF, QGuiApplication

from napari_zerodce.gui.docks.compare.names import PIXELS, Fitted, fit

LONG = (
    "experiment_a_with_long_name/latest_net_G.pth",
    "experiment_b_with_long_name/latest_net_G.pth",
)


def _widest(fitted: Fitted) -> float:
    font = QGuiApplication.font()
    font.setPixelSize(200)
    metrics = QFontMetricsF(font)
    widest = max(metrics.horizontalAdvance(text) for text in fitted.texts)
    return widest / 200 * fitted.size * PIXELS


def test_short_names_stay(qapp: Any) -> None:
    assert fit(("gamma", "CLAHE"), 500, 10) == Fitted(("gamma", "CLAHE"), 10)


def test_text_gets_smaller_before_letters_are_left_out(qapp: Any) -> None:
    names = ("gamma", "histogram matching")
    width = 0.8 * _widest(Fitted(names, 10))
    fitted = fit(names, width, 10)
    assert fitted.texts == names
    assert 7.5 < fitted.size < 8.5
    assert _widest(fitted) <= 1.02 * width


@pytest.mark.parametrize("width", [150, 200, 300])
def test_what_differs_between_long_names_is_kept(qapp: Any, width: int) -> None:
    first, second, other = fit((*LONG, "gamma"), width, 10).texts
    assert other == "gamma"
    assert first != second
    assert "a_" in first
    assert "b_" in second
    assert _widest(fit(LONG, width, 10)) <= 1.02 * width


def test_names_that_differ_at_their_end(qapp: Any) -> None:
    names = tuple(f"{'x' * 60}_{end}_{'y' * 60}" for end in ("one", "two"))
    first, second = fit(names, 200, 10).texts
    assert first.startswith("…")
    assert "one" in first
    assert "two" in second


def test_no_room(qapp: Any) -> None:
    assert len(fit(LONG, 1, 10).texts) == 2


def test_long_name_does_not_make_the_others_small(qapp: Any) -> None:
    width = 1.1 * _widest(Fitted(("gamma",), 10))
    assert fit(("gamma", *LONG), width, 10).size == 10
