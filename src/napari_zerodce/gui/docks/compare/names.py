"""Make names fit above their pictures: smaller text, and long ones without their middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontMetricsF, QGuiApplication

_MEASURED: Final = 100
"""The size of text that is measured, in the unit of napari's font size; others are like it."""

_SMALLEST: Final = 0.55
"""The least size of text, as a part of the usual one: below, it is better to leave letters out."""

PIXELS: Final = (96 / 72) ** 2
"""Pixels of the screen for each unit of napari's font size, in both directions."""


@dataclass(frozen=True)
class Fitted:
    """Names as they are shown.

    Parameters
    ----------
    texts : tuple of str
        All different if the names are.
    size : float
        Of the text, in the unit of napari's font size.
    """

    texts: tuple[str, ...]
    size: float


def fit(names: Sequence[str], width: float, size: float) -> Fitted:
    """Return names that fit into a width; what differs between them is kept.

    Parameters
    ----------
    names : sequence of str
    width : float
        In pixels of the screen.
    size : float
        The usual size of the text, in the unit of napari's font size.
    """
    metrics = _metrics()
    widths = [metrics.horizontalAdvance(name) * size / _MEASURED for name in names]
    can_fit = [each for each in widths if _SMALLEST * each <= width]
    smaller = size * min(1.0, width / max(can_fit, default=width))
    room = width * _MEASURED / smaller
    modes = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight
    tried = [_elided(names, room, mode, metrics) for mode in modes]
    count = len(set(names))
    texts = next((each for each in tried if len(set(each)) == count), tried[-1])
    return Fitted(texts, smaller)


def _metrics() -> QFontMetricsF:
    font = QGuiApplication.font()
    font.setPixelSize(round(_MEASURED * PIXELS))
    return QFontMetricsF(font)


def _elided(
    names: Sequence[str], room: float, mode: Qt.TextElideMode, metrics: QFontMetricsF
) -> tuple[str, ...]:
    """Return names without a part; those that would look the same begin where they differ."""
    texts = [metrics.elidedText(name, mode, room) for name in names]
    for text in {text for text in texts if texts.count(text) > 1}:
        alike = [place for place, each in enumerate(texts) if each == text]
        start = _same_letters([names[place] for place in alike])
        for place in alike:
            texts[place] = metrics.elidedText(f"…{names[place][start:]}", mode, room)
    return tuple(texts)


def _same_letters(names: Sequence[str]) -> int:
    """Return the number of letters with which all names begin."""
    columns = zip(*names, strict=False)
    return len(list(takewhile(lambda letters: len(set(letters)) == 1, columns)))
