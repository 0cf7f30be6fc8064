"""The letter of each axis of an image, T, C, Z, Y and X, and the order in which planes are last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from napari_zerodce.errors import RequestError

UNKNOWN: Final = "Q"

MEANINGS: Final = {
    "T": "time",
    "C": "channels",
    "Z": "depth",
    "Y": "rows",
    "X": "columns",
    UNKNOWN: "another axis",
}
"""What each letter stands for, in words for users."""

_LABELS = {
    "T": ("t", "time", "frame", "frames"),
    "C": ("c", "ch", "channel", "channels"),
    "Z": ("z", "depth", "slice", "slices"),
}
_PLANE_LABELS = {
    "Y": ("y", "row", "rows", "height"),
    "X": ("x", "col", "cols", "column", "columns", "width"),
}
_UNITS = {
    "T": ("second", "minute", "hour", "day"),  # also at the end of "millisecond"
    "Z": ("meter", "angstrom", "inch", "foot", "micron"),
}
_IN_ORDER = "TCZ"
_GUESSES = ("", "Z", "TZ", "TCZ")  # for so many axes of which nothing is known

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Axes:
    """The axes of an image, without that of colours, which is always the last one.

    Parameters
    ----------
    letters : str
        A letter for each axis: Y and X once, T, C and Z at most once, "Q" as often as needed.
    """

    letters: str

    @classmethod
    def parse(cls, text: str, count: int) -> Axes:
        """Return the axes that a user has written.

        Parameters
        ----------
        text : str
            Such as "TCZYX", in capitals or small letters.
        count : int
            Number of axes of the image, without that of colours.

        Raises
        ------
        RequestError
            If a letter is invalid, twice there or missing.
        """
        letters = text.strip().upper()
        known = set(letters) <= set(MEANINGS)
        once = all(letters.count(letter) <= 1 for letter in MEANINGS if letter != UNKNOWN)
        if not (known and once and {"Y", "X"} <= set(letters) and len(letters) == count):
            raise RequestError(
                f"The axes {text.strip()!r} do not fit the image; write a letter for each of its "
                f"{count} axes: Y and X, at most one T, C and Z, and Q for any other."
            )
        return cls(letters)

    @classmethod
    def of_labels(cls, labels: Sequence[str], units: Sequence[str]) -> Axes:
        """Return the axes that labels and units tell.

        Without labels for both, the last two axes that have no other meaning are Y and X.

        Parameters
        ----------
        labels, units : sequence of str
            Of each axis without that of colours, at least two.
        """
        letters = [_known(label, unit) for label, unit in zip(labels, units, strict=True)]
        for place, letter in zip(_plane_of(labels, letters), "YX", strict=True):
            letters[place] = letter
        return cls("".join(x if letters.count(x) == 1 and x else UNKNOWN for x in letters))

    @property
    def order(self) -> tuple[int, ...]:
        """The places of the axes in the array, rows and columns last."""
        plane = self.letters.index("Y"), self.letters.index("X")
        return (*(place for place in range(len(self.letters)) if place not in plane), *plane)

    @property
    def are_planes_last(self) -> bool:
        """Whether rows and columns are the last axes, as in most images."""
        return self.letters.endswith("YX")

    @property
    def channels(self) -> int | None:
        """The place of the channels before rows and columns, None if there are none."""
        return self._place_of("C")

    @property
    def time(self) -> int | None:
        """The place of time before rows and columns, None if there is none."""
        return self._place_of("T")

    def _place_of(self, letter: str) -> int | None:
        return self.planes_last(self.letters).index(letter) if letter in self.letters else None

    def planes_last(self, each: Sequence[_Item]) -> tuple[_Item, ...]:
        """Return facts of each axis in the order of planes; a fact of colours stays the last.

        Parameters
        ----------
        each : sequence
            One item for each axis of the image.
        """
        return (*(each[place] for place in self.order), *each[len(self.letters) :])

    def as_stored(self, each: Sequence[_Item]) -> tuple[_Item, ...]:
        """Return facts of each axis in the order of the image; the inverse of `planes_last`.

        Parameters
        ----------
        each : sequence
            One item for each axis, rows and columns last, before that of colours.
        """
        places = inverse(self.order)
        return (*(each[place] for place in places), *each[len(places) :])

    def label_for(self, place: int, label: str, unit: str) -> str:
        """Return a label that tells the letter of an axis: the present one if it does.

        Parameters
        ----------
        place : int
            Of the axis in the image.
        label, unit : str
            The present ones.
        """
        letter = self.letters[place]
        if (_letter_of(label, _PLANE_LABELS) or _known(label, unit) or UNKNOWN) == letter:
            return label
        return str(place - len(self.letters)) if letter == UNKNOWN else letter.lower()


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """Return the order that undoes another one."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def letters_of(labels: Sequence[str], units: Sequence[str]) -> str:
    """Return a letter for each axis before those of the plane, also for one of which nothing tells.

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


def _plane_of(labels: Sequence[str], letters: Sequence[str]) -> tuple[int, int]:
    """Return the places of rows and columns: those with labels, or the last without a meaning."""
    named = [_letter_of(label, _PLANE_LABELS) for label in labels]
    if named.count("Y") == named.count("X") == 1:
        return named.index("Y"), named.index("X")
    # A unit of length tells nothing here: rows and columns have one, too.
    free = [
        place
        for place, label in enumerate(labels)
        if letters[place] != "T" and not _letter_of(label, _LABELS)
    ]
    rows, columns = free[-2:] if len(free) > 1 else (len(letters) - 2, len(letters) - 1)
    return rows, columns


def _known(label: str, unit: str) -> str:
    if letter := _letter_of(label, _LABELS):
        return letter
    ends = (letter for letter, units in _UNITS.items() if unit.lower().endswith(units))
    return next(ends, "")


def _letter_of(label: str, labels: Mapping[str, tuple[str, ...]]) -> str:
    word = label.strip().lower()
    return next((letter for letter, words in labels.items() if word in words), "")
