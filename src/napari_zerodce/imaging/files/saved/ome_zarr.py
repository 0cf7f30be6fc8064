"""Saved images as OME-Zarr 0.5: each level in blocks, axes in the order that NGFF demands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
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

    names = _names(image.axes, image.channels)
    _check_axes(path, names, image.name)
    if path.exists() and not (path.is_dir() and is_one(path)):
        raise ImageError(f"{path} exists and is not a Zarr folder; choose another name.")
    with whole_folder(path) as part:
        attributes = {"ome": _ome(image, names), KEY: image.mark()}
        group = zarr.create_group(part, zarr_format=3, attributes=attributes)
        places = [list(_places(level.shape, len(image.leading))) for level in image.levels]
        step, done = 1 / sum(map(len, places)), 0.0
        for number, level in enumerate(image.levels):
            array = _create(group, str(number), level, names)
            for place in places[number]:
                _write_block(array, level, place, names)
                done += step
                follow(min(1.0, done))


def _check_axes(path: Path, names: str, title: str) -> None:
    if "Q" in names or len(set(names)) < len(names):
        raise ImageError(
            f"{path.name} cannot hold the {len(names)} axes of '{title}': OME-Zarr has room for "
            "one axis each of time, channel and z beside y and x; name them t, c and z, or save a "
            ".zerodce.tif file."
        )


def _names(axes: str, channels: Channels) -> str:
    """Return the axes of the array in memory: colour is the last one, and a channel in the file."""
    return axes if channels == "mono" else axes + "C"


def _order(names: str) -> list[int]:
    """Return which axis in memory each axis of the file is."""
    return sorted(range(len(names)), key=lambda axis: _ORDER.index(names[axis]))


def _in_order(items: Sequence[Any], names: str) -> list[Any]:
    """Return items for the axes in memory, and perhaps one more, in the order of the file."""
    return [items[axis] for axis in _order(names)]


def _create(group: Any, name: str, level: Any, names: str) -> Any:
    from zarr.codecs import BloscCodec

    axes, shape = _in_order(names, names), _in_order(level.shape, names)
    # One file per block, with separate chunks, so that viewers read only what they show.
    sides = [_sides(axis, length) for axis, length in zip(axes, shape, strict=True)]
    dtype = np.dtype(level.dtype)
    codec = BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=dtype.itemsize)
    return group.create_array(
        name,
        shape=tuple(shape),
        dtype=dtype,
        chunks=tuple(chunk for chunk, _ in sides),
        shards=tuple(file for _, file in sides),
        compressors=codec,
        dimension_names=[axis.lower() for axis in axes],
    )


def _sides(axis: str, length: int) -> tuple[int, int]:
    """Return the sides of a chunk and of a file, which holds a whole number of chunks."""
    if axis not in "YX":
        return 1, 1
    chunk = min(_CHUNK, length)
    return chunk, -(-min(_BLOCK, length) // chunk) * chunk


def _places(shape: Sequence[int], leading: int) -> Iterator[tuple[slice, ...]]:
    """Yield the part of each file: its plane, rows and columns."""
    rows, columns = (
        [slice(start, min(start + _BLOCK, side)) for start in range(0, side, _BLOCK)]
        for side in shape[leading : leading + 2]
    )
    for index in np.ndindex(tuple(shape[:leading])):
        # A slice in place of each index, so that the block keeps its axes.
        plane = [slice(i, i + 1) for i in index]
        for block in product(rows, columns):
            yield (*plane, *block)


def _write_block(array: Any, level: Any, place: tuple[slice, ...], names: str) -> None:
    key = tuple(_in_order((*place, slice(None)), names))
    array[key] = np.asarray(level[place]).transpose(_order(names))


# ---- metadata


def _ome(image: SavedImage, names: str) -> dict[str, Any]:
    datasets = [
        {"path": str(number), "coordinateTransformations": _transformations(image, level, names)}
        for number, level in enumerate(image.levels)
    ]
    described = {
        "name": image.name,
        "axes": [_axis(axis, image) for axis in _in_order(names, names)],
        "datasets": datasets,
    }
    return {"version": NGFF_VERSION, "multiscales": [described], **_display(image)}


def _axis(axis: str, image: SavedImage) -> dict[str, str]:
    known = {"name": axis.lower(), "type": _KINDS[axis]}
    unit = image.units[image.axes.index(axis)] if axis in image.axes else "pixel"
    return known if unit == "pixel" or axis == "C" else known | {"unit": unit}


def _transformations(image: SavedImage, level: Any, names: str) -> list[dict[str, Any]]:
    factors = [a / b for a, b in zip(image.shape, level.shape, strict=True)]
    scale = [a * b for a, b in zip(image.scale, factors, strict=False)]
    return [
        {"type": "scale", "scale": list(_in_order((*scale, 1.0), names))},
        {
            "type": "translation",
            "translation": list(_in_order((*image.translate, 0.0), names)),
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
    names = _names(mark[SAVED]["axes"], mark[SAVED]["channels"])
    order = [int(axis) for axis in np.argsort(_order(names))]
    levels = sorted(group.array_keys(), key=int)
    return marked_image(mark, tuple(_level(group[level], order) for level in levels))


def _level(array: Any, order: list[int]) -> Any:
    import dask.array as da

    if array.nbytes < MAPPED_FROM:
        return array[...].transpose(order)
    return da.from_zarr(array).transpose(order)  # type: ignore[no-untyped-call]
