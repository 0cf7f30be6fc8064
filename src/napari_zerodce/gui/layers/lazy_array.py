"""The data of a lazy layer: tiles that are known, and a coarser picture of those still computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from qtpy.QtCore import QObject

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.lazy_blocks import Block, LazyBlocks
from napari_zerodce.imaging.keys import as_slice, complete_key, pieces_of

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_zerodce.engine.lazy import EnhancedLevel

Array = np.ndarray[Any, Any]
Places = tuple[range | int, ...]
"""Of each axis, the places that are read; an integer drops the axis."""

_MOST_COMPUTED: Final = 2**22
"""Samples that are computed while the caller of NumPy waits."""


class BlockKey(NamedTuple):
    """A tile of a plane of a level.

    Parameters
    ----------
    level : int
        0 is the finest.
    plane : tuple of int
        Its index in the leading axes of the level.
    row, column : int
        Of the tile, counted in tiles.
    exact : bool
        False for a draft, which is there sooner.
    """

    level: int
    plane: tuple[int, ...]
    row: int = 0
    column: int = 0
    exact: bool = True


@dataclass(frozen=True)
class Grid:
    """The axes of a lazy array: first axes, those of the planes, rows, columns, colours.

    Parameters
    ----------
    shape : tuple of int
        Lengths of all axes.
    tile : tuple of int
        Rows and columns of a tile.
    leading : int
        Number of axes of the planes.
    first : int
        Number of axes that come before, which each block has whole.
    level : int
        The number of the level in keys; 0 is the finest.
    is_draft : bool
        Whether it is no level of the layer, but has drafts of whole planes for the finer level.
    """

    shape: tuple[int, ...]
    tile: tuple[int, int]
    leading: int
    first: int = 0
    level: int = 0
    is_draft: bool = False

    @property
    def rows(self) -> int:
        """The position of the axis of rows."""
        return self.first + self.leading

    @property
    def chunks(self) -> tuple[int, ...]:
        """The sides of a tile along all axes; napari reads whole ones, and then pans freely."""
        end = self.rows + 2
        return (*self.shape[: self.first], *(1,) * self.leading, *self.tile, *self.shape[end:])


def urgency(key: BlockKey) -> tuple[bool, int]:
    """Return what sorts blocks: drafts from coarse to fine, then exact ones from fine to coarse.

    Parameters
    ----------
    key : BlockKey
    """
    return key.exact, key.level if key.exact else -key.level


class Piece(NamedTuple):
    """A part of what is read that lies in one tile.

    Parameters
    ----------
    plane : tuple of int
        Its index.
    row, column : int
        Of the tile.
    target : tuple of (int or slice)
        Where it is in what is read.
    within : tuple of slice
        Rows and columns of the tile.
    """

    plane: tuple[int, ...]
    row: int
    column: int
    target: tuple[Any, ...]
    within: tuple[slice, slice]


class LazyArray:
    """An array of tiles, for use as the data of a layer; a slice of it never computes anything.

    Tiles that are not known are asked for, and read as an enlarged part of the coarser level, or
    as `blank`. napari reads it in the GUI thread, or in a thread of its own.

    Parameters
    ----------
    blocks : LazyBlocks
        Its keys are `BlockKey`; an array of a block has the shape of a tile with the first axes.
    grid : Grid
    dtype : dtype-like
    number : int
        The position of this layer's array in a block.
    blank : float
        The value of pixels of which nothing is known: one that the layer shows as empty.
    coarser : LazyArray, optional
        The next coarser level.
    """

    def __init__(
        self,
        blocks: LazyBlocks,
        grid: Grid,
        dtype: Any,
        *,
        number: int = 0,
        blank: float = np.nan,
        coarser: LazyArray | None = None,
    ) -> None:
        self.blocks, self.grid = blocks, grid
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.shown_by: QObject | None = None  # lives as long as this array
        self.computed: EnhancedLevel | None = None
        self._number, self._blank, self._coarser = number, blank, coarser
        self._has_exact = False
        self._whole: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of all axes."""
        return self.grid.shape

    @property
    def chunks(self) -> tuple[int, ...]:
        """Sides of a tile along all axes."""
        return self.grid.chunks

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        """Return what is known of a region; `key` holds integers, slices and an ellipsis."""
        return LazyRegion(self, tuple(map(range, self.shape)))[key]

    def __deepcopy__(self, _: Any) -> LazyArray:
        """Return an array that shares the blocks: napari copies the data of duplicated layers."""
        return copy(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all of it.

        Raises
        ------
        RequestError
            If not all of it is known, and it is too large to be computed while the caller waits.
        """
        if self.grid.level and not self.grid.leading:
            return np.asarray(self._kept_whole(), dtype)
        places: Places = tuple(map(range, self.shape))
        pieces = list(self._pieces(places))
        unknown = self.blocks.known([self._key(piece) for piece in pieces]).count(None)
        if not unknown:
            return np.asarray(self.read(places, asks=False), dtype)
        if self.computed is not None and self.size <= _MOST_COMPUTED:
            return np.asarray(self.computed[...], dtype)
        raise RequestError(
            f"{unknown} of {len(pieces)} parts of this layer are not in memory, so it cannot be "
            "read as a whole; take the plane on screen, enhance the image whole in memory, or use "
            "the command line."
        )

    def _kept_whole(self) -> Array:
        """Return an array that is filled as tiles arrive.

        napari keeps the array of the coarsest level of a 2D pyramid, and never reads it again.
        """
        if self._whole is None:
            self._whole = self.read(tuple(map(range, self.shape)), asks=True)
        return self._whole

    def accept(self, key: BlockKey) -> None:
        """Take a tile that has arrived into the array that napari keeps."""
        if self._whole is None or key.level != self.grid.level:
            return
        along = tuple(map(range, self.shape))
        for piece in self._pieces(along):
            if (piece.row, piece.column) == (key.row, key.column):
                (block,) = self._known([piece])
                self._whole[piece.target] = self._picture(piece, block, along)

    def ask_for_kept(self) -> None:
        """Ask again for the tiles of the array that napari keeps."""
        if self._whole is not None:
            self._ask(list(self._pieces(tuple(map(range, self.shape)))))

    def read(self, places: Places, *, asks: bool) -> Array:
        """Return what is known of a region.

        Parameters
        ----------
        places : tuple of (range or int)
        asks : bool
            Whether to ask for what is not known.
        """
        along = tuple(
            range(place, place + 1) if isinstance(place, int) else place for place in places
        )
        made = np.empty(tuple(map(len, along)), self.dtype)
        pieces = list(self._pieces(along))
        found = self._ask(pieces) if asks else self._known(pieces)
        for piece, block in zip(pieces, found, strict=True):
            made[piece.target] = self._picture(piece, block, along)
        chosen: Array = made[tuple(0 if isinstance(p, int) else slice(None) for p in places)]
        return chosen

    def _pieces(self, places: Sequence[range | int]) -> Iterator[Piece]:
        first, rows = self.grid.first, self.grid.rows
        numbered = [list(enumerate(_range(axis))) for axis in places[first:rows]]
        down, across = (
            pieces_of(_range(axis), side)
            for axis, side in zip(places[rows : rows + 2], self.grid.tile, strict=True)
        )
        for plane in product(*numbered):
            index = tuple(place for _, place in plane)
            there = (*(slice(None),) * first, *(number for number, _ in plane))
            for (row, out_rows, in_rows), (column, out_columns, in_columns) in product(
                down, across
            ):
                target = (*there, out_rows, out_columns)
                yield Piece(index, row, column, target, (in_rows, in_columns))

    def _key(self, piece: Piece, *, exact: bool = True) -> BlockKey:
        return BlockKey(self.grid.level, piece.plane, piece.row, piece.column, exact)

    def _ask(self, pieces: Sequence[Piece]) -> list[Block | None]:
        """Ask for tiles, first for drafts if an exact one takes long; return what is known."""
        exact = self.blocks.known([self._key(piece) for piece in pieces])
        self._has_exact = self._has_exact or any(block is not None for block in exact)
        unknown = [piece for piece, block in zip(pieces, exact, strict=True) if block is None]
        self.blocks.want(self, [*self._drafts_for(unknown), *map(self._key, pieces)])
        if unknown and self._coarser is not None:
            self._coarser.ask_for_kept()
        return self._known(pieces)

    def _drafts_for(self, unknown: Sequence[Piece]) -> list[BlockKey]:
        """Return what is there sooner than tiles that are not known."""
        if self._coarser is not None and self._coarser.grid.is_draft:
            planes = dict.fromkeys(piece.plane for piece in unknown)
            level = self._coarser.grid.level
            return [BlockKey(level, plane, exact=False) for plane in planes]
        drafts = unknown if self.grid.level and not self._has_exact else []
        return [self._key(piece, exact=False) for piece in drafts]

    def _known(self, pieces: Sequence[Piece]) -> list[Block | None]:
        exact = self.blocks.known([self._key(piece) for piece in pieces])
        if not self.grid.level:
            return exact
        drafts = self.blocks.known([self._key(piece, exact=False) for piece in pieces])
        return [
            draft if block is None else block for block, draft in zip(exact, drafts, strict=True)
        ]

    def _picture(self, piece: Piece, block: Block | None, along: Sequence[range]) -> Any:
        """Return the pixels of a piece, from the coarser level if its tile is not known."""
        first, rows = self.grid.first, self.grid.rows
        kept = tuple(map(as_slice, along[:first])), tuple(map(as_slice, along[rows + 2 :]))
        if block is not None:
            return block[self._number][(*kept[0], *piece.within, *kept[1])]
        if self._coarser is None:
            return self._blank
        sides = [
            axis[part] for axis, part in zip(along[rows : rows + 2], piece.target[-2:], strict=True)
        ]
        return self._coarser.enlarged(
            (*along[:first], *piece.plane, *sides, *along[rows + 2 :]), self.shape
        )

    def enlarged(self, places: Places, shape: tuple[int, ...]) -> Any:
        """Return what is known of a region of a finer level.

        Parameters
        ----------
        places : tuple of (range or int)
            In the finer level.
        shape : tuple of int
            Of the finer level.
        """
        own: list[range | int] = list(places)
        moved = []
        for axis in range(self.grid.first, self.grid.rows + 2):
            place, length, finer = places[axis], self.shape[axis], shape[axis]
            if isinstance(place, int):
                own[axis] = place * length // finer
            else:
                numbers = np.arange(place.start, place.stop, place.step) * length // finer
                own[axis] = range(int(numbers.min()), int(numbers.max()) + 1)
                moved.append(numbers - numbers.min())
        small = self.read(tuple(own), asks=False)
        rows, columns = moved
        return small.take(rows, axis=self.grid.first).take(columns, axis=self.grid.first + 1)


class LazyRegion:
    """A region of a lazy array, which is read when it becomes an array.

    napari first takes the region of all planes that is on screen, and then the plane.

    Parameters
    ----------
    array : LazyArray
    places : tuple of (range or int)
    """

    def __init__(self, array: LazyArray, places: Places) -> None:
        self._array, self._places = array, places
        self.dtype = array.dtype
        self.shape = tuple(len(place) for place in places if isinstance(place, range))
        self.ndim = len(self.shape)

    def __getitem__(self, key: Any) -> Any:
        """Return a part of it: an array if the key has an integer or there is one plane."""
        parts = iter(complete_key(key, self.ndim))
        places = tuple(
            place if isinstance(place, int) else place[next(parts)] for place in self._places
        )
        grid = self._array.grid
        planes = places[grid.first : grid.rows]
        if planes and all(isinstance(place, range) for place in planes):
            return LazyRegion(self._array, places)
        return np.asarray(LazyRegion(self._array, places))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return what is known of it."""
        rows = self._array.grid.rows
        sides = self._places[rows : rows + 2]
        # A thinned picture needs many tiles for few pixels: the coarser levels serve it.
        thinned = any(isinstance(side, range) and side.step > 1 for side in sides)
        return np.asarray(self._array.read(self._places, asks=not thinned), dtype)


def lazy_arrays_of(layer: Layer) -> list[LazyArray]:
    """Return the lazy arrays that a layer shows, the finest level first; empty if it has none.

    Parameters
    ----------
    layer : Layer
    """
    data: Any = getattr(layer, "data", None)
    levels = list(data) if getattr(layer, "multiscale", False) else [data]
    return [level for level in levels if isinstance(level, LazyArray)]


def finest_data_of(layer: Layer) -> Any:
    """Return the data of a layer's finest level; those of a lazy result are computed when read.

    Parameters
    ----------
    layer : Layer

    Raises
    ------
    RequestError
        If the layer is lazy, and not ready yet.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    if not isinstance(data, LazyArray):
        return data
    if data.computed is None:
        raise RequestError(f"'{layer.name}' is not ready yet; try again when the run has ended.")
    return data.computed


def _range(place: range | int) -> range:
    return range(place, place + 1) if isinstance(place, int) else place
