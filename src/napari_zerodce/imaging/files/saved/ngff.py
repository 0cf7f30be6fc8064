"""The metadata of OME-Zarr 0.4 and 0.5: axes in the order of NGFF, levels, and how to show them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.saved.image import KEY, ChannelDisplay, SavedImage
from napari_zerodce.imaging.planes import Channels

NgffVersion = Literal["0.4", "0.5"]

ZARR_FORMATS: Final[Mapping[str, Literal[2, 3]]] = {"0.4": 2, "0.5": 3}

_ORDER = "TCZYX"
_KINDS = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
_COLOURS = {"red": "FF0000", "green": "00FF00", "blue": "0000FF", "alpha": "FFFFFF"}
_UNITS = {"micron": "micrometer"}  # NGFF has one name for each unit


def check_axes(name: str, image: SavedImage) -> None:
    """Raise an `ImageError` if NGFF has no place for an axis of an image.

    Parameters
    ----------
    name : str
        Of the folder.
    image : SavedImage
    """
    names = names_of(image.axes, image.channels)
    if "Q" in names or len(set(names)) < len(names):
        raise ImageError(
            f"{name} cannot hold the {len(names)} axes of '{image.name}': OME-Zarr has room for "
            "one axis each of time, channel and z beside y and x; name them t, c and z, or save a "
            ".zerodce.tif file."
        )


def names_of(axes: str, channels: Channels) -> str:
    """Return the axes of the array in memory: colour is the last one, and a channel in the file."""
    return axes if channels == "mono" else axes + "C"


def order_of(names: str) -> list[int]:
    """Return which axis in memory each axis of the file is."""
    return sorted(range(len(names)), key=lambda axis: _ORDER.index(names[axis]))


def in_order(items: Sequence[Any], names: str) -> list[Any]:
    """Return items for the axes in memory, and perhaps one more, in the order of the file."""
    return [items[axis] for axis in order_of(names)]


def root_files(
    image: SavedImage, shapes: Sequence[tuple[int, ...]], *, version: NgffVersion, own: Any
) -> dict[str, bytes]:
    """Return the files that make a folder of arrays an OME-Zarr; the last one is to come last.

    Parameters
    ----------
    image : SavedImage
    shapes : sequence of tuple of int
        Of all levels, the finest first, with the axes in memory.
    version : {"0.4", "0.5"}
    own : mapping
        What this program stores for itself.
    """
    described = _multiscale(image, shapes) | ({"version": "0.4"} if version == "0.4" else {})
    metadata = {"multiscales": [described], **_display(image)}
    if version == "0.4":
        contents = {".zgroup": {"zarr_format": 2}, ".zattrs": {**metadata, KEY: own}}
    else:
        attributes = {"ome": {"version": version, **metadata}, KEY: own}
        group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        contents = {"zarr.json": group}
    return {name: json.dumps(content, indent=1).encode() for name, content in contents.items()}


def _multiscale(image: SavedImage, shapes: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    names = names_of(image.axes, image.channels)
    return {
        "name": image.name,
        "axes": [_axis(axis, image) for axis in in_order(names, names)],
        "datasets": [
            {"path": str(number), "coordinateTransformations": _transformations(image, shape)}
            for number, shape in enumerate(shapes)
        ],
    }


def _axis(axis: str, image: SavedImage) -> dict[str, str]:
    known = {"name": axis.lower(), "type": _KINDS[axis]}
    unit = image.units[image.axes.index(axis)] if axis in image.axes else "pixel"
    return known if unit == "pixel" or axis == "C" else known | {"unit": _UNITS.get(unit, unit)}


def _transformations(image: SavedImage, shape: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return the size of a level's pixels, and the centre of its first one."""
    names = names_of(image.axes, image.channels)
    factors = [a / b for a, b in zip(image.shape, shape, strict=True)]
    scale = [a * b for a, b in zip(image.scale, factors, strict=False)]
    first = [
        start + (factor - 1) / 2 * step
        for start, step, factor in zip(image.translate, image.scale, factors, strict=False)
    ]
    return [
        {"type": "scale", "scale": in_order((*scale, 1.0), names)},
        {"type": "translation", "translation": in_order((*first, 0.0), names)},
    ]


def _display(image: SavedImage) -> dict[str, Any]:
    """Return how other programs show the image: with the limits that it has in napari."""
    shown = image.display or _plain_display(image)
    return {"omero": {"channels": [_channel(each) for each in shown]}} if shown else {}


def _plain_display(image: SavedImage) -> tuple[ChannelDisplay, ...]:
    if image.limits is None or image.dtype.kind == "c":
        return ()
    if image.channels != "mono":
        colours = list(_COLOURS.items())[: image.shape[-1]]
        return tuple(ChannelDisplay(colour, image.limits, name) for name, colour in colours)
    count = image.shape[image.axes.index("C")] if "C" in image.axes else 1
    return (ChannelDisplay("FFFFFF", image.limits),) * count


def _channel(shown: ChannelDisplay) -> dict[str, Any]:
    (low, high), (lowest, highest) = shown.limits, shown.bounds or shown.limits
    window = {"min": lowest, "max": highest, "start": low, "end": high}
    label = {"label": shown.name} if shown.name else {}
    return {**label, "active": shown.active, "color": shown.colour, "window": window}
