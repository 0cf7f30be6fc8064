"""The planes of an nD image: their places, and how to read and write a region of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, get_args

import numpy as np

from napari_zerodce.errors import ImageError

Channels = Literal["mono", "rgb", "rgba"]
"""The meaning of the last axis: colour, colour and alpha, or neither in a mono image."""

Array = np.ndarray[Any, Any]

_Region = tuple[int | slice, ...]

_SAMPLES: dict[Channels, int] = {"rgb": 3, "rgba": 4}
_PHOTO_SIDE_UINT8 = 4  # 8-bit arrays (H, W, 3) are photos, unless a side is this small
_PHOTO_SIDE_OTHERS = 30  # napari's guess for all dtypes


@dataclass(frozen=True)
class PlaneLayout:
    """The axes of an image: (..., H, W) if mono, (..., H, W, 3) if rgb, (..., H, W, 4) if rgba.

    Arrays may come from NumPy, dask, zarr, h5py or any other library if slices work. Only the
    requested region is read.
    """

    shape: tuple[int, ...]
    channels: Channels

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before those of the plane: time, depth, ..."""
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
        """Number of channels to which curves are applied: 1 or 3, without alpha."""
        return 1 if self.channels == "mono" else 3

    @property
    def count(self) -> int:
        """Number of planes."""
        return prod(self.leading)

    def count_of_channel(self, axis: int | None) -> int:
        """Return the number of planes of each channel.

        Parameters
        ----------
        axis : int, optional
            The leading axis of the channels, if there is one.
        """
        return self.count // (1 if axis is None else max(1, self.leading[axis]))

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the index of each plane in the leading axes; the last axis varies fastest."""
        return np.ndindex(self.leading)

    def read(self, array: Any, index: tuple[int, ...], rows: slice, columns: slice) -> Array:
        """Return the colour samples of a region.

        Parameters
        ----------
        array : array-like
        index : tuple of int
            Index of the plane in the leading axes.
        rows, columns : slice
            The region, in pixels of the plane.

        Returns
        -------
        ndarray, shape (1 or 3, h, w), dtype of `array`
            May be a view of the array: do not write to it.
        """
        block = np.asarray(array[self._region(index, rows, columns)])
        return block[np.newaxis] if self.channels == "mono" else np.moveaxis(block, -1, 0)

    def write(
        self, output: Array, index: tuple[int, ...], rows: slice, columns: slice, block: Array
    ) -> None:
        """Write the colour samples of a region.

        Parameters
        ----------
        output : ndarray
            Array of this layout.
        index : tuple of int
            Index of the plane in the leading axes.
        rows, columns : slice
            The region, in pixels of the plane.
        block : ndarray, shape (1 or 3, h, w)
            One channel stands for equal colours.
        """
        if self.channels == "mono":
            output[self._region(index, rows, columns)] = block[0]
            return
        if self.channels == "rgb" and 0 < block.strides[0] < block.strides[-1]:
            output[self._region(index, rows, columns)] = np.moveaxis(block, 0, -1)
            return
        # One colour after the other: NumPy would copy pixel by pixel, which takes twice as long.
        for number in range(self.colours):
            place: _Region = (*index, rows, columns, number)
            output[place] = block[number % len(block)]

    def _region(self, index: tuple[int, ...], rows: slice, columns: slice) -> _Region:
        region: _Region = (*index, rows, columns)
        return region if self.channels == "mono" else (*region, slice(0, 3))


class SelectedPlane:
    """One plane of an array as a separate array; only the requested region is read.

    Parameters
    ----------
    array : array-like
    index : tuple of int
        Index of the plane in the leading axes.
    """

    def __init__(self, array: Any, index: tuple[int, ...]) -> None:
        self._array = array
        self._index = index
        self.shape: tuple[int, ...] = tuple(array.shape[len(index) :])
        self.dtype = array.dtype
        chunks = _known_chunks(array)
        self.chunks = None if chunks is None else chunks[len(index) :]

    def __getitem__(self, key: Any) -> Any:
        """Return a region of the plane, as the array returns it."""
        return self._array[(*self._index, *(key if isinstance(key, tuple) else (key,)))]


class SelectedChannel:
    """One entry of a leading axis of a lazy array, which keeps the axis with length 1.

    Parameters
    ----------
    array : array-like
    axis : int
        The axis of the channels.
    number : int
        The channel.
    """

    def __init__(self, array: Any, axis: int, number: int) -> None:
        self._array, self._axis = array, axis
        self._entry = slice(number, number + 1)
        self.shape: tuple[int, ...] = _with_one(tuple(array.shape), axis)
        self.dtype = array.dtype
        chunks = _known_chunks(array)
        self.chunks = None if chunks is None else _with_one(chunks, axis)

    def __getitem__(self, key: tuple[slice, ...]) -> Any:
        """Return a region, given by a slice for each axis, as the array returns it."""
        return self._array[(*key[: self._axis], self._entry, *key[self._axis + 1 :])]


def channel_of(array: Any, axis: int, number: int) -> Any:
    """Return one channel of an array, which is not read.

    Parameters
    ----------
    array : array-like
    axis : int
        The axis of the channels; it stays, with length 1.
    number : int
    """
    if isinstance(array, np.ndarray):
        return array[(slice(None),) * axis + (slice(number, number + 1),)]
    return SelectedChannel(array, axis, number)


def _known_chunks(array: Any) -> tuple[Any, ...] | None:
    chunks: Any = getattr(array, "chunks", None)
    is_known = isinstance(chunks, tuple) and len(chunks) == len(array.shape)
    return chunks if is_known else None


def _with_one(lengths: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    return (*lengths[:axis], 1, *lengths[axis + 1 :])


def layout_of(array: Any, *, channels: Channels | None = None) -> PlaneLayout:
    """Return the layout of an image that can be enhanced.

    Parameters
    ----------
    array : array-like
        Any object with ``shape`` and ``dtype``. Its data are not read.
    channels : {"mono", "rgb", "rgba"}, optional
        By default a guess: an array is colour if it has at least three axes, the last one has 3 or
        4 samples, and both axes before it are longer than 30 (napari's rule), or than 4 in 8-bit
        images. Any other array is mono.

    Raises
    ------
    ImageError
        If the object is not an array, has fewer than two axes or no pixels, its dtype has no
        brightness (bool, complex, text, ...), or its shape does not fit the channels.
    """
    dtype, shape = _dtype_of(array), _shape_of(array)
    if len(shape) < 2:
        raise ImageError(
            f"An image has at least two axes, but this array has the shape {shape}; "
            "give an array of shape (..., height, width)."
        )
    if channels is None:
        channels = _guess_channels(shape, dtype)
    elif channels not in get_args(Channels):
        raise ImageError(f"There are no channels {channels!r}; choose 'mono', 'rgb' or 'rgba'.")
    samples = _SAMPLES.get(channels)
    if samples and (len(shape) < 3 or shape[-1] != samples):
        raise ImageError(
            f"An {channels} image has the shape (..., height, width, {samples}), but this image "
            f"has {shape}; choose 'mono', or move the colour axis to the end."
        )
    if 0 in shape:
        raise ImageError(
            f"The image has no pixels, its shape is {shape}; choose an image with pixels."
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
    except ValueError as err:  # in dask, a length is NaN until it is computed
        raise ImageError(
            f"The image's shape {tuple(array.shape)} is not known yet; "
            "compute its chunk sizes first."
        ) from err


def _dtype_of(array: Any) -> np.dtype[Any]:
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        raise ImageError(
            f"An image is an array of numbers, but this is a {type(array).__name__}; "
            "convert it with numpy.asarray."
        )
    try:
        dtype: np.dtype[Any] = np.dtype(array.dtype)
    except TypeError as err:
        raise ImageError(
            f"The image has the dtype {array.dtype}, which NumPy does not have; "
            "convert it to a NumPy array first."
        ) from err
    # The arithmetic has at most float64, so extended precision (16 bytes) is refused.
    if dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize <= 8):
        return dtype
    if dtype.kind == "b":
        raise ImageError(
            "The image is a mask (bool), which has no brightness to enhance; "
            "choose an image of numbers."
        )
    raise ImageError(
        f"The image has the dtype {dtype}, but brightness must be an integer or a real number of "
        "at most 64 bits; convert the image first."
    )
