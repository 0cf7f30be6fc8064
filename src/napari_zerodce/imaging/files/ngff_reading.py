"""What the metadata of an OME-Zarr say: axes, sizes, channels and levels; versions 0.4 and 0.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.axes import UNKNOWN
from napari_zerodce.imaging.files.saved.image import ChannelDisplay

_VERSIONS: Final = ("0.4", "0.5")
_KINDS: Final = {"time": "T", "channel": "C"}
_OF_ZARR: Final = {"zarr_format", "node_type"}
"""What the metadata of a group without attributes have."""

_SPACE: Final = ("Z", "Y", "X")


@dataclass(frozen=True)
class NgffImage:
    """The first image that the metadata describe, with its axes in the order of the file.

    Parameters
    ----------
    paths : tuple of str
        Of the arrays of all levels, the finest first.
    axes : str
        A letter for each: T, C, Z, Y, X, or Q for one of another kind.
    scale, translate : tuple of float
        Of the finest level.
    units : tuple of str
    name : str
    display : tuple of ChannelDisplay
        One for each channel, if the file says it for all.
    """

    paths: tuple[str, ...]
    axes: str
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    units: tuple[str, ...]
    name: str
    display: tuple[ChannelDisplay, ...]


def described(attributes: Mapping[str, Any], place: str) -> NgffImage:
    """Return what the attributes of a group say.

    Parameters
    ----------
    attributes : mapping
    place : str
        The folder or URL, for messages.

    Raises
    ------
    ImageError
        If the group is a plate, a well, labels or no image, or has another version of OME-Zarr.
    Exception
        Any other, if the metadata are damaged.
    """
    metadata = attributes.get("ome", attributes)
    _refuse_other_groups(metadata, place)
    image = metadata["multiscales"][0]
    _check_version(metadata.get("version", image.get("version", "0.4")), place)
    axes = image["axes"]
    letters = _letters(axes, place)
    finest = image["datasets"][0]
    steps = [*finest["coordinateTransformations"], *image.get("coordinateTransformations", ())]
    scale, translate = _placed(steps, len(axes))
    return NgffImage(
        paths=tuple(each["path"] for each in image["datasets"]),
        axes=letters,
        scale=scale,
        translate=translate,
        units=tuple(axis.get("unit") or "pixel" for axis in axes),
        name=str(image.get("name") or ""),
        display=_display(metadata.get("omero") or {}),
    )


def _refuse_other_groups(metadata: Mapping[str, Any], place: str) -> None:
    if plate := metadata.get("plate"):
        well = next((each["path"] for each in plate.get("wells", ())), "A/1")
        found, instead = "a plate of wells", f"one of its images, such as {place}/{well}/0"
    elif well := metadata.get("well"):
        field = next((each["path"] for each in well.get("images", ())), "0")
        found, instead = "a well of a plate", f"one of its images, such as {place}/{field}"
    elif "image-label" in metadata or "labels" in metadata:
        found = "a folder of labels, which have no brightness"
        instead = f"the image that they belong to, {place.partition('/labels')[0]}"
    elif "bioformats2raw.layout" in metadata:
        found, instead = "a folder of images", f"one of them, such as {place}/0"
    elif set(metadata) <= _OF_ZARR:
        found, instead = "no OME-Zarr image", "the folder of one, or the plate if it is its row"
    elif not metadata.get("multiscales"):
        found, instead = (
            "no OME-Zarr image",
            "the folder of one, with 'multiscales' in its metadata",
        )
    else:
        return
    raise ImageError(f"{place} is {found}; give {instead}.")


def _check_version(version: object, place: str) -> None:
    if version not in _VERSIONS:
        raise ImageError(
            f"{place} has version {version} of OME-Zarr; convert it to {' or '.join(_VERSIONS)}."
        )


def _letters(axes: Sequence[Mapping[str, Any]], place: str) -> str:
    letters = "".join(_letter(axis) for axis in axes)
    if not letters.endswith("YX"):
        names = ", ".join(str(axis["name"]) for axis in axes)
        raise ImageError(f"{place} has the axes {names}; give an image whose last two are y and x.")
    repeated = any(letters.count(letter) > 1 for letter in letters)
    return UNKNOWN * (len(letters) - 2) + "YX" if repeated else letters


def _letter(axis: Mapping[str, Any]) -> str:
    kind, name = axis.get("type", ""), str(axis["name"]).upper()
    known = name if kind == "space" and name in _SPACE else UNKNOWN
    return _KINDS.get(kind, known)


def _placed(
    steps: Sequence[Mapping[str, Any]], count: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the size of a pixel and the position of the first one after all transformations."""
    scale, first = (1.0,) * count, (0.0,) * count
    for step in steps:
        if step["type"] == "scale":
            factors = [float(factor) for factor in step["scale"]]
            scale = tuple(a * b for a, b in zip(scale, factors, strict=True))
            first = tuple(a * b for a, b in zip(first, factors, strict=True))
        elif step["type"] == "translation":
            shifts = [float(shift) for shift in step["translation"]]
            first = tuple(a + b for a, b in zip(first, shifts, strict=True))
    return scale, first


def _display(omero: Mapping[str, Any]) -> tuple[ChannelDisplay, ...]:
    channels = omero.get("channels", ())
    if not all({"start", "end"} <= (each.get("window") or {}).keys() for each in channels):
        return ()
    return tuple(_shown(each, each["window"]) for each in channels)


def _shown(channel: Mapping[str, Any], window: Mapping[str, Any]) -> ChannelDisplay:
    ends = window.get("min", window["start"]), window.get("max", window["end"])
    return ChannelDisplay(
        colour=str(channel.get("color") or "FFFFFF"),
        limits=(float(window["start"]), float(window["end"])),
        name=str(channel.get("label") or ""),
        bounds=(float(ends[0]), float(ends[1])),
        active=bool(channel.get("active", True)),
    )
