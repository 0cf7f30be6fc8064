"""Where the planes of an nD image are, and how a region of one is read and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from napari_zerodce.errors import ImageError

Channels = Literal["mono", "rgb", "rgba"]
"""Whether the last axis is colour (and alpha), or the image has one channel."""

Array = np.ndarray[Any, Any]

_SMALLEST_SIDE_OF_A_GUESSED_PHOTO = 30  # napari's rule too


@dataclass(frozen=True)
class PlaneLayout:
    """The axes of an image: (..., H, W) if mono, (..., H, W, 3) if rgb, (..., H, W, 4) if rgba.

    Arrays may be NumPy, dask, zarr or anything that can be sliced; only the region asked for is
    read.
    """

    shape: tuple[int, ...]
    channels: Channels

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before the plane's: time, depth, ..."""
        return self.shape[:-2] if self.channels == "mono" else self.shape[:-3]

    @property
    def height(self) -> int:
        """Rows of a plane."""
        return self.shape[len(self.leading)]

    @property
    def width(self) -> int:
        """Columns of a plane."""
        return self.shape[len(self.leading) + 1]

    @property
    def colours(self) -> int:
        """Channels that curves are applied to: 1 or 3, without alpha."""
        return 1 if self.channels == "mono" else 3

    @property
    def count(self) -> int:
        """How many planes there are."""
        return int(np.prod(self.leading, dtype=np.int64))

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the place of each plane in the leading axes, the last axis fastest."""
        return np.ndindex(self.leading)

    def read(
        self, array: Any, index: tuple[int, ...], rows: slice, columns: slice
    ) -> Array:
        """Return the colour samples of a region, shape (1 or 3, h, w), in the array's dtype."""
        if self.channels == "mono":
            return np.asarray(array[(*index, rows, columns)])[np.newaxis]
        return np.moveaxis(np.asarray(array[(*index, rows, columns, slice(0, 3))]), -1, 0)

    def write(
        self, output: Array, index: tuple[int, ...], rows: slice, columns: slice, block: Array
    ) -> None:
        """Put a block of shape (1 or 3, h, w) into a region of the output."""
        if self.channels == "mono":
            output[(*index, rows, columns)] = block[0]
        else:
            output[(*index, rows, columns, slice(0, 3))] = np.moveaxis(block, 0, -1)


def layout_of(array: Any, *, channels: Channels | None = None) -> PlaneLayout:
    """Return the layout of an image that can be enhanced.

    Parameters
    ----------
    array : array-like
        Anything with ``shape`` and ``dtype``; its data are not looked at.
    channels : {"mono", "rgb", "rgba"}, optional
        By default a last axis of 3 or 4 samples behind two of more than 30 is taken for colour, as
        napari does, and everything else for mono.

    Raises
    ------
    ImageError
        If the array is no image, has no pixels, or does not fit the channels.
    """
    shape = tuple(int(length) for length in getattr(array, "shape", ()))
    if not hasattr(array, "dtype") or len(shape) < 2:
        raise ImageError(
            f"An image has at least two axes, and this has {len(shape)}; give an array of shape (..., Y, X)."
        )
    _check_dtype(np.dtype(array.dtype))
    if channels is None:
        channels = _guess_channels(shape)
    elif channels not in get_args(Channels):
        raise ImageError(f"There are no channels {channels!r}; choose 'mono', 'rgb' or 'rgba'.")
    samples = {"mono": None, "rgb": 3, "rgba": 4}[channels]
    if samples is not None and (len(shape) < 3 or shape[-1] != samples):
        raise ImageError(
            f"An {channels} image has {samples} samples in its last axis, and this has shape {shape}; "
            "choose 'mono' or move the colour axis to the end."
        )
    if 0 in shape:
        raise ImageError(f"The image has no pixels: its shape is {shape}. Choose an image that has some.")
    return PlaneLayout(shape, channels)


def _guess_channels(shape: tuple[int, ...]) -> Channels:
    if len(shape) < 3 or min(shape[-3:-1]) <= _SMALLEST_SIDE_OF_A_GUESSED_PHOTO:
        return "mono"
    guesses: dict[int, Channels] = {3: "rgb", 4: "rgba"}
    return guesses.get(shape[-1], "mono")


def _check_dtype(dtype: np.dtype[Any]) -> None:
    if dtype.kind in "iuf":
        return
    if dtype.kind == "b":
        raise ImageError(
            "The image is a mask (bool), which has no brightness to enhance; choose an image of numbers."
        )
    raise ImageError(
        f"The image has the dtype {dtype}, and brightness is an integer or a real number; convert it first."
    )
