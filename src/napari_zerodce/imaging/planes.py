"""Where the planes of an nD image are, and how a region of one is read and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, get_args

import numpy as np

from napari_zerodce.errors import ImageError

Channels = Literal["mono", "rgb", "rgba"]
"""Whether the last axis is colour (and alpha), or the image has one channel."""

Array = np.ndarray[Any, Any]

_Region = tuple[int | slice, ...]

_SAMPLES: dict[Channels, int] = {"rgb": 3, "rgba": 4}
_PHOTO_SIDE_UINT8 = 4  # 8-bit arrays (H, W, 3) are photos, unless they are hardly larger than that
_PHOTO_SIDE_OTHERS = 30  # napari's guess for all of them


@dataclass(frozen=True)
class PlaneLayout:
    """The axes of an image: (..., H, W) if mono, (..., H, W, 3) if rgb, (..., H, W, 4) if rgba.

    Arrays may be NumPy, dask, zarr, h5py or anything else that can be sliced; no more than the
    region asked for is read.
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
        return prod(self.leading)

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the place of each plane in the leading axes, the last axis fastest."""
        return np.ndindex(self.leading)

    def read(self, array: Any, index: tuple[int, ...], rows: slice, columns: slice) -> Array:
        """Return the colour samples of a region, shape (1 or 3, h, w), in the array's dtype.

        They may be a view of the array: not to be written to.
        """
        block = np.asarray(array[self._region(index, rows, columns)])
        return block[np.newaxis] if self.channels == "mono" else np.moveaxis(block, -1, 0)

    def write(
        self, output: Array, index: tuple[int, ...], rows: slice, columns: slice, block: Array
    ) -> None:
        """Put a block of shape (1 or 3, h, w) into a region of the output."""
        samples = block[0] if self.channels == "mono" else np.moveaxis(block, 0, -1)
        output[self._region(index, rows, columns)] = samples

    def _region(self, index: tuple[int, ...], rows: slice, columns: slice) -> _Region:
        region: _Region = (*index, rows, columns)
        return region if self.channels == "mono" else (*region, slice(0, 3))


class SelectedPlane:
    """One plane of an array as an array of its own; no more than the region asked for is read.

    Parameters
    ----------
    array : array-like
    index : tuple of int
        Place of the plane in the leading axes.
    """

    def __init__(self, array: Any, index: tuple[int, ...]) -> None:
        self._array = array
        self._index = index
        self.shape: tuple[int, ...] = tuple(array.shape[len(index) :])
        self.dtype = array.dtype

    def __getitem__(self, key: Any) -> Any:
        """Return a region, as the array gives it."""
        return self._array[(*self._index, *(key if isinstance(key, tuple) else (key,)))]


def layout_of(array: Any, *, channels: Channels | None = None) -> PlaneLayout:
    """Return the layout of an image that can be enhanced.

    Parameters
    ----------
    array : array-like
        Anything with ``shape`` and ``dtype``; its data are not looked at.
    channels : {"mono", "rgb", "rgba"}, optional
        By default a guess: an array of at least three axes whose last has 3 or 4 samples is colour
        if both axes before are longer than 30 (napari's rule), or than 4 in 8-bit images; anything
        else is mono.

    Raises
    ------
    ImageError
        If it is no array, has fewer than two axes or no pixels, its dtype has no brightness (bool,
        complex, text, ...), or it does not fit the channels.
    """
    dtype, shape = _dtype_of(array), _shape_of(array)
    if len(shape) < 2:
        raise ImageError(
            f"An image has at least two axes, and this array has the shape {shape}; "
            "give one of shape (..., height, width)."
        )
    if channels is None:
        channels = _guess_channels(shape, dtype)
    elif channels not in get_args(Channels):
        raise ImageError(f"There are no channels {channels!r}; choose 'mono', 'rgb' or 'rgba'.")
    samples = _SAMPLES.get(channels)
    if samples and (len(shape) < 3 or shape[-1] != samples):
        raise ImageError(
            f"An {channels} image has the shape (..., height, width, {samples}), and this one "
            f"{shape}; choose 'mono', or move the colour axis to the end."
        )
    if 0 in shape:
        raise ImageError(
            f"The image has no pixels, its shape is {shape}; choose one that has some."
        )
    return PlaneLayout(shape, channels)


def _guess_channels(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Channels:
    smallest = _PHOTO_SIDE_UINT8 if dtype == np.uint8 else _PHOTO_SIDE_OTHERS
    if len(shape) < 3 or min(shape[-3:-1]) <= smallest:
        return "mono"
    guesses: dict[int, Channels] = {3: "rgb", 4: "rgba"}
    return guesses.get(shape[-1], "mono")


def _shape_of(array: Any) -> tuple[int, ...]:
    try:
        return tuple(int(length) for length in array.shape)
    except ValueError as err:  # dask calls a length NaN until it is computed
        raise ImageError(
            f"The image's shape {tuple(array.shape)} is not known yet; "
            "compute its chunk sizes first."
        ) from err


def _dtype_of(array: Any) -> np.dtype[Any]:
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        raise ImageError(
            f"An image is an array of numbers, and this is a {type(array).__name__}; "
            "convert it with numpy.asarray."
        )
    try:
        dtype: np.dtype[Any] = np.dtype(array.dtype)
    except TypeError as err:
        raise ImageError(
            f"The image has the dtype {array.dtype}, which NumPy does not have; "
            "convert it to a NumPy array first."
        ) from err
    # Extended precision (16 bytes) would not fit the arithmetic, which is float64 at most.
    if dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize <= 8):
        return dtype
    if dtype.kind == "b":
        raise ImageError(
            "The image is a mask (bool), which has no brightness to enhance; "
            "choose an image of numbers."
        )
    raise ImageError(
        f"The image has the dtype {dtype}, and brightness is an integer or a real number of at "
        "most 64 bits; convert it first."
    )
