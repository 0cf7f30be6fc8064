"""Curve parameter maps as OME-Zarr 0.5: the order of axes, and blocks that are written once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.planes import Array

SUFFIXES: Final = (".zarr",)
IS_COMPRESSED: Final = True
IS_FOLDER: Final = True

NGFF_VERSION: Final = "0.5"

_SIDE = 256
_OWN_AXES = (("iteration", "iteration"), ("channel", "channel"))
_ROWS_AND_COLUMNS = (("y", "space"), ("x", "space"))
# NGFF requires time first, then a channel or an axis of a custom type, then space. Maps have both a
# channel and a custom axis; the present validators and readers accept one of each. A stack with
# unknown axes becomes a sequence of planes.
_BEFORE = {"": (), "T": (("t", "time"),), **dict.fromkeys("QI", (("plane", "time"),))}
_BEHIND = {"Z": (("z", "space"),)}


def is_one(path: Path) -> bool:
    """Return whether a path is a Zarr folder of any version."""
    return any(os.path.lexists(path / name) for name in ("zarr.json", ".zgroup", ".zarray"))


def check_stack_axes(path: Path, stack: str) -> None:
    """Raise an `ImageError` if NGFF has no place for the axes of a stack beside those of maps.

    Parameters
    ----------
    path : Path
        File to create.
    stack : str
        A letter for each axis of the stack.
    """
    if stack not in _BEFORE and stack not in _BEHIND:
        raise ImageError(
            f"{path.name} cannot hold the maps of a stack with the axes {stack}: OME-Zarr has room "
            "for one axis, time or z, beside iteration, channel, y and x; write a .npy or .tif "
            "file instead."
        )


@contextmanager
def create(
    path: Path, shape: tuple[int, ...], *, stack: str, facts: Mapping[str, Any]
) -> Iterator[WholeBlocks]:
    """Create an OME-Zarr image for maps, still without numbers.

    Parameters
    ----------
    path : Path
        Folder that does not exist yet.
    shape : tuple of int
        (..., 8, C, rows, columns)
    stack : str
        Letter of the axis before those, if there is one: T, Q, I, or Z, which becomes the third
        last axis.
    facts : mapping
        Plain values to store beside the metadata of NGFF.
    """
    import zarr
    from zarr.codecs import BloscCodec

    axes = (*_BEFORE.get(stack, ()), *_OWN_AXES, *_BEHIND.get(stack, ()), *_ROWS_AND_COLUMNS)
    # One file per block, with a separate chunk for each map, so that viewers read only what they
    # show.
    block = dict(zip(("iteration", "channel"), shape[-4:-2], strict=True))
    block |= {"y": _SIDE, "x": _SIDE}
    group = zarr.create_group(path, zarr_format=3, attributes=_metadata(path, axes, facts))
    array = group.create_array(
        "0",
        shape=_in_order(shape, stack),
        dtype="float32",
        chunks=tuple(_SIDE if name in {"y", "x"} else 1 for name, _ in axes),
        shards=tuple(block.get(name, 1) for name, _ in axes),
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=4),
        dimension_names=[name for name, _ in axes],
    )
    yield WholeBlocks(array, stack=stack)


def _metadata(
    path: Path, axes: tuple[tuple[str, str], ...], facts: Mapping[str, Any]
) -> dict[str, Any]:
    image = {
        "name": path.name.partition(".")[0],
        "axes": [{"name": name, "type": kind} for name, kind in axes],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [{"type": "scale", "scale": [1.0] * len(axes)}],
            }
        ],
    }
    return {
        "ome": {"version": NGFF_VERSION, "multiscales": [image]},
        "napari-zerodce": dict(facts),
    }


def _in_order(of_maps: tuple[Any, ...], stack: str) -> tuple[Any, ...]:
    """Return items for the axes (..., iteration, channel, y, x) in the order of the array."""
    if stack not in _BEHIND:
        return of_maps
    stacked, iteration, channel, rows, columns = of_maps
    return (iteration, channel, stacked, rows, columns)


@dataclass
class _Block:
    maps: Array
    there: Array  # the pixels that tiles have filled


class WholeBlocks:
    """Collector of tiles that compresses and writes each block of the array once, when it is whole.

    Tiles are about equal parts of a plane, and their borders seldom match those of blocks. At most
    one row of blocks waits in memory.

    Parameters
    ----------
    array : zarr array
    stack : str
        As in `create`.
    """

    def __init__(self, array: Any, *, stack: str) -> None:
        self._array, self._stack = array, stack
        self._waiting: dict[tuple[int, ...], _Block] = {}

    def __setitem__(self, key: Any, block: Array) -> None:
        *plane, _, _, rows, columns = key
        for top, left in product(_starts(rows), _starts(columns)):
            self._put((*plane, top, left), block, rows.start, columns.start)

    def _put(self, place: tuple[int, ...], tile: Array, first_row: int, first_column: int) -> None:
        """Copy the common part of a tile and a block into the block."""
        *plane, top, left = place
        height, width = (
            min(_SIDE, length - start)
            for length, start in zip(self._array.shape[-2:], (top, left), strict=True)
        )
        if place not in self._waiting:
            empty = np.empty((*tile.shape[:2], height, width), np.float32)
            self._waiting[place] = _Block(empty, np.zeros((height, width), bool))
        waiting = self._waiting[place]
        to_rows, rows = _shared(top, height, first_row, tile.shape[-2])
        to_columns, columns = _shared(left, width, first_column, tile.shape[-1])
        waiting.maps[..., to_rows, to_columns] = tile[..., rows, columns]
        waiting.there[to_rows, to_columns] = True  # no count, because a plane may start again
        if waiting.there.all():
            whole = (slice(None), slice(None), slice(top, top + height), slice(left, left + width))
            self._array[_in_order((*plane, *whole), self._stack)] = waiting.maps
            del self._waiting[place]


def _starts(side: slice) -> range:
    """Return the first pixels of the blocks that a tile's side overlaps."""
    return range(side.start // _SIDE * _SIDE, side.stop, _SIDE)


def _shared(block: int, size: int, tile: int, length: int) -> tuple[slice, slice]:
    """Return the common part of a block and a tile along an axis, as slices of each."""
    start, stop = max(block, tile), min(block + size, tile + length)
    return slice(start - block, stop - block), slice(start - tile, stop - tile)
