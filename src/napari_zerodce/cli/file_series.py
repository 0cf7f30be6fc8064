"""Files of one folder that are one series: they share a window, weights and, if wished, a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.errors import ImageError, ZeroDCEError
from napari_zerodce.imaging.files import video
from napari_zerodce.imaging.files.file_names import channel_in, natural_order
from napari_zerodce.imaging.files.file_stack import FileStack
from napari_zerodce.imaging.files.images import read_images
from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr
from napari_zerodce.imaging.files.urls import Named, Url
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.batch.images import SharedByFiles
    from napari_zerodce.checkpoints.load import Checkpoint
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.engine.requests import EnhanceResult
    from napari_zerodce.engine.resolved import ResolvedRequest
    from napari_zerodce.engine.settings import EnhanceSettings
    from napari_zerodce.imaging.files.image_file import ImageFile

_FIXED: Final = frozenset({"range", "dtype"})


class FileSeries:
    """Files of one folder, shape, dtype and kind, as one image with an axis more.

    Parameters
    ----------
    stack : FileStack
        In the natural order of their names.
    first : ImageFile
        The image of one of them.
    settings : CommandSettings
    """

    def __init__(self, stack: FileStack, first: ImageFile, settings: CommandSettings) -> None:
        self._stack, self._first, self._settings = stack, first, settings
        self._resolved: ResolvedRequest | ZeroDCEError | None = None

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return self._stack.paths[0].parent

    def __len__(self) -> int:
        return len(self._stack.paths)

    def image(self, number: int) -> ImageFile:
        """Return the image of a file; raises an `ImageError`."""
        return self._stack.file(number)

    def choices(self, report: Report, should_stop: ShouldStop) -> SharedByFiles:
        """Return the windows and the weights of all files, which need no network.

        Parameters
        ----------
        report, should_stop : callable
            As in `resolve`.

        Raises
        ------
        Cancelled, ImageError, RequestError
            As `enhance` does.
        """
        from napari_zerodce.batch.images import SharedByFiles
        from napari_zerodce.engine.resolve import read_choices

        request = self._settings.series_request(self._stack, self._first, None)
        request.check_axes()
        windows, automatic, _, is_grey = read_choices(request, report, should_stop)
        checkpoint = None if automatic is None else automatic.checkpoint
        return SharedByFiles(WindowChoice.of_windows(windows), checkpoint, is_grey)

    def resolved(
        self, checkpoint: Checkpoint | None, report: Report, should_stop: ShouldStop
    ) -> ResolvedRequest:
        """Return what all files share; found once.

        Parameters
        ----------
        checkpoint : Checkpoint, optional
            As for `CommandSettings.request`.
        report, should_stop : callable
            As in `resolve`.

        Raises
        ------
        Cancelled, ZeroDCEError
            As `enhance` does.
        """
        if self._resolved is None:
            try:
                self._resolved = self._found(checkpoint, report, should_stop)
            except ZeroDCEError as err:
                self._resolved = err
        if isinstance(self._resolved, ZeroDCEError):
            raise self._resolved
        return self._resolved

    def _found(
        self, checkpoint: Checkpoint | None, report: Report, should_stop: ShouldStop
    ) -> ResolvedRequest:
        from napari_zerodce.engine.global_curve import with_curve
        from napari_zerodce.engine.resolve import resolve

        request = self._settings.series_request(self._stack, self._first, checkpoint)
        resolved = resolve(request, report=report, should_stop=should_stop)
        return with_curve(resolved, report=report, should_stop=should_stop)

    def enhance(
        self,
        number: int,
        checkpoint: Checkpoint | None,
        report: Report,
        should_stop: ShouldStop,
    ) -> EnhanceResult:
        """Enhance one of the files.

        Parameters
        ----------
        number : int
        checkpoint, report, should_stop
            As for `resolved`.

        Raises
        ------
        Cancelled, ZeroDCEError
            As `enhance` does.
        """
        from napari_zerodce.engine.enhance import enhance

        resolved = self.resolved(checkpoint, report, should_stop)
        alone = self._settings.request(self.image(number), checkpoint)
        own = alone.scope or Scope.whole(alone.layout)
        part = replace(own, leading=((number, number + 1), *own.leading))
        result = enhance(replace(resolved, part=part), report=report, should_stop=should_stop)
        return replace(result, image=result.image[0])

    def told(self, resolved: ResolvedRequest) -> str:
        """Return a sentence about what the files share, "" if each would have it alone, too."""
        if resolved.global_curve:
            shared = "window and one curve"
        elif resolved.settings.window.kind in _FIXED or _is_whole(resolved, self._first.bits):
            return ""
        else:
            shared = "window"
        return (
            f"{len(self)} files of one size in {str(self.folder.absolute().name)!r} are one series "
            f"and share one {shared}; --window-per-file finds one for each."
        )


def _is_whole(resolved: ResolvedRequest, bits: int | None) -> bool:
    """Return whether the window is that of the dtype, which each file would have, too."""
    from napari_zerodce.imaging.window_search import resolve_window

    image = resolved.image
    whole = resolve_window(image, WindowChoice("dtype"), channels="mono", bits=bits)
    return set(resolved.windows) == {whole}


@dataclass(frozen=True)
class Frame:
    """A file of a series.

    Parameters
    ----------
    series : FileSeries
    number : int
        Its place.
    """

    series: FileSeries
    number: int


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
        The files are read for it, because only they tell their shape and dtype.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    if settings.window_per_file or not _shares(settings.enhance):
        return {}
    groups: dict[tuple[Any, ...], list[FileJob]] = {}
    firsts: dict[tuple[Any, ...], ImageFile] = {}
    candidates = [job for group in _by_folder(jobs).values() if len(group) > 1 for job in group]
    for done, job in enumerate(candidates):
        raise_if_stopped(should_stop)
        report(Progress(done, len(candidates), f"Looking at file {done + 1} of {len(candidates)}"))
        if (image := _only_image(Path(job.source))) is not None:
            kind = _kind(Path(job.source), image)
            firsts.setdefault(kind, replace(image, coarser=()))
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
    return (
        any(choice.kind not in _FIXED for choice in choices)
        or settings.is_automatic
        or settings.look.global_curve
        or settings.time != "frames"
        or settings.lock_normalisation
    )


def _is_streamed(name: Named) -> bool:
    """Return whether an image is read or written region by region, or a video."""
    return isinstance(name, Url) or is_ome_zarr(name) or name.suffix.lower() in video.SUFFIXES


def _by_folder(jobs: Sequence[FileJob]) -> Mapping[Path, list[FileJob]]:
    folders: dict[Path, list[FileJob]] = {}
    for job in jobs:
        if not any(map(_is_streamed, (job.source, job.target))):
            folders.setdefault(Path(job.source).absolute().parent, []).append(job)
    return folders


def _only_image(path: Path) -> ImageFile | None:
    """Return the image of a file of one, else None: its own run tells what is wrong with it."""
    try:
        images = read_images(path)
    except (ImageError, MemoryError):
        return None
    except Exception:  # noqa: BLE001  its own run tells this bug
        return None
    return images[0] if len(images) == 1 else None


def _kind(path: Path, image: ImageFile) -> tuple[Any, ...]:
    array, axes = image.array, image.details.get("axes", "")
    pixels = array.shape, array.dtype, image.channels, image.bits, axes
    return path.absolute().parent, channel_in(path.stem), *pixels


def _frames(
    jobs: Sequence[FileJob], first: ImageFile, settings: CommandSettings
) -> list[tuple[FileJob, Frame]]:
    ordered = sorted(jobs, key=lambda job: natural_order(Path(job.source).name))
    stack = FileStack([Path(job.source) for job in ordered], first)
    series = FileSeries(stack, first, settings)
    return [(job, Frame(series, number)) for number, job in enumerate(ordered)]
