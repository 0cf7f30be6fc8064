"""The array of one level on disk: how it is created, how a region is written and read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Literal

import numpy as np

from napari_zerodce.imaging.files.saved.image import SavedImage
from napari_zerodce.imaging.files.saved.ngff import (
    ZARR_FORMATS,
    NgffVersion,
    in_order,
    names_of,
)
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.saved.regions import BLOCK, CHUNK, Region
from napari_zerodce.imaging.keys import complete_key
from napari_zerodce.imaging.planes import Array


def create_level(
    place: Place, image: SavedImage, shape: tuple[int, ...], version: NgffVersion
) -> None:
    """Create the array of a level, still without pixels.

    Parameters
    ----------
    place : Place
        Of the array.
    image : SavedImage
    shape : tuple of int
        Of the level in memory.
    version : {"0.4", "0.5"}
    """
    import zarr

    names = names_of(image.axes, image.channels)
    axes, ordered = in_order(names, names), in_order(shape, names)
    sides = [_sides(axis, length) for axis, length in zip(axes, ordered, strict=True)]
    if image.channels != "mono":
        sides[axes.index("C")] = (1, shape[-1])  # colours are written together
    zarr_format = ZARR_FORMATS[version]
    options = _options_of_2(image.dtype) if zarr_format == 2 else _options_of_3(image.dtype)
    if zarr_format == 3:
        # One file per region, with separate chunks, so that viewers read only what they show.
        options["shards"] = tuple(file for _, file in sides)
        options["dimension_names"] = [axis.lower() for axis in axes]
    zarr.create_array(
        place.store(),
        shape=tuple(ordered),
        dtype=image.dtype,
        chunks=tuple(chunk for chunk, _ in sides),
        zarr_format=zarr_format,
        overwrite=True,
        **options,
    )


def _options_of_3(dtype: np.dtype[Any]) -> dict[str, Any]:
    from zarr.codecs import BloscCodec

    codec = BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=dtype.itemsize)
    return {"compressors": codec}


def _options_of_2(_dtype: np.dtype[Any]) -> dict[str, Any]:
    from numcodecs import Blosc

    return {
        "compressors": Blosc(cname="zstd", clevel=1, shuffle=Blosc.SHUFFLE),
        "chunk_key_encoding": {"name": "v2", "separator": "/"},
    }


def _sides(axis: str, length: int) -> tuple[int, int]:
    """Return the sides of a chunk and of a file, which holds a whole number of chunks."""
    if axis not in "YX":
        return 1, 1
    chunk = min(CHUNK, length)
    return chunk, -(-min(BLOCK, length) // chunk) * chunk


class Level:
    """The array of a level with the axes in memory; it is read when it is sliced.

    Parameters
    ----------
    place : Place
        Of the array.
    order : sequence of int
        Which axis in memory each axis of the file is.
    mode : {"r", "r+"}
        Whether it can be written.
    """

    def __init__(self, place: Place, order: Sequence[int], mode: Literal["r", "r+"] = "r") -> None:
        import zarr

        self._array: Any = zarr.open_array(place.store(), mode=mode)
        self._place, self._order = place, list(order)
        self._back = [int(axis) for axis in np.argsort(self._order)]
        self.shape = tuple(int(self._array.shape[axis]) for axis in self._back)
        self.dtype = self._array.dtype
        self.chunks = tuple(int(self._array.chunks[axis]) for axis in self._back)
        self.ndim = len(self.shape)

    def __getitem__(self, key: Any) -> Array:
        """Return a region; `key` holds integers, slices and an ellipsis."""
        parts = complete_key(key, self.ndim)
        block: Array = np.asarray(self._array[self._in_file(parts)])
        kept = [axis for axis in self._order if isinstance(parts[axis], slice)]
        return block.transpose([int(axis) for axis in np.argsort(kept)])

    def write(self, region: Region, block: Array) -> None:
        """Write a region, and return when it is on disk.

        Parameters
        ----------
        region : Region
        block : ndarray
            As in the image in memory; axes of one plane may be missing.
        """
        whole = zip(complete_key(region.key, self.ndim), self.shape, strict=True)
        key = tuple(slice(*part.indices(side)[:2]) for part, side in whole)
        in_file = self._in_file(key)
        shape = [part.stop - part.start for part in key]
        self._array[in_file] = block.reshape(shape).transpose(self._order)
        self._place.flush(self._files(in_file))

    def _in_file(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(key[axis] for axis in self._order)

    def _files(self, key: tuple[slice, ...]) -> Iterator[str]:
        """Yield the names of the files that hold a region, in the order of the file."""
        sides = self._array.shards or self._array.chunks
        prefix = "c/" if self._array.metadata.zarr_format == 3 else ""
        spans = (
            range(part.start // side, -(-part.stop // side))
            for part, side in zip(key, sides, strict=True)
        )
        for numbers in product(*spans):
            yield prefix + "/".join(map(str, numbers))
