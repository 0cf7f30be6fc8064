"""Files of one folder that are one series: they share a window, weights and, if wished, a curve."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.engine.requests import Report
from napari_zerodce.errors import ImageError, ZeroDCEError
from napari_zerodce.imaging.files.file_stack import FileStack
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.grey import is_grey
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.sampling import spread
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.window_search import colour_decides
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.batch.images import SharedByFiles
    from napari_zerodce.checkpoints.load import Checkpoint
    from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
    from napari_zerodce.engine.resolved import ResolvedRequest
    from napari_zerodce.engine.settings import EnhanceSettings

FIXED: Final = frozenset({"range", "dtype"})

_MOST_LOOKED_AT: Final = 8
"""Files of a series that tell whether all are grey in colours."""


class FileSeries:
    """Files of one folder, shape, dtype and kind, as one image with an axis more.

    Parameters
    ----------
    stack : FileStack
        In the natural order of their names.
    first : ImageFile
        The image of one of them, perhaps without pixels.
    settings : CommandSettings
    """

    def __init__(self, stack: FileStack, first: ImageFile, settings: CommandSettings) -> None:
        self._stack, self._first, self._settings = stack, first, settings
        self._resolved: ResolvedRequest | ZeroDCEError | None = None
        self._only_grey = _only_grey_share(settings.enhance, first)
        self._has_grey: bool | None = None

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return self._stack.paths[0].parent

    def __len__(self) -> int:
        return len(self._stack.paths)

    def image(self, number: int) -> ImageFile:
        """Return the image of a file; raises an `ImageError`."""
        return self._stack.file(number)

    def holds(self, number: int, should_stop: ShouldStop) -> bool:
        """Return whether a file shares what the others do.

        It does not if it is not as its header told, or if it is a photo: the colours of a photo
        decide its window and its weights.

        Parameters
        ----------
        number : int
        should_stop : callable
            As in `resolve`.

        Raises
        ------
        Cancelled
            If `should_stop` returned True.
        ImageError
            If the file cannot be read.
        """
        image = self.image(number)
        if pixels_of(image) != pixels_of(self._first):
            return False
        if not self._only_grey:
            return True
        return _is_grey(image, should_stop) and self._is_of_grey(should_stop)

    def _is_of_grey(self, should_stop: ShouldStop) -> bool:
        """Return whether files in colours are grey, as far as a few tell: frames, and no photos."""
        if self._has_grey is None:
            self._has_grey = all(_is_grey(each, should_stop) for each in self._some())
        return self._has_grey

    def _some(self) -> Iterator[ImageFile]:
        for number in spread(len(self), _MOST_LOOKED_AT):
            with suppress(ImageError):  # its own run tells
                yield self.image(number)

    def _request(self, checkpoint: Checkpoint | None) -> EnhanceRequest:
        request = self._settings.series_request(self._stack, self._first, checkpoint)
        return replace(request, is_grey=True if self._only_grey else request.is_grey)

    def choices(self, report: Report, should_stop: ShouldStop) -> SharedByFiles | None:
        """Return the windows and the weights of all files, which need no network.

        None if they are photos, each of which decides its own.

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

        if self._only_grey and not self._is_of_grey(should_stop):
            return None
        request = self._request(None)
        request.check_axes()
        windows, automatic, _, are_grey = read_choices(request, report, should_stop)
        checkpoint = None if automatic is None else automatic.checkpoint
        window = WindowChoice.of_windows(windows)
        return SharedByFiles(window, checkpoint, are_grey, for_grey=self._only_grey)

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

        resolved = resolve(self._request(checkpoint), report=report, should_stop=should_stop)
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
        elif resolved.settings.window.kind in FIXED or _is_whole(resolved, self._first.bits):
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


def shares_more(settings: EnhanceSettings) -> bool:
    """Return whether files share more than a window and weights."""
    return settings.look.global_curve or settings.time != "frames" or settings.lock_normalisation


def _only_grey_share(settings: EnhanceSettings, first: ImageFile) -> bool:
    """Return whether files in colour have nothing to share unless their colours are equal."""
    dtype = np.dtype(first.array.dtype)
    return (
        first.channels != "mono"
        and colour_decides(settings.window, dtype, first.channels)
        and not shares_more(settings)
    )


def _is_grey(image: ImageFile, should_stop: ShouldStop) -> bool:
    layout = layout_of(image.array, channels=image.channels)
    return is_grey(image.array, layout, should_stop=should_stop)


def pixels_of(image: ImageFile) -> Hashable:
    """Return what the images of a series have in common."""
    array, axes = image.array, str(image.details.get("axes", ""))
    return array.shape, array.dtype.newbyteorder("="), image.channels, image.bits, axes
