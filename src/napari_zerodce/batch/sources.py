"""How a worker opens the source of an image, and how it sees that the source has changed."""

from __future__ import annotations

from pathlib import Path

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import read_image
from napari_zerodce.imaging.unreadable import reason_of


def open_source(image: BatchImage) -> ImageFile:
    """Return an image; large ones stay on disk, and regions are read when they are needed.

    Raises
    ------
    ImageError
        If it cannot be read.
    """
    return read_image(image.source)


def identity_of_source(image: BatchImage) -> str:
    """Return a text that changes when the pixels of a source do.

    Raises
    ------
    ImageError
        If there is no such source on this worker.
    """
    path = Path(image.source)
    try:
        status = path.stat()
    except OSError as err:
        raise ImageError(
            f"{path} cannot be read: {reason_of(err)}; check the path, which must be the same on "
            "all workers."
        ) from err
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"
