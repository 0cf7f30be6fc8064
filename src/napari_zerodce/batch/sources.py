"""How a worker opens the source of an image, and how it sees that the source has changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.ome_zarr import read_ome_zarr
from napari_zerodce.imaging.files.one_of_several import read_one
from napari_zerodce.imaging.files.quality import with_quality
from napari_zerodce.imaging.files.saved import SavedImage
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.urls import named
from napari_zerodce.imaging.unreadable import reason_of

_METADATA = ("zarr.json", ".zattrs", "0/zarr.json", "0/.zarray")


@dataclass(frozen=True)
class Source:
    """The source of an image as a worker opened it.

    Parameters
    ----------
    content : ImageFile
        The pixels, their channels and their axes; lazy if they are an OME-Zarr.
    saved : SavedImage, optional
        All that an OME-Zarr says about itself; None for an image file.
    """

    content: ImageFile
    saved: SavedImage | None = None


def open_source(
    image: BatchImage, *, quality: int | None = None, series: int | None = None
) -> Source:
    """Return an image; large ones stay on disk, and regions are read when they are needed.

    Parameters
    ----------
    image : BatchImage
    quality : int, optional
        Of the output, if that is a lossy image file.
    series : int, optional
        Which image of a file of several, from 0 on; by default the only one.

    Raises
    ------
    ImageError
        If it cannot be read.
    RequestError
        If the file has no image of this number.
    """
    if image.kind == "file":
        return Source(with_quality(read_one(Path(image.source), series), quality))
    saved = read_ome_zarr(named(image.source))
    pixels: Any = saved.levels[0]
    content = ImageFile(pixels, saved.channels, {"axes": saved.axes}, saved.levels[1:])
    return Source(content, saved)


def identity_of(image: BatchImage) -> str:
    """Return a text that changes when a source is written again.

    Parameters
    ----------
    image : BatchImage

    Raises
    ------
    ImageError
        If there is no such source on this worker.
    """
    return _identity_of_file(image) if image.kind == "file" else _identity_of_zarr(image)


def _identity_of_file(image: BatchImage) -> str:
    path = Path(image.source)
    try:
        status = path.stat()
    except OSError as err:
        raise ImageError(
            f"{path} cannot be read: {reason_of(err)}; check the path, which must be the same on "
            "all workers."
        ) from err
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"


def _identity_of_zarr(image: BatchImage) -> str:
    """Return what the metadata say: a change of pixels alone is not seen, as there are too many."""
    place = Place(named(image.source))
    contents = [place.read(name) or b"" for name in _METADATA]
    return f"{image.source} {hashlib.sha256(b' '.join(contents)).hexdigest()}"
