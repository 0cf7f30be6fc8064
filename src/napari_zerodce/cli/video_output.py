"""One video of the command line: its frames are decoded, enhanced and encoded one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.hidden_output import HiddenOutput
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import video
from napari_zerodce.imaging.files.failures import reading_told
from napari_zerodce.imaging.files.formats import check_installed
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.one_of_several import picked
from napari_zerodce.imaging.files.video.codecs import USUAL_QUALITY
from napari_zerodce.imaging.files.video.other_streams import OtherStreams
from napari_zerodce.imaging.files.video.samples import SampleKind
from napari_zerodce.imaging.files.video.survey import VideoFacts, facts_of_stack, survey
from napari_zerodce.imaging.files.video.writing import VideoWriter
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.windows import Window
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.engine.frame_by_frame import EnhancedFrames
    from napari_zerodce.engine.requests import EnhanceRequest
    from napari_zerodce.engine.resolved import ResolvedRequest


class VideoOutput(HiddenOutput):
    """A video file that is made from a video or from a series of images.

    Parameters
    ----------
    job : FileJob
    settings : CommandSettings
    """

    def __init__(self, job: FileJob, settings: CommandSettings) -> None:
        super().__init__(Path(job.target), overwrite=settings.overwrite)
        self._job, self._settings = job, replace(settings, makes_video=True)

    def enhance(
        self, checkpoint: Checkpoint | None, bars: Bars, should_stop: ShouldStop
    ) -> tuple[ResolvedRequest, tuple[str, ...]]:
        """Enhance the frames, and return how they were made and what the user should know.

        Parameters
        ----------
        checkpoint : Checkpoint, optional
            As for `CommandSettings.request`.
        bars : Bars
        should_stop : callable

        Raises
        ------
        Cancelled, ZeroDCEError
            As `enhance` does, or if the video cannot be read or written.
        """
        from napari_zerodce.engine.frame_by_frame import EnhancedFrames
        from napari_zerodce.engine.global_curve import with_curve
        from napari_zerodce.engine.resolve import resolve

        check_installed(self._target)
        image = self._read(bars, should_stop)
        request = self._request(image, checkpoint)
        resolved = resolve(request, report=bars.follow, should_stop=should_stop)
        resolved = with_curve(resolved, report=bars.follow, should_stop=should_stop)
        film = _Film.of(image, resolved, Path(self._job.source), self._settings.frame_rate)
        frames = EnhancedFrames(resolved, report=bars.follow, should_stop=should_stop)
        told = self._write(film, frames)
        return resolved, (*film.notices, *told, *resolved.notices, *frames.notices)

    def _read(self, bars: Bars, should_stop: ShouldStop) -> ImageFile:
        from napari_zerodce.cli.growing_output import read_only_file
        from napari_zerodce.engine.progress import reading_reporter

        source = self._job.source
        if source.suffix.lower() not in video.SUFFIXES:
            return read_only_file(source, self._settings.series)
        follow = reading_reporter(bars.follow, "Reading the video")
        with reading_told(source):
            try:
                facts = survey(Path(source), should_stop=should_stop, on_frame=follow)
            except ImageError:
                read_only_file(source, None)  # says what the file is, if it is no video
                raise
            image = video.image_of(facts)
        if self._settings.series is not None:
            return picked((image,), self._settings.series, source.name)
        return image

    def _request(self, image: ImageFile, checkpoint: Checkpoint | None) -> EnhanceRequest:
        request = self._settings.request(image, checkpoint)
        if len(request.layout.leading) != 1:
            shape = "x".join(map(str, image.array.shape))
            raise ImageError(
                f"A video is made of a series of images, but {self._job.source.name} has the shape "
                f"{shape}; choose one with a single axis before rows and columns, or another kind "
                "of output."
            )
        return request

    def _write(self, film: _Film, frames: EnhancedFrames) -> tuple[str, ...]:
        """Write the frames, and return what the user should know of the file."""
        with self._writer(film) as writer:
            told = writer.notices
            for frame in frames:
                self.stop_if_discarded()
                writer.write(film.samples(frame))
        self.publish()
        return told

    def _writer(self, film: _Film) -> VideoWriter:
        quality = self._settings.quality or USUAL_QUALITY
        return VideoWriter(self.part, film.facts, others=film.others, quality=quality)


@dataclass(frozen=True)
class _Film:
    """What a video is to be.

    Parameters
    ----------
    facts : VideoFacts
    samples : callable
        Returns the samples of a frame as the video holds them.
    others : OtherStreams, optional
    notices : tuple of str
    """

    facts: VideoFacts
    samples: Callable[[Array], Array]
    others: OtherStreams | None = None
    notices: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, image: ImageFile, resolved: ResolvedRequest, path: Path, rate: Fraction | None
    ) -> _Film:
        """Return that of a part of an image."""
        source: VideoFacts | None = image.details.get("video")
        part = resolved.part
        if source is None:
            return cls._of_images(image, resolved, path, rate)
        facts = source.cut(part)
        is_all = facts.count == source.count
        others = OtherStreams(path, begin=facts.begin, end=None if is_all else facts.end)
        return cls(facts, _as_it_is, others, source.notices)

    @classmethod
    def _of_images(
        cls, image: ImageFile, resolved: ResolvedRequest, path: Path, rate: Fraction | None
    ) -> _Film:
        part, channels = resolved.part, resolved.layout.channels
        kind = SampleKind(channels if channels == "mono" else "rgb", 8)
        durations, unit, notices = _durations(image, slice(*part.leading[0]), rate)
        facts = facts_of_stack(path, kind, part.extent, durations, unit)
        return cls(facts, _EightBits(resolved.window), notices=notices)


def _durations(
    image: ImageFile, part: slice, rate: Fraction | None
) -> tuple[Sequence[int], Fraction, tuple[str, ...]]:
    """Return how long images are shown, the unit, and a sentence if their file does not say it."""
    durations, unit, is_known = video.durations_of(image, part)
    if rate is not None:
        return (1,) * len(durations), 1 / rate, ()
    usual = video.USUAL_RATE
    notice = f"The video shows {usual} images in a second; --frame-rate sets another number."
    return durations, unit, () if is_known else (notice,)


def _as_it_is(frame: Array) -> Array:
    return frame


@dataclass(frozen=True)
class _EightBits:
    """The samples of images in the 8 bits of a video, in which the window is all.

    Parameters
    ----------
    window : Window
    """

    window: Window

    def __call__(self, frame: Array) -> Array:
        """Return the samples of a frame, without alpha."""
        colours = frame[..., :3] if frame.ndim == 3 else frame
        if frame.dtype == np.uint8 and (self.window.low, self.window.high) == (0, 255):
            return colours
        width = self.window.high - self.window.low
        unit = (colours.astype(np.float64) - self.window.low) / width
        return np.rint(255 * np.clip(np.nan_to_num(unit), 0, 1)).astype(np.uint8)
