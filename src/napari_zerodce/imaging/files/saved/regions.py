"""The regions in which an image is written: each is a whole number of files of one plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from napari_zerodce.imaging.scope import Range, Scope

CHUNK: Final = 512
"""Side of what viewers read, in pixels."""

BLOCK: Final = 2048
"""Side of a region, in pixels: a whole plane in most cases."""

_COARSEST: Final = 1024  # pixels along the longer side of the coarsest level of a pyramid


@dataclass(frozen=True)
class Region:
    """A part of one plane of one level, which is written at once.

    Parameters
    ----------
    level : int
        0 is the finest.
    scope : Scope
        One plane, and the rows and columns, of the level.
    """

    level: int
    scope: Scope

    @property
    def index(self) -> tuple[int, ...]:
        """Index of the plane in the leading axes."""
        return tuple(start for start, _ in self.scope.leading)

    @property
    def key(self) -> tuple[slice, ...]:
        """The place in an array of the level; each axis stays."""
        scope = self.scope
        return tuple(slice(*ends) for ends in (*scope.leading, scope.rows, scope.columns))

    @property
    def name(self) -> str:
        """A short name that no other region of the image has; it can be that of a file."""
        plane = ".".join(map(str, (self.level, *self.index)))
        return f"{plane}/{self.scope.rows[0]}.{self.scope.columns[0]}"


def regions_of(level: int, shape: Sequence[int], leading: int) -> Iterator[Region]:
    """Yield the regions of a level; those of a plane follow each other.

    Parameters
    ----------
    level : int
    shape : sequence of int
    leading : int
        Number of axes before those of the plane.
    """
    planes = product(*(_cut(length, 1) for length in shape[:leading]))
    height, width = shape[leading : leading + 2]
    for plane in planes:
        for rows, columns in product(_cut(height, BLOCK), _cut(width, BLOCK)):
            yield Region(level, Scope(plane, rows, columns))


def _cut(length: int, step: int) -> list[Range]:
    return [(start, min(start + step, length)) for start in range(0, length, step)]


def pyramid_shapes(shape: tuple[int, ...], leading: int) -> Iterator[tuple[int, ...]]:
    """Yield the shapes of the coarser levels of an image, if its planes are large.

    Parameters
    ----------
    shape : tuple of int
    leading : int
        Number of axes before those of the plane.
    """
    plane = shape[leading : leading + 2]
    while max(plane) > _COARSEST:
        plane = tuple(max(1, side // 2) for side in plane)
        yield (*shape[:leading], *plane, *shape[leading + 2 :])
