"""One OME-Zarr of the command line: it grows region by region, and goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.output_file import sentences
from napari_zerodce.imaging.files.conversion import with_axes, with_letters, without_axes
from napari_zerodce.imaging.files.formats import only_in_others
from napari_zerodce.imaging.files.frame_times import uneven
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.images import lost, read_images
from napari_zerodce.imaging.files.ome_zarr import SUFFIX, is_ome_zarr, metadata_text, read_ome_zarr
from napari_zerodce.imaging.files.one_of_several import read_one
from napari_zerodce.imaging.files.photos.facts import facts_beyond
from napari_zerodce.imaging.files.saved.growing import begin, begun_at
from napari_zerodce.imaging.files.saved.image import SavedImage
from napari_zerodce.imaging.files.urls import Named, Url
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.engine.resolved import ResolvedRequest


def read_file(path: Named, series: int | None = None) -> tuple[ImageFile, ...]:
    """Return the images of a file with their pixels in memory, also that of an OME-Zarr.

    Parameters
    ----------
    path : Path or Url
    series : int, optional
        Which image of a file of several, from 0 on; by default all.

    Raises
    ------
    ImageError
        If it cannot be read, or does not fit in memory.
    RequestError
        If the file has no image of this number.
    """
    if not is_ome_zarr(path):
        file = Path(path)
        return read_images(file) if series is None else (read_one(file, series),)
    image = read_ome_zarr(path)
    check_room(image.size, path)
    return (without_axes(image),)


def read_only_file(path: Named, series: int | None) -> ImageFile:
    """Return one image with its pixels in memory, as `read_file` does.

    Parameters
    ----------
    path : Path or Url
    series : int, optional
        Which image of a file of several, from 0 on; by default the only one.
    """
    if not is_ome_zarr(path):
        return read_one(Path(path), series)
    (image,) = read_file(path)
    return image


def read_lazily(path: Named, series: int | None) -> SavedImage:
    """Return one image of a file; the pixels of an OME-Zarr stay on disk.

    Parameters
    ----------
    path : Path or Url
    series : int, optional
        Which image of a file of several, from 0 on; by default the only one.

    Raises
    ------
    ImageError, RequestError
        As `read_one` does.
    """
    return _read(path, series)[0]


def _read(path: Named, series: int | None) -> tuple[SavedImage, str]:
    """Return one image of a file, and sentences about what an OME-Zarr does not have of it."""
    if is_ome_zarr(path):
        return read_ome_zarr(path), ""
    image = read_one(Path(path), series)
    scale = {"dpi"} if image.details.get("dialect") == "imagej" else set[str]()
    names = (*facts_beyond(image, scale), *only_in_others([image], SUFFIX), *uneven([image]))
    told = sentences(f".ome{SUFFIX}", names, lost((image,)))
    return with_axes(image, path.name.partition(".")[0]), told


@dataclass(frozen=True)
class GrowingOutput:
    """An OME-Zarr that is made from one image.

    Parameters
    ----------
    job : FileJob
    settings : CommandSettings
    """

    job: FileJob
    settings: CommandSettings

    def enhance(
        self, checkpoint: Checkpoint | None, bars: Bars, should_stop: ShouldStop
    ) -> tuple[ResolvedRequest, tuple[str, ...]]:
        """Enhance the image, and return how it was made and what the user should know.

        Parameters
        ----------
        checkpoint : Checkpoint, optional
            As for `CommandSettings.request`.
        bars : Bars
        should_stop : callable

        Raises
        ------
        Cancelled, ZeroDCEError
            As for `enhance_into`. What is written stays.
        """
        from napari_zerodce.engine.global_curve import with_curve
        from napari_zerodce.engine.growing import enhance_into
        from napari_zerodce.engine.lazy import LazyEnhancement
        from napari_zerodce.engine.resolve import resolve
        from napari_zerodce.engine.saved_result import result_to_save

        source, target = self.job.source, self.job.target
        image, left_out = _read(source, self.settings.series)
        request = self.settings.lazy_request(image, checkpoint)
        resolved = resolve(request, report=bars.follow, should_stop=should_stop)
        resolved = with_curve(resolved, report=bars.follow, should_stop=should_stop)
        described = with_letters(image, self.settings.axes) if self.settings.axes else image
        identity, path = _identity(source), _absolute(source)
        result = result_to_save(described, resolved, identity=identity, path=path)
        replaces = self.settings.overwrite
        grown = begin(
            target,
            result,
            version=self.settings.zarr_version,
            overwrite=replaces,
            restart=replaces,
        )
        levels = LazyEnhancement(resolved).levels
        notices = enhance_into(grown, levels, report=bars.follow, should_stop=should_stop)
        return resolved, (*notices, *([left_out] if left_out else []))

    @property
    def kept(self) -> str:
        """What of an unfinished output stays, to be told after an interruption."""
        begun = begun_at(self.job.target)
        return f"; {begun} stays, and the same command goes on there" if begun else ""

    def discard(self) -> None:
        """Remove nothing: what is written is whole, and a later command goes on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.discard()


def _absolute(path: Named) -> str:
    return path if isinstance(path, Url) else os.path.realpath(path)


def _identity(path: Named) -> list[Any]:
    """Return what differs if a source does: its name, and its metadata or its time of writing."""
    name = _absolute(path)
    if is_ome_zarr(path):
        return [name, hashlib.sha256(metadata_text(path)).hexdigest()]
    known = Path(path).stat()
    return [name, known.st_size, known.st_mtime_ns]
