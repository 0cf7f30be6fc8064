"""The part of an image to enhance: ranges of its leading axes, and a region of its planes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.planes import PlaneLayout

Range = tuple[int, int]
"""First index, and the one after the last."""

_RANGE = re.compile(r"\s*(?:(\d+)|(\d*)\s*:\s*(\d*))\s*")
_EXAMPLE = "such as '3:7,:,100:200,50:400', one range for each axis, without the axis of colours"


@dataclass(frozen=True)
class Scope:
    """Some planes of an image, and a region of them.

    Parameters
    ----------
    leading : tuple of (int, int)
        The range of each leading axis: time, depth, ...
    rows, columns : (int, int)
        The region, in pixels of the plane.
    """

    leading: tuple[Range, ...]
    rows: Range
    columns: Range

    @classmethod
    def whole(cls, layout: PlaneLayout) -> Scope:
        """Return the scope that is all of an image."""
        leading = tuple((0, length) for length in layout.leading)
        return cls(leading, (0, layout.height), (0, layout.width))

    @classmethod
    def plane(cls, layout: PlaneLayout, index: tuple[int, ...]) -> Scope:
        """Return the scope that is one plane of an image.

        Parameters
        ----------
        layout : PlaneLayout
            Of the image.
        index : tuple of int
            Index of the plane in the leading axes.
        """
        return cls.whole(layout).at(index)

    @classmethod
    def written(cls, text: str, layout: PlaneLayout) -> Scope:
        """Return the scope for a text, empty for all; raises a RequestError as `parse` does.

        Parameters
        ----------
        text : str
            As a provenance has it.
        layout : PlaneLayout
            Of the image.
        """
        return cls.parse(text, layout) if text else cls.whole(layout)

    @classmethod
    def parse(cls, text: str, layout: PlaneLayout) -> Scope:
        """Return the scope for a text in NumPy's notation, the inverse of `str`.

        Parameters
        ----------
        text : str
            A range such as "3:7", a number or ":" for each axis without that of colours, with
            commas between them.
        layout : PlaneLayout
            Of the image.

        Raises
        ------
        RequestError
            If the text has another form, or a range is not inside the image.
        """
        lengths = (*layout.leading, layout.height, layout.width)
        found = [_RANGE.fullmatch(part) for part in text.split(",")]
        if len(found) != len(lengths) or not all(found):
            raise RequestError(
                f"The part {text!r} does not describe {len(lengths)} axes; write it {_EXAMPLE}."
            )
        ranges = [
            _range_of(match, length)
            for match, length in zip(found, lengths, strict=True)
            if match is not None
        ]
        scope = cls(tuple(ranges[:-2]), ranges[-2], ranges[-1])
        scope.check_inside(layout)
        return scope

    def check_inside(self, layout: PlaneLayout) -> None:
        """Raise a RequestError if the scope is empty or not inside an image of this layout."""
        lengths = (*layout.leading, layout.height, layout.width)
        ranges = self._ranges
        inside = len(ranges) == len(lengths) and all(
            0 <= start < stop <= length
            for (start, stop), length in zip(ranges, lengths, strict=True)
        )
        if not inside:
            shape = "x".join(map(str, lengths))
            raise RequestError(
                f"The part {self} is not inside the image, which has {shape} planes, rows and "
                "columns; choose a part that is."
            )

    @property
    def _ranges(self) -> tuple[Range, ...]:
        return (*self.leading, self.rows, self.columns)

    @property
    def offset(self) -> tuple[int, ...]:
        """The first index of each axis, without that of colours."""
        return tuple(start for start, _ in self._ranges)

    @property
    def count(self) -> int:
        """Number of planes."""
        return prod(stop - start for start, stop in self.leading)

    @property
    def pixels(self) -> int:
        """Number of pixels of all planes."""
        return prod(stop - start for start, stop in self._ranges)

    @property
    def extent(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        rows, columns = (stop - start for start, stop in (self.rows, self.columns))
        return rows, columns

    @property
    def region(self) -> tuple[slice, slice]:
        """Rows and columns of each plane."""
        return slice(*self.rows), slice(*self.columns)

    def shape_in(self, layout: PlaneLayout) -> tuple[int, ...]:
        """Return the shape of this part of an image, with the axis of colours if it has one."""
        lengths = tuple(stop - start for start, stop in self._ranges)
        return lengths + layout.shape[len(lengths) :]

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the index of each plane in the image; the last axis varies fastest."""
        return product(*(range(start, stop) for start, stop in self.leading))

    def place(
        self, index: tuple[int, ...], rows: slice, columns: slice
    ) -> tuple[tuple[int, ...], slice, slice]:
        """Return where pixels of the image are in an array that holds this part only.

        Parameters
        ----------
        index : tuple of int
            Index of a plane of the image.
        rows, columns : slice
            In pixels of the plane.
        """
        moved = tuple(i - start for i, (start, _) in zip(index, self.leading, strict=True))
        down, across = (
            slice(side.start - start, side.stop - start)
            for side, (start, _) in ((rows, self.rows), (columns, self.columns))
        )
        return moved, down, across

    def at(self, index: tuple[int, ...]) -> Scope:
        """Return the part that is one plane of this one.

        Parameters
        ----------
        index : tuple of int
            Of the plane in the image.
        """
        return replace(self, leading=tuple((i, i + 1) for i in index))

    def scaled(self, layout: PlaneLayout, other: PlaneLayout) -> Scope:
        """Return the smallest part of another level of an image that covers this part.

        Parameters
        ----------
        layout, other : PlaneLayout
            Of the level that has this part, and of the other level.
        """
        lengths = (*layout.leading, layout.height, layout.width)
        others = (*other.leading, other.height, other.width)
        *leading, rows, columns = (
            (start * to // length, -(-stop * to // length))
            for (start, stop), length, to in zip(self._ranges, lengths, others, strict=True)
        )
        return Scope(tuple(leading), rows, columns)

    def planes_in(self, other: Scope) -> tuple[slice, ...]:
        """Return where the planes of this part are in an array that holds another part.

        Parameters
        ----------
        other : Scope
            A part that has all these planes.
        """
        pairs = zip(self.leading, other.leading, strict=True)
        return tuple(slice(start - first, stop - first) for (start, stop), (first, _) in pairs)

    def first_planes(self, count: int) -> Scope | None:
        """Return the largest part that consists of some of the first planes, or None.

        Parameters
        ----------
        count : int
            Number of planes, in the order of `indices`.
        """
        for axis, (start, stop) in enumerate(self.leading):
            below = prod(last - first for first, last in self.leading[axis + 1 :])
            whole = min(count // below, stop - start)
            if whole:
                leading = [
                    *((first, first + 1) for first, _ in self.leading[:axis]),
                    (start, start + whole),
                    *self.leading[axis + 1 :],
                ]
                return replace(self, leading=tuple(leading))
        return None

    def __str__(self) -> str:
        return ",".join(f"{start}:{stop}" for start, stop in self._ranges)


def _range_of(match: re.Match[str], length: int) -> Range:
    number, start, stop = match.groups()
    if number is not None:
        return int(number), int(number) + 1
    return int(start or 0), int(stop) if stop else length
