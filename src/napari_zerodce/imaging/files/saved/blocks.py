"""The array of one level on disk: how it is created, how a region is written and read again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from napari_zerodce.imaging.files.saved.image import SavedImage
from napari_zerodce.imaging.files.saved.ngff import (
    ZARR_FORMATS,
    NgffVersion,
    in_order,
    names_of,
    order_of,
)
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.saved.regions import BLOCK, CHUNK, Region
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
    """The array of a level with the axes in memory.

    Parameters
    ----------
    place : Place
        Of the array.
    names : str
        Its axes in memory.
    """

    def __init__(self, place: Place, names: str) -> None:
        import zarr

        self._array: Any = zarr.open_array(place.store(), mode="r+")
        self._place, self._names = place, names
        self._back = np.argsort(order_of(names))
        self.shape = tuple(int(self._array.shape[axis]) for axis in self._back)
        self.dtype = self._array.dtype

    def __getitem__(self, key: tuple[slice, ...]) -> Array:
        """Return a region, given by a slice for each of the first axes."""
        block: Array = np.asarray(self._array[self._key(key)])
        return block.transpose(self._back)

    def write(self, region: Region, block: Array) -> None:
        """Write a region, and return when it is on disk.

        Parameters
        ----------
        region : Region
        block : ndarray
            As in the image in memory; axes of one plane may be missing.
        """
        key = self._key(region.key)
        shape = [
            len(range(*part.indices(side)))
            for part, side in zip((*region.key, slice(None)), self.shape, strict=False)
        ]
        self._array[key] = block.reshape(shape).transpose(order_of(self._names))
        self._place.flush(self._files(key))

    def _key(self, key: tuple[slice, ...]) -> tuple[slice, ...]:
        whole = (*key, *(slice(None),) * (len(self.shape) - len(key)))
        return tuple(in_order(whole, self._names))

    def _files(self, key: tuple[slice, ...]) -> Iterator[str]:
        """Yield the names of the files that hold a region, in the order of the file."""
        sides = self._array.shards or self._array.chunks
        prefix = "c/" if self._array.metadata.zarr_format == 3 else ""
        spans = [
            range(part.start // side, -(-part.stop // side))
            for part, side in zip(
                (
                    slice(*part.indices(length))
                    for part, length in zip(key, self._array.shape, strict=True)
                ),
                sides,
                strict=True,
            )
        ]
        for numbers in product(*spans):
            yield prefix + "/".join(map(str, numbers))
