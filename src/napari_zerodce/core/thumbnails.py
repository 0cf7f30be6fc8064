"""Thumbnails of images, and the maps of a thumbnail enlarged to the image; NumPy or PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.core.arrays import Array, is_numpy, namespace
from napari_zerodce.core.memory_order import aligned, is_interleaved

Span = tuple[float, float]
"""A part of an axis: its ends in units of the whole axis."""

WHOLE: Final = ((0.0, 1.0), (0.0, 1.0))

CONVOLUTIONS: Final = 7
RECEPTIVE_RADIUS: Final = CONVOLUTIONS
"""Seven 3x3 convolutions see 7 pixels to each side: with this halo, tiles are exact."""


def middle_pixels(length: int, scale_factor: int) -> tuple[slice, slice]:
    """Return the two middle pixels of each block of an axis (the same one twice if blocks are odd).

    A bilinear thumbnail uses only these. Pixels at the end that do not fill a block are left out,
    as in the published code, which crops the image; an axis shorter than one block counts as
    one block.

    Parameters
    ----------
    length, scale_factor : int
        Of the axis and of a block, in pixels.

    Returns
    -------
    tuple of slice
        Each picks max(1, length // scale_factor) pixels.
    """
    block = min(length, scale_factor)
    end = max(1, length // scale_factor) * block
    return slice((block - 1) // 2, end, block), slice(block // 2, end, block)


def thumbnail(image: Array, scale_factor: int) -> Array:
    """Shrink images by bilinear sampling at the centre of each block of pixels.

    Parameters
    ----------
    image : array, shape (N, C, H, W)
    scale_factor : int
        Side of a block in pixels; `middle_pixels` says which pixels count.

    Returns
    -------
    array, shape (N, C, max(1, H // scale_factor), max(1, W // scale_factor))
    """
    if scale_factor == 1:
        return image
    rows, columns = (middle_pixels(length, scale_factor) for length in image.shape[-2:])
    upper, lower = (image[..., row, columns[0]] + image[..., row, columns[1]] for row in rows)
    return (upper + lower) / 4


def enlarge_to(maps: Array, scale_factor: int, shape: Sequence[int]) -> Array:
    """Enlarge the maps of a thumbnail to the size of its image.

    Parameters
    ----------
    maps : array, shape (N, maps, C, h, w)
    scale_factor : int
        If it is 1, the maps are returned unchanged.
    shape : sequence of int
        Of the image; the last two are its height and width.

    Returns
    -------
    array, shape (N, maps, C, H, W)
    """
    if scale_factor == 1:
        return maps
    height, width = shape[-2:]
    number, count, colours, *size = maps.shape
    flat = maps.reshape(number, count * colours, *size)
    flat = enlarge_maps(flat, scale_factor, rows=(0, height), columns=(0, width))
    return flat.reshape(number, count, colours, height, width)


def enlarge_maps(
    maps: Array,
    scale_factor: int,
    *,
    rows: tuple[int, int],
    columns: tuple[int, int],
    part: tuple[slice, slice] | None = None,
    size: tuple[int, int] | None = None,
) -> Array:
    """Enlarge thumbnail maps bilinearly, corners aligned, for one region of the full image.

    Each pixel's place in the thumbnail is computed from its place in the whole image, so regions
    that are enlarged one by one equal the whole. Pixels beyond the last whole block take the value
    of its edge.

    Parameters
    ----------
    maps : array, shape (N, C, h, w)
        Of the whole thumbnail, or of a part that holds all that `mapped_pixels` names. In NumPy,
        the result has the same order of axes in memory.
    scale_factor : int
    rows, columns : tuple of int
        First pixel and the one after the last, in full-image coordinates.
    part : tuple of slice, optional
        Which rows and columns of the thumbnail the maps are, by default all.
    size : tuple of int, optional
        Rows and columns of the whole thumbnail; needed with `part`.

    Returns
    -------
    array, shape (N, C, rows[1] - rows[0], columns[1] - columns[0])
    """
    height, width = size or maps.shape[-2:]
    top, left = (side.start for side in part) if part else (0, 0)
    row = _places(height, scale_factor, *rows)
    column = _places(width, scale_factor, *columns)
    # Only the few rows that are needed, because columns are enlarged first.
    first = int(row.lower[0])
    maps = maps[..., first - top : int(row.lower[-1]) + 2 - top, :]
    return _at(maps, row.after(first), column.after(left))


def stretch_maps(
    maps: Array,
    shape: Sequence[int],
    *,
    rows: tuple[int, int],
    columns: tuple[int, int],
    spans: tuple[Span, Span] = WHOLE,
) -> Array:
    """Enlarge maps bilinearly to an image of any size, for one region of it.

    The middle of each pixel takes the value at its place in the maps, so that images of other sizes
    of the same scene get the same maps.

    Parameters
    ----------
    maps : array, shape (N, C, h, w)
    shape : sequence of int
        Rows and columns of the image.
    rows, columns : tuple of int
        First pixel and the one after the last.
    spans : tuple of (float, float), optional
        The part of the maps' height and width that the image shows.

    Returns
    -------
    array, shape (N, C, rows[1] - rows[0], columns[1] - columns[0])
    """
    row = _middles(maps.shape[-2], shape[0], spans[0], *rows)
    column = _middles(maps.shape[-1], shape[1], spans[1], *columns)
    return _at(maps, row, column)


def mapped_pixels(side: slice, size: int, scale_factor: int) -> slice:
    """Return the pixels of a thumbnail's axis whose maps a part of the image's axis needs.

    Parameters
    ----------
    side : slice
        In pixels of the image, not empty.
    size : int
        Length of the thumbnail's axis.
    scale_factor : int
    """
    # Places rise, so those of both ends tell.
    first, last = (
        int(_places(size, scale_factor, at, at + 1).lower[0]) for at in (side.start, side.stop - 1)
    )
    return slice(first, min(size, last + 2))


class _Places(NamedTuple):
    """Where pixels lie in maps: for each, the map's pixel before it and the distance from it."""

    lower: NDArray[np.intp]
    weight: NDArray[np.float64]

    def after(self, start: int) -> _Places:
        """Return the places in maps that begin later."""
        return _Places(self.lower - start, self.weight)


def _middles(size: int, length: int, span: Span, start: int, stop: int) -> _Places:
    """Return the places of the middles of pixels."""
    first, last = span
    place = (np.arange(start, stop, dtype=np.float64) + 0.5) / length
    return _split((first + place * (last - first)) * size - 0.5, size)


def _places(size: int, scale_factor: int, start: int, stop: int) -> _Places:
    """Return the places of pixels of an image in the maps of its thumbnail."""
    # float64 keeps places exact for images of any size; in float32, pixel 12,000 is off by 1e-3.
    place = np.arange(start, stop, dtype=np.float64)
    return _split(place * ((size - 1) / (size * scale_factor - 1)), size)


def _split(place: NDArray[np.float64], size: int) -> _Places:
    place = np.clip(place, 0, size - 1)
    lower = np.minimum(place.astype(np.intp), max(0, size - 2))
    return _Places(lower, place - lower)


def _at(maps: Array, row: _Places, column: _Places) -> Array:
    """Return the bilinear values of maps at the places of rows and columns."""
    if not is_numpy(maps):
        maps = _between_tensors(maps, column, axis=-1)
        return _between_tensors(maps, row, axis=-2)
    if is_interleaved(maps):
        return np.moveaxis(_at_lines(np.moveaxis(maps, -3, -1), row, column, axis=-2), -1, -3)
    return _at_lines(maps, row, column, axis=-1)


def _between_tensors(maps: Array, places: _Places, *, axis: int) -> Array:
    torch = namespace(maps)
    lower, weight = _as_tensors(
        places.lower.tobytes(), places.weight.tobytes(), maps.dtype, maps.device
    )
    upper = (lower + 1).clamp_(max=maps.shape[axis] - 1)
    weight = weight.reshape(-1, *(1,) * (-1 - axis))
    return torch.lerp(maps.index_select(axis, lower), maps.index_select(axis, upper), weight)


@lru_cache(maxsize=64)
def _as_tensors(lower: bytes, weight: bytes, dtype: Any, device: Any) -> tuple[Array, Array]:
    """Return places on a device: planes of a stack have the same ones, and each copy is waited for.

    Parameters
    ----------
    lower, weight : bytes
        Of `_Places`.
    dtype : torch.dtype
    device : torch.device
    """
    torch = sys.modules["torch"]
    with torch.inference_mode(mode=False):  # so that gradients may go through them, too
        pixels = torch.from_numpy(np.frombuffer(lower, np.intp).copy())
        weights = torch.from_numpy(np.frombuffer(weight, np.float64).copy())
        return pixels.to(device), weights.to(device, dtype)


def _at_lines(maps: NDArray[Any], row: _Places, column: _Places, *, axis: int) -> NDArray[Any]:
    """Return values at the places of the columns, the axis given, and then of the rows before it.

    Columns come first, on few rows; rows are then enlarged as whole lines, from one pair of the
    maps' rows at a time: a line is in the cache when it is needed again.
    """
    few = _between_columns(maps, column, axis=axis)
    shape = (*few.shape[: axis - 1], len(row.lower), *few.shape[axis:])
    made = aligned(shape, maps.dtype)
    lines, every = (np.moveaxis(each, axis - 1, 0) for each in (few, made))
    changes = np.diff(lines, axis=0, append=lines[-1:])
    weight = row.weight.astype(maps.dtype).reshape(-1, *(1,) * (maps.ndim - 1))
    ends = [0, *(np.flatnonzero(np.diff(row.lower)) + 1).tolist(), len(row.lower)]
    for start, stop in pairwise(ends):
        before = row.lower[start]
        part = np.multiply(changes[before], weight[start:stop], out=every[start:stop])
        part += lines[before]
    return made


def _between_columns(maps: NDArray[Any], places: _Places, *, axis: int) -> NDArray[Any]:
    upper = np.minimum(places.lower + 1, maps.shape[axis] - 1)
    values, change = (np.take(maps, each, axis) for each in (places.lower, upper))
    change -= values
    change *= places.weight.astype(maps.dtype).reshape(-1, *(1,) * (-1 - axis))
    values += change
    return values
