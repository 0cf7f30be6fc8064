"""Whether the output of a file is there and valid, so that it need not be made again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_zerodce.cli.growing_output import read_file, read_lazily
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.imaging.files.images import outline_images
from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr
from napari_zerodce.imaging.files.one_of_several import picked
from napari_zerodce.imaging.files.saved.growing import begun_at

if TYPE_CHECKING:
    from napari_zerodce.cli.command_settings import CommandSettings
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.imaging.files.urls import Named

_Shapes = list[tuple[int, ...]]


def is_there(target: Named) -> bool:
    """Return whether something has the name of an output.

    Parameters
    ----------
    target : Path or Url
    """
    if isinstance(target, Path):
        return os.path.lexists(target)
    return is_ome_zarr(target) and _shapes_at(target, None) is not None


def is_finished(job: FileJob, settings: CommandSettings) -> bool:
    """Return whether an output can be read, and has the shape of its source.

    The shape is not compared if only a part of the source is enhanced.

    Parameters
    ----------
    job : FileJob
    settings : CommandSettings
    """
    if not is_there(job.target) or (is_ome_zarr(job.target) and begun_at(job.target)):
        return False
    found = _shapes_at(job.target, None)
    if found is None or settings.part is not None:
        return found is not None
    if is_ome_zarr(job.target):
        try:
            return found == [tuple(read_lazily(job.source, settings.series).shape)]
        except ZeroDCEError:
            return False
    return found == _shapes_told_by(job.source, settings.series)


def _shapes_told_by(path: Named, series: int | None) -> _Shapes | None:
    """Return what `_shapes_at` does, from the header of a file if that tells it."""
    if is_ome_zarr(path):
        return _shapes_at(path, series)
    try:
        images = outline_images(Path(path))
        wanted = images if series is None else (picked(images, series, path.name),)
    except (ZeroDCEError, MemoryError):
        return None
    return [tuple(image.array.shape) for image in wanted]


def _shapes_at(path: Named, series: int | None) -> _Shapes | None:
    """Return the shapes of the images of a file, None if it cannot be read."""
    try:
        if is_ome_zarr(path):
            return [tuple(read_lazily(path, None).shape)]
        return [tuple(image.array.shape) for image in read_file(path, series)]
    except (ZeroDCEError, MemoryError):
        return None
