"""Whether the output of a file is there and valid, so that it need not be made again."""

from __future__ import annotations

import filecmp
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_zerodce.cli.growing_output import read_file, read_lazily
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
    """Return whether an output can be read, has the shape of its source, and is no older or a copy.

    The shape is not compared if only a part of the source is enhanced.

    Parameters
    ----------
    job : FileJob
    settings : CommandSettings
    """
    if not is_there(job.target) or (is_ome_zarr(job.target) and begun_at(job.target)):
        return False
    if _is_older(job) or _is_copy(job):
        return False
    found = _shapes_at(job.target, None)
    if found is None or settings.part is not None:
        return found is not None
    if is_ome_zarr(job.target):
        return found == _shape_of_one(job.source, settings.series)
    return found == _shapes_told_by(job.source, settings.series)


def _is_older(job: FileJob) -> bool:
    """Return whether a source was written after its output."""
    if not (isinstance(job.source, Path) and isinstance(job.target, Path)):
        return False
    with suppress(OSError):  # its own run tells what is wrong with the source
        return job.target.stat().st_mtime_ns < job.source.stat().st_mtime_ns
    return False


def _is_copy(job: FileJob) -> bool:
    """Return whether an output is the file that it should be made from, byte by byte."""
    source, target = Path(job.source), Path(job.target)
    with suppress(OSError):  # a URL is no file
        return source.is_file() and filecmp.cmp(source, target, shallow=False)
    return False


def _shapes_told_by(path: Named, series: int | None) -> _Shapes | None:
    """Return what `_shapes_at` does, from the header of a file if that tells it."""
    if is_ome_zarr(path):
        return _shapes_at(path, series)
    with _nothing_told():
        images = outline_images(Path(path))
        wanted = images if series is None else (picked(images, series, path.name),)
        return [tuple(image.array.shape) for image in wanted]
    return None


def _shapes_at(path: Named, series: int | None) -> _Shapes | None:
    """Return the shapes of the images of a file, None if it cannot be read."""
    if is_ome_zarr(path):
        return _shape_of_one(path, None)
    with _nothing_told():
        return [tuple(image.array.shape) for image in read_file(path, series)]
    return None


def _shape_of_one(path: Named, series: int | None) -> _Shapes | None:
    with _nothing_told():
        return [tuple(read_lazily(path, series).shape)]
    return None


def _nothing_told() -> suppress:
    """Return a context that hides failures, also bugs: the file's own run tells them."""
    return suppress(Exception)
