"""Files of one folder that are one series: they share a window, weights and, if wished, a curve."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.engine.requests import Report
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.imaging.files.file_stack import FileStack
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.own_channel import own_channel
from napari_zerodce.imaging.grey import is_grey
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.sampling import spread
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.window_search import needs_no_samples
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
"""Files in colours that tell whether some are grey, if not all shall be read."""


class FileSeries:
    """Files of one folder, shape, dtype and kind, as one image with an axis more.

    Parameters
    ----------
    stack : FileStack
        In the natural order of their names.
    first : ImageFile
        The image of one of them, perhaps without pixels.
    settings : CommandSettings
    is_grey : bool, optional
        Whether the colours of all files are equal; None for mono files, and for files in colours
        that may be of both kinds.
    """

    def __init__(
        self,
        stack: FileStack,
        first: ImageFile,
        settings: CommandSettings,
        *,
        is_grey: bool | None = None,
    ) -> None:
        self._stack, self._first, self._settings = stack, first, settings
        self._is_grey = is_grey
        self._resolved: ResolvedRequest | ZeroDCEError | None = None
        self._colours: dict[int, bool | None] = {}
        self._alike: dict[bool, list[int]] = {}
        self._parts: dict[bool, FileSeries] = {}

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return self._stack.paths[0].parent

    def __len__(self) -> int:
        return len(self._stack.paths)

    def image(self, number: int) -> ImageFile:
        """Return the image of a file; raises an `ImageError`."""
        return self._stack.file(number)

    def holds(self, number: int) -> bool:
        """Return whether the pixels of a file are as its header told; raises an `ImageError`."""
        return pixels_of(self.image(number)) == pixels_of(self._first)

    def frame(self, number: int, should_stop: ShouldStop) -> Frame | None:
        """Return a file as one of those that share something with it.

        Grey files in colours and files that have colours share nothing. Photos with colours do not
        share anything at all: each has the window and the weights that it has alone.

        Parameters
        ----------
        number : int
        should_stop : callable
            As in `resolve`. Files in colours are read, all of them if this one has company.

        Returns
        -------
        Frame, optional
            None if the file is alone.

        Raises
        ------
        Cancelled
            If `should_stop` returned True.
        """
        if self._first.channels == "mono" or self._is_grey is not None:
            return Frame(self, number)
        grey = self._has_equal_colours(number, should_stop)
        if grey is None or (not grey and self._share_nothing):
            return None
        part = self._part(grey, should_stop)
        if len(part) == 1 and not shares_more(self._settings.enhance):
            return None
        return Frame(part, self._alike[grey].index(number))

    def are_photos(self, should_stop: ShouldStop) -> bool:
        """Return whether the files have colours and nothing to share, as far as a few tell.

        Parameters
        ----------
        should_stop : callable
            As in `frame`.
        """
        return self._share_nothing and not any(
            self._has_equal_colours(number, should_stop)
            for number in spread(len(self), _MOST_LOOKED_AT)
        )

    @property
    def _share_nothing(self) -> bool:
        """Whether files have nothing to share if they have colours."""
        return (
            self._first.channels != "mono"
            and _needs_no_samples(self._settings.enhance, self._first, is_grey=False)
            and not shares_more(self._settings.enhance)
        )

    def _part(self, grey: bool, should_stop: ShouldStop) -> FileSeries:
        """Return the series of the files that are grey, or of those that are not."""
        if grey not in self._parts:
            self._alike[grey] = [
                number
                for number in range(len(self))
                if self._has_equal_colours(number, should_stop) is grey
            ]
            stack = self._stack.some(self._alike[grey])
            self._parts[grey] = FileSeries(stack, self._first, self._settings, is_grey=grey)
        return self._parts[grey]

    def _has_equal_colours(self, number: int, should_stop: ShouldStop) -> bool | None:
        """Return whether a file is grey, None if it is not as its header told."""
        if number not in self._colours:
            self._colours[number] = None
            with suppress(ZeroDCEError, MemoryError):  # its own run tells
                if self.holds(number):
                    self._colours[number] = _is_grey(self.image(number), should_stop)
        return self._colours[number]

    def _request(self, checkpoint: Checkpoint | None) -> EnhanceRequest:
        request = self._settings.series_request(self._stack, self._first, checkpoint)
        return replace(request, is_grey=self._is_grey)

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

        request = self._request(None)
        request.check_axes()
        windows, automatic, _ = read_choices(request, report, should_stop)
        checkpoint = None if automatic is None else automatic.checkpoint
        return SharedByFiles(WindowChoice.of_windows(windows), checkpoint, self._is_grey)

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
        elif len(self) == 1 or _needs_no_samples(
            resolved.settings, self._first, is_grey=self._is_grey is True
        ):
            return ""
        else:
            shared = "window"
        return (
            f"{len(self)} files of one size in {str(self.folder.absolute().name)!r} are one series "
            f"and share one {shared}; --window-per-file finds one for each."
        )


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


def _needs_no_samples(settings: EnhanceSettings, first: ImageFile, *, is_grey: bool) -> bool:
    dtype = np.dtype(first.array.dtype)
    return needs_no_samples(settings.window, dtype, first.channels, is_grey=is_grey)


def _is_grey(image: ImageFile, should_stop: ShouldStop) -> bool:
    layout = layout_of(image.array, channels=image.channels)
    return is_grey(image.array, layout, should_stop=should_stop)


def pixels_of(image: ImageFile) -> Hashable:
    """Return what the images of a series have in common."""
    array, axes = image.array, str(image.details.get("axes", ""))
    dtype = array.dtype.newbyteorder("=")
    return array.shape, dtype, image.channels, image.bits, axes, own_channel(image)
