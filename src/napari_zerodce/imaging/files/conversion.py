"""An image file as an image with axes and pixel sizes, and back: between TIFF and OME-Zarr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.axes import UNKNOWN, Axes, letters_of
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.saved.image import Blank, SavedImage
from napari_zerodce.imaging.files.saved.tiff import OME_UNITS
from napari_zerodce.imaging.planes import layout_of

_NAMES: Final = {short: name for name, short in OME_UNITS.items() if name != "micron"} | {
    "micron": "micrometer",
    "um": "micrometer",
    "\\u00B5m": "micrometer",
    "sec": "second",
    "cm": "centimeter",
    "inch": "inch",
}
_OME_KEYS: Final = {"T": "TimeIncrement", "Z": "PhysicalSizeZ", "Y": "PhysicalSizeY"} | {
    "X": "PhysicalSizeX"
}
_Step = tuple[float, str]


def with_axes(image: ImageFile, name: str) -> SavedImage:
    """Return an image file as an image to save, with the axes and sizes that its file says.

    Parameters
    ----------
    image : ImageFile
    name : str
    """
    axes = _axes(image)
    metadata = image.details.get("metadata") or {}
    known = _imagej_steps(image, metadata) if "imagej" in _dialect(image) else _ome_steps(metadata)
    steps = [known.get(axis, (1.0, "pixel")) for axis in axes]
    return SavedImage(
        levels=(image.array,),
        channels=image.channels,
        axes=axes,
        scale=tuple(size for size, _ in steps),
        translate=(0.0,) * len(axes),
        units=tuple(unit for _, unit in steps),
        name=name,
        bits=image.bits,
    )


def with_letters(image: SavedImage, text: str) -> SavedImage:
    """Return an image without pixels, with the axes that a user has written, planes last.

    An axis of another kind, such as time that was depth, loses the size that it had.

    Parameters
    ----------
    image : SavedImage
    text : str
        A letter for each axis of the levels.

    Raises
    ------
    RequestError
        If the letters do not describe the image.
    """
    axes = Axes.parse(text, len(image.axes))
    given = zip(image.axes, image.scale, image.translate, image.units, strict=True)
    steps = [
        (scale, first, unit) if _is_same_kind(old, new) else (1.0, 0.0, "pixel")
        for new, (old, scale, first, unit) in zip(axes.letters, given, strict=True)
    ]
    scale, translate, units = zip(*axes.planes_last(steps), strict=True)
    return replace(
        image,
        levels=tuple(Blank(axes.planes_last(level.shape), image.dtype) for level in image.levels),
        axes="".join(axes.planes_last(axes.letters)),
        scale=scale,
        translate=translate,
        units=units,
    )


def _is_same_kind(old: str, new: str) -> bool:
    return old == new or {old, new} <= set("ZYX")


def _dialect(image: ImageFile) -> str:
    return str(image.details.get("dialect") or "")


def _axes(image: ImageFile) -> str:
    leading = len(layout_of(image.array, channels=image.channels).leading)
    told = str(image.details.get("axes", ""))[:leading].ljust(leading, UNKNOWN)
    labels = [letter if letter in "TCZ" else "" for letter in told]
    return f"{letters_of(labels, [''] * leading)}YX"


def _ome_steps(metadata: Mapping[str, Any]) -> dict[str, _Step]:
    return {
        axis: (float(metadata[key]), _NAMES.get(metadata.get(f"{key}Unit", "µm"), "pixel"))
        for axis, key in _OME_KEYS.items()
        if key in metadata
    }


def _imagej_steps(image: ImageFile, metadata: Mapping[str, Any]) -> dict[str, _Step]:
    steps: dict[str, _Step] = {}
    unit = _NAMES.get(str(metadata.get("unit", "")))
    if unit and "resolution" in image.details:
        (across, each), (down, each_down) = image.details["resolution"]
        steps |= {"X": (each / across, unit), "Y": (each_down / down, unit)}
    if unit and "spacing" in metadata:
        steps["Z"] = float(metadata["spacing"]), unit
    if float(metadata.get("finterval") or 0) > 0:
        steps["T"] = float(metadata["finterval"]), "second"
    return steps


def without_axes(image: SavedImage) -> ImageFile:
    """Return an image as the content of a file, with its pixels in memory.

    Parameters
    ----------
    image : SavedImage
        Small enough for the memory; only the finest level is read.
    """
    sizes = {
        entry: value
        for axis, size, unit in zip(image.axes, image.scale, image.units, strict=True)
        if axis in _OME_KEYS and unit in OME_UNITS and size > 0
        for entry, value in (
            (_OME_KEYS[axis], size),
            (f"{_OME_KEYS[axis]}Unit", OME_UNITS[unit]),
        )
    }
    names = [each.name for each in image.display]
    labels = {"Channel": {"Name": names}} if names and all(names) and "C" in image.axes else {}
    axes = image.axes + ("S" if image.channels != "mono" else "")
    details = {"axes": axes, "dialect": "ome", "metadata": sizes | labels}
    array = np.asarray(image.levels[0][(slice(None),) * len(axes)])
    return ImageFile(array, image.channels, details)
