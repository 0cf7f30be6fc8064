"""Which files of a command are one series: those of one folder, kind, shape and dtype."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.file_series import FIXED, FileSeries, Frame, pixels_of, shares_more
from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.imaging.files import video
from napari_zerodce.imaging.files.file_names import channel_in, natural_order
from napari_zerodce.imaging.files.file_stack import FileStack
from napari_zerodce.imaging.files.formats import title_of
from napari_zerodce.imaging.files.image_file import ImageFile, without_pixels
from napari_zerodce.imaging.files.images import outline_images
from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr
from napari_zerodce.imaging.files.one_of_several import picked, read_one
from napari_zerodce.imaging.files.urls import Named, Url
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.engine.settings import EnhanceSettings


def find_series(
    jobs: Sequence[FileJob],
    settings: CommandSettings,
    *,
    report: Report,
    should_stop: ShouldStop,
) -> Mapping[FileJob, Frame]:
    """Return the files that are one of a series, with their place in it.

    Parameters
    ----------
    jobs : sequence of FileJob
    settings : CommandSettings
    report, should_stop : callable
        The headers of files are read for it, because only they tell their shape and dtype, and
        whole files of kinds whose headers cannot be read alone.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    if settings.window_per_file or not _shares(settings.enhance):
        return {}
    groups: dict[Hashable, list[FileJob]] = {}
    firsts: dict[Hashable, ImageFile] = {}
    alike = _by_name(jobs)
    candidates = [(name, job) for name in alike if len(alike[name]) > 1 for job in alike[name]]
    for done, (name, job) in enumerate(candidates):
        raise_if_stopped(should_stop)
        report(Progress(done, len(candidates), f"Looking at file {done + 1} of {len(candidates)}"))
        if (image := _only_image(Path(job.source), settings.series)) is not None:
            kind = name, pixels_of(image)
            firsts.setdefault(kind, _outline(image))
            groups.setdefault(kind, []).append(job)
    return {
        job: frame
        for kind, group in groups.items()
        if len(group) > 1
        for job, frame in _frames(group, firsts[kind], settings)
    }


def _shares(settings: EnhanceSettings) -> bool:
    """Return whether settings leave anything to find that files can share."""
    window = settings.window
    choices = window.channels or (window,)
    is_found = any(choice.kind not in FIXED for choice in choices)
    return is_found or settings.is_automatic or shares_more(settings)


def _is_streamed(name: Named) -> bool:
    """Return whether an image is read or written region by region, or a video."""
    return isinstance(name, Url) or is_ome_zarr(name) or name.suffix.lower() in video.SUFFIXES


def _by_name(jobs: Sequence[FileJob]) -> Mapping[Hashable, list[FileJob]]:
    """Return files that may be one series: of one folder and kind, and of one channel."""
    groups: dict[Hashable, list[FileJob]] = {}
    for job in jobs:
        if not any(map(_is_streamed, (job.source, job.target))):
            path = Path(job.source)
            name = path.absolute().parent, title_of(path), channel_in(path.stem)
            groups.setdefault(name, []).append(job)
    return groups


def _only_image(path: Path, number: int | None) -> ImageFile | None:
    """Return the one image that is wanted of a file, None if there are several or none.

    The file's own run tells what is wrong with it.
    """
    try:
        images = outline_images(path)
        if number is not None:
            return picked(images, number, path.name)
    except (ZeroDCEError, MemoryError):
        return None
    except Exception:  # noqa: BLE001  its own run tells this bug
        return None
    return images[0] if len(images) == 1 else None


def _outline(image: ImageFile) -> ImageFile:
    """Return an image without pixels, so that no memory is held for them."""
    array = without_pixels(image.array.shape, image.array.dtype)
    return replace(image, array=array, coarser=())


def _frames(
    jobs: Sequence[FileJob], first: ImageFile, settings: CommandSettings
) -> list[tuple[FileJob, Frame]]:
    ordered = sorted(jobs, key=lambda job: natural_order(Path(job.source).name))
    read = partial(read_one, number=settings.series)
    stack = FileStack([Path(job.source) for job in ordered], first, read=read)
    series = FileSeries(stack, first, settings)
    return [(job, Frame(series, number)) for number, job in enumerate(ordered)]
