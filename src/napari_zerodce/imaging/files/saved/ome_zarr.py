"""Saved images as OME-Zarr 0.5: each level in blocks, axes in the order that NGFF demands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import MAPPED_FROM
from napari_zerodce.imaging.files.maps_ome_zarr import NGFF_VERSION, is_one
from napari_zerodce.imaging.files.saved.image import (
    KEY,
    SAVED,
    Follow,
    SavedImage,
    is_mark,
    marked_image,
)
from napari_zerodce.imaging.planes import Channels
from napari_zerodce.whole_file import whole_folder

SUFFIXES: Final = (".ome.zarr", ".zarr")

_ORDER = "TCZYX"
_KINDS = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
_CHUNK = 512
_BLOCK = 2048  # side of a file: a whole plane in most cases
_COLOURS = ("FF0000", "00FF00", "0000FF", "FFFFFF")


def write(path: Path, image: SavedImage, follow: Follow) -> None:
    """Write all levels of an image, block by block.

    Parameters
    ----------
    path : Path
        A folder, which may be replaced if it is a Zarr.
    image : SavedImage
    follow : callable

    Raises
    ------
    ImageError
        If NGFF has no place for an axis of the image, or the path is a file or another folder.
    """
    import zarr

    axes = _axes(path, image)
    if path.exists() and not (path.is_dir() and is_one(path)):
        raise ImageError(f"{path} exists and is not a Zarr folder; choose another name.")
    with whole_folder(path) as part:
        attributes = {"ome": _ome(image, axes), KEY: image.mark()}
        group = zarr.create_group(part, zarr_format=3, attributes=attributes)
        blocks = sum(prod(_counts(level.shape, image)) for level in image.levels)
        done = 0
        for number, level in enumerate(image.levels):
            array = _create(group, str(number), level, axes, image)
            for place in _places(level.shape, image):
                array[_in_order((*place, slice(None)), axes, image)] = _block(
                    level, place, axes, image
                )
                done += 1
                follow(done / blocks)


def _axes(path: Path, image: SavedImage) -> str:
    """Return the axes in the order of the file; colour is the axis of channels."""
    axes = _names(image.axes, image.channels)
    if "Q" in axes or len(set(axes)) < len(axes):
        raise ImageError(
            f"{path.name} cannot hold the {len(axes)} axes of '{image.name}': OME-Zarr has room "
            "for one axis each of time, channel and z beside y and x; name them t, c and z, or "
            "save a .zerodce.tif file."
        )
    return _sorted(axes)


def _names(axes: str, channels: Channels) -> str:
    """Return the axes of the array in memory: colour is the last one, and a channel in the file."""
    return axes if channels == "mono" else axes + "C"


def _sorted(axes: str) -> str:
    return "".join(sorted(axes, key=_ORDER.index))


def _create(group: Any, name: str, level: Any, axes: str, image: SavedImage) -> Any:
    from zarr.codecs import BloscCodec

    shape = _in_order(level.shape, axes, image)
    # One file per block, with separate chunks, so that viewers read only what they show.
    chunks = tuple(_chunk(axis, side) for axis, side in zip(axes, shape, strict=True))
    files = tuple(
        -(-min(_BLOCK, side) // chunk) * chunk if axis in "YX" else 1
        for axis, side, chunk in zip(axes, shape, chunks, strict=True)
    )
    return group.create_array(
        name,
        shape=shape,
        dtype=image.dtype,
        chunks=chunks,
        shards=files,
        compressors=BloscCodec(
            cname="zstd", clevel=1, shuffle="shuffle", typesize=image.dtype.itemsize
        ),
        dimension_names=[axis.lower() for axis in axes],
    )


def _chunk(axis: str, side: int) -> int:
    return min(_CHUNK, side) if axis in "YX" else 1


def _in_order(of_layer: Sequence[Any], axes: str, image: SavedImage) -> tuple[Any, ...]:
    """Return items for the axes of the image in the order of the file."""
    names = _names(image.axes, image.channels)
    return tuple(of_layer[names.index(axis)] for axis in axes)


def _counts(shape: Sequence[int], image: SavedImage) -> tuple[int, ...]:
    leading = len(image.leading)
    return (*shape[:leading], *(-(-side // _BLOCK) for side in shape[leading : leading + 2]))


def _places(shape: Sequence[int], image: SavedImage) -> Iterator[tuple[slice, ...]]:
    """Yield the part of each file: its plane, rows and columns."""
    leading = len(image.leading)
    height, width = shape[leading : leading + 2]
    sides = product(range(0, height, _BLOCK), range(0, width, _BLOCK))
    for index, (top, left) in product(np.ndindex(tuple(shape[:leading])), list(sides)):
        rows = slice(top, min(top + _BLOCK, height))
        columns = slice(left, min(left + _BLOCK, width))
        # A slice in place of each index, so that the block keeps its axes.
        yield (*(slice(i, i + 1) for i in index), rows, columns)


def _block(level: Any, place: tuple[slice, ...], axes: str, image: SavedImage) -> Any:
    names = _names(image.axes, image.channels)
    return np.asarray(level[place]).transpose([names.index(axis) for axis in axes])


# ---- metadata


def _ome(image: SavedImage, axes: str) -> dict[str, Any]:
    datasets = [
        {"path": str(number), "coordinateTransformations": _transformations(image, level, axes)}
        for number, level in enumerate(image.levels)
    ]
    described = {
        "name": image.name,
        "axes": [_axis(axis, image) for axis in axes],
        "datasets": datasets,
    }
    return {"version": NGFF_VERSION, "multiscales": [described], **_display(image)}


def _axis(axis: str, image: SavedImage) -> dict[str, str]:
    known = {"name": axis.lower(), "type": _KINDS[axis]}
    unit = image.units[image.axes.index(axis)] if axis in image.axes else "pixel"
    return known if unit == "pixel" or axis == "C" else known | {"unit": unit}


def _transformations(image: SavedImage, level: Any, axes: str) -> list[dict[str, Any]]:
    factors = [a / b for a, b in zip(image.shape, level.shape, strict=True)]
    scale = [a * b for a, b in zip(image.scale, factors, strict=False)]
    return [
        {"type": "scale", "scale": list(_in_order((*scale, 1.0), axes, image))},
        {
            "type": "translation",
            "translation": list(_in_order((*image.translate, 0.0), axes, image)),
        },
    ]


def _display(image: SavedImage) -> dict[str, Any]:
    """Return how other programs show the image: with the limits that it has in napari."""
    if image.limits is None or image.dtype.kind == "c":
        return {}
    count = image.shape[image.axes.index("C")] if "C" in image.axes else 1
    colour = image.channels != "mono"
    low, high = image.limits
    window = {"min": low, "max": high, "start": low, "end": high}
    colours = _COLOURS[: image.shape[-1]] if colour else ("FFFFFF",) * count
    channels = [{"active": True, "color": each, "window": window} for each in colours]
    return {"omero": {"channels": channels}}


# ---- reading


def mark_of(path: Path) -> Mapping[str, Any] | None:
    """Return the mark in a folder; only its metadata are read.

    Parameters
    ----------
    path : Path
    """
    # Without zarr, whose import takes long: napari asks for every file of this name.
    known = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
    attributes = known.get("attributes") if isinstance(known, dict) else None
    entry = attributes.get(KEY) if isinstance(attributes, dict) else None
    return entry if is_mark(entry) else None


def read(path: Path) -> SavedImage:
    """Read an image; the blocks of a large one are read when they are needed.

    Raises
    ------
    ValueError
        If this program did not save the folder, or another one has changed it.
    """
    import zarr

    mark = mark_of(path)
    if mark is None:
        raise ValueError("it does not say how it was saved")
    group = zarr.open_group(path, mode="r")
    names = sorted(group.array_keys(), key=int)
    axes = _names(mark[SAVED]["axes"], mark[SAVED]["channels"])
    order = [_sorted(axes).index(axis) for axis in axes]
    return marked_image(mark, tuple(_level(group[name], order) for name in names))


def _level(array: Any, order: list[int]) -> Any:
    import dask.array as da

    if array.nbytes < MAPPED_FROM:
        return array[...].transpose(order)
    return da.from_zarr(array).transpose(order)  # type: ignore[no-untyped-call]
