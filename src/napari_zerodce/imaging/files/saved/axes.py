"""The letters of an image's axes, T, C, Z, Y and X, found from their labels and units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

UNKNOWN: Final = "Q"

_LABELS = {
    "T": ("t", "time", "frame", "frames"),
    "C": ("c", "ch", "channel", "channels"),
    "Z": ("z", "depth", "slice", "slices"),
}
_UNITS = {
    "T": ("second", "minute", "hour", "day"),  # also at the end of "millisecond"
    "Z": ("meter", "angstrom", "inch", "foot", "micron"),
}
_IN_ORDER = "TCZ"
_GUESSES = ("", "Z", "TZ", "TCZ")  # for so many axes of which nothing is known


def letters_of(labels: Sequence[str], units: Sequence[str]) -> str:
    """Return a letter for each axis before those of the plane.

    An axis without a telling label or unit gets a letter that is left. If two axes would have the
    same letter, all are unknown.

    Parameters
    ----------
    labels, units : sequence of str
        Of those axes.

    Returns
    -------
    str
        Of T, C and Z, each at most once, or "Q" for each axis.
    """
    known = [_known(label, unit) for label, unit in zip(labels, units, strict=True)]
    missing = known.count("")
    left = [letter for letter in _IN_ORDER if letter not in known]
    if missing > len(left) or any(known.count(letter) > 1 for letter in _IN_ORDER):
        return UNKNOWN * len(known)
    wanted = [letter for letter in _GUESSES[missing] if letter in left]
    chosen = sorted((wanted + [x for x in left if x not in wanted])[:missing], key=_IN_ORDER.index)
    return "".join(letter or chosen.pop(0) for letter in known)


def _known(label: str, unit: str) -> str:
    for letter, labels in _LABELS.items():
        if label.strip().lower() in labels:
            return letter
    for letter, units in _UNITS.items():
        if unit.lower().endswith(units):
            return letter
    return ""
