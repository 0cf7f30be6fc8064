"""A Zarr of any program, in a folder or behind a URL: read lazily, an OME-Zarr with its levels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.failures import reading_told
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.ngff_reading import NgffImage, described
from napari_zerodce.imaging.files.plain_zarr import plain_array, read_plain
from napari_zerodce.imaging.files.saved.blocks import Level
from napari_zerodce.imaging.files.saved.image import KEY, SAVED, SavedImage, is_mark
from napari_zerodce.imaging.files.saved.ngff import names_of, order_of
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.urls import Named
from napari_zerodce.imaging.planes import Channels

SUFFIX: Final = ".zarr"
KINDS: Final = (FileKind("OME-Zarr, Zarr", (SUFFIX,)),)

_COLOURS: Final[Mapping[Channels, int]] = {"rgb": 3, "rgba": 4}


def is_ome_zarr(path: Named) -> bool:
    """Return whether a name is that of an OME-Zarr: it ends with .zarr, or is a Zarr folder.

    Parameters
    ----------
    path : Path or Url
    """
    if path.name.lower().endswith(SUFFIX):
        return True
    return isinstance(path, Path) and _metadata_of(path) is not None


def ome_zarr_above(path: Path) -> Path | None:
    """Return the OME-Zarr that a file or a folder is a part of, None if it is none.

    Parameters
    ----------
    path : Path
    """
    above = path.absolute().parents
    return next((each for each in above if each.suffix.lower() == SUFFIX and each.is_dir()), None)


def read_ome_zarr(path: Named) -> SavedImage:
    """Read an image; its pixels stay where they are until a level is sliced.

    Parameters
    ----------
    path : Path or Url
        The folder of an image of version 0.4 or 0.5, or a plain array, or a group of one.

    Returns
    -------
    SavedImage
        The axes of a file of another program are in its order, and each of its channels is a mono
        image. Colours that this program wrote are colours again.

    Raises
    ------
    ImageError
        If it is missing, damaged, of another version, or a plate, a well, labels or a level.
    """
    with reading_told(path):
        metadata = json.loads(metadata_text(path))
        attributes = metadata.get("attributes", metadata)
        if plain := plain_array(path, attributes):
            return read_plain(plain)
        image = described(attributes, str(path))
        return _image(path, image, attributes.get(KEY))


def metadata_text(path: Named) -> bytes:
    """Return the metadata of the group at a path, as they are stored.

    Parameters
    ----------
    path : Path or Url

    Raises
    ------
    ImageError
        If there are none.
    """
    with reading_told(path):
        content = _metadata_of(path)
    if content is None and isinstance(path, Path) and path.is_file():
        raise ImageError(
            f"{path} is a file, but an OME-Zarr is a folder; if it is a zip file, extract it."
        )
    if content is None:
        raise ImageError(f"There is no OME-Zarr at {path}; check the path.")
    return content


def _metadata_of(path: Named) -> bytes | None:
    place = Place(path)
    names = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
    return next((content for name in names if (content := place.read(name))), None)


def _image(path: Named, image: NgffImage, own: Any) -> SavedImage:
    channels: Channels = own[SAVED]["channels"] if is_mark(own) else "mono"
    order = list(range(len(image.axes)))
    axes = image.axes
    if channels != "mono":
        axes = image.axes.replace("C", "")
        order = order_of(names_of(axes, channels))
    levels = tuple(_level(path, name, order) for name in image.paths)
    _check_levels(path, levels, image)
    if channels != "mono" and levels[0].shape[-1] != _COLOURS[channels]:
        raise ValueError("another program has changed its colours")
    kept = [place for place, axis in enumerate(image.axes) if axis in axes]
    return SavedImage(
        levels=levels,
        channels=channels,
        axes=axes,
        scale=tuple(image.scale[place] for place in kept),
        translate=tuple(image.translate[place] for place in kept),
        units=tuple(image.units[place] for place in kept),
        name=image.name or path.name.partition(".")[0],
        limits=image.display[0].limits if image.display else None,
        display=image.display,
    )


def _level(path: Named, name: str, order: list[int]) -> Level:
    try:
        return Level(Place(path) / name, order)
    except FileNotFoundError as err:
        raise ImageError(
            f"{path} has no level {name!r}, which its metadata name; copy the image again."
        ) from err


def _check_levels(path: Named, levels: tuple[Level, ...], image: NgffImage) -> None:
    finest = levels[0]
    for name, level in zip(image.paths, levels, strict=True):
        fits = level.ndim == len(image.axes) and level.dtype == finest.dtype
        if not fits or any(a > b for a, b in zip(level.shape, finest.shape, strict=True)):
            raise ImageError(
                f"Level {name!r} of {path} has the shape {level.shape} of {level.dtype}, which "
                f"does not fit {finest.shape} of {finest.dtype} with the axes {image.axes}; write "
                "the image again with the program that made it."
            )
