"""What a video is, and when each of its frames is shown: all of it is decoded once."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.counting import counted
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.video.fields import Fields, order_from, order_of
from napari_zerodce.imaging.files.video.hdr import Hdr
from napari_zerodce.imaging.files.video.opening import frames_in, opened, video_stream
from napari_zerodce.imaging.files.video.samples import Colour, SampleKind
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.sampling import OnRegion, unseen
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

_USUAL_RATE: Final = Fraction(25)
_ANY_CLOCK: Final = frozenset({"mpeg", "mpegts"})
_MICROSECONDS: Final = 10**6
_ORIENTATIONS: Final = ("", "+00+", "-00+", "-00-", "+00-", "0++0", "0+-0", "0--0", "0-+0")
"""By the numbers of EXIF, the signs of a matrix: where it moves a step to the right and down."""

_BESIDE: Final = {
    "audio": "sound",
    "subtitle": "subtitles",
    "attachment": "attachments",
    "video": "other pictures",
}
_LONGER, _SECONDS_LONGER = 1.05, 0.3
"""Sound is often a little longer than the pictures; a file that is cut off says much more."""


@dataclass(frozen=True, eq=False)
class VideoFacts:
    """What a video file says, and what its frames are.

    Parameters
    ----------
    path : Path
    codec, profile : str
        As FFmpeg names them; the profile may be empty.
    pixel_format : str
        As FFmpeg names it.
    kind : SampleKind
    height, width : int
        In pixels, before it is turned to be shown.
    rate : Fraction
        Frames in a second, on average.
    time_base : Fraction
        The unit of times, in seconds.
    times, durations : ndarray, shape (frames,), int64
        When each frame is shown, and for how long. The times increase.
    keys : ndarray, shape (frames,), bool
        The frames that are decoded without others.
    can_seek : bool
        Whether a time finds its frame: in MPEG streams it is found nearly, which is not enough.
    colour : Colour
    aspect : Fraction, optional
        Width of a pixel through its height.
    matrix : tuple of int
        How frames are turned to be shown, nine numbers; empty for not at all.
    start : int
        The time that a copy shows as 0, in units of the time base.
    notices : tuple of str
        Sentences for the user.
    beside : tuple of str
        What the file holds beside its pictures, in words.
    fields : {"", "tff", "bff"}
        Which rows of most frames are shown first, if they are interlaced.
    hdr : Hdr
    """

    path: Path
    codec: str
    profile: str
    pixel_format: str
    kind: SampleKind
    height: int
    width: int
    rate: Fraction
    time_base: Fraction
    times: Array
    durations: Array
    keys: Array
    can_seek: bool
    colour: Colour
    aspect: Fraction | None
    matrix: tuple[int, ...] = ()
    start: int = 0
    notices: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    fields: Fields = ""
    hdr: Hdr = field(default_factory=Hdr)

    @property
    def orientation(self) -> int:
        """How frames are turned to be shown, as EXIF numbers it; 1 for angles that it lacks."""
        turn = [self.matrix[place] for place in (0, 1, 3, 4)] if self.matrix else []
        signs = "".join("+" if each > 0 else "-" if each else "0" for each in turn)
        return _ORIENTATIONS.index(signs) if signs in _ORIENTATIONS[1:] else 1

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.times)

    @property
    def pixels(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width

    def cut(self, scope: Scope) -> VideoFacts:
        """Return the facts of a part; if it begins later, its first frame is shown at 0.

        Parameters
        ----------
        scope : Scope
        """
        ((start, stop),) = scope.leading
        frames = slice(start, stop)
        height, width = scope.extent
        return replace(
            self,
            height=height,
            width=width,
            times=self.times[frames],
            start=int(self.times[start]) if start else self.start,
            durations=self.durations[frames],
            keys=self.keys[frames],
            fields=order_from(scope.rows[0], self.fields),
        )

    @property
    def begin(self) -> Fraction:
        """The second of the source that a copy shows as 0."""
        return self.start * self.time_base

    @property
    def end(self) -> Fraction:
        """The second of the source at which the last frame ends."""
        return int(self.times[-1] + self.durations[-1]) * self.time_base

    @property
    def shown(self) -> Array:
        """When each frame of a copy is shown, in units of the time base."""
        return self.times - self.start


def facts_of_stack(
    path: Path,
    kind: SampleKind,
    size: tuple[int, int],
    durations: Sequence[int],
    time_base: Fraction,
) -> VideoFacts:
    """Return the facts of a video that is made of images; most programs play such a one.

    Parameters
    ----------
    path : Path
        Of the images.
    kind : SampleKind
    size : (int, int)
        Height and width.
    durations : sequence of int
        How long each image is shown, in units of the time base.
    time_base : Fraction
        In seconds.
    """
    ends = np.cumsum(durations, dtype=np.int64)
    count = len(ends)
    return VideoFacts(
        path=path,
        codec="",
        profile="",
        pixel_format="yuv420p",
        kind=kind,
        height=size[0],
        width=size[1],
        rate=(count / (int(ends[-1]) * time_base)).limit_denominator(1001),
        time_base=time_base,
        times=np.append(0, ends[:-1]),
        durations=np.array(durations, np.int64),
        keys=np.ones(count, bool),
        can_seek=True,
        colour=Colour(),
        aspect=None,
    )


def survey(
    path: Path, *, should_stop: ShouldStop = never, on_frame: OnRegion = unseen
) -> VideoFacts:
    """Decode a video and return what it is.

    Parameters
    ----------
    path : Path
    should_stop : callable, optional
        Called for each frame.
    on_frame : callable, optional
        Called with the number of frames that are decoded, and of those that the file says, or 0.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    ImageError
        If the file is no video, no frame can be decoded, or frames have different sizes.
    """
    with opened(path) as container:
        stream = video_stream(container, path)
        found = _Found(path)
        for frame in frames_in(container, stream):
            raise_if_stopped(should_stop)
            found.add(frame)
            on_frame(len(found.times), stream.frames)
        return found.facts(container, stream)


class _Found:
    """What the frames say that were decoded up to now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first: Any = None
        self._broken = 0
        self._orders: Counter[bool] = Counter()
        self._fields: Fields = ""
        self.times: list[int | None] = []
        self._durations: list[int] = []
        self._keys: list[bool] = []

    def add(self, frame: Any) -> None:
        if frame is None:
            self._broken += 1
            return
        self._first = self._first or frame
        if (frame.width, frame.height) != (self._first.width, self._first.height):
            raise ImageError(
                f"{self._path.name} changes from {self._first.width}x{self._first.height} to "
                f"{frame.width}x{frame.height} pixels at frame {len(self.times)}; cut the video "
                "there, and enhance its parts."
            )
        self._orders[bool(frame.interlaced_frame)] += 1
        self._fields = self._fields or order_of(frame)
        self.times.append(frame.pts)
        self._durations.append(frame.duration or 0)
        self._keys.append(bool(frame.key_frame))

    def facts(self, container: Any, stream: Any) -> VideoFacts:
        frame = self._first
        if frame is None:
            raise ImageError(
                f"{self._path.name} is a video without a frame that can be decoded; check in "
                "another program whether it is whole."
            )
        rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
        colour = Colour.of(stream).or_else(Colour.of(frame))
        colour.check(frame.format, self._path)
        time_base = stream.time_base
        times, is_timed = self._known_times(rate, time_base)
        return VideoFacts(
            path=self._path,
            codec=stream.codec_context.codec.canonical_name,
            profile=stream.profile or "",
            pixel_format=frame.format.name,
            kind=SampleKind.of(frame.format),
            height=frame.height,
            width=frame.width,
            rate=rate,
            time_base=time_base,
            times=times,
            durations=_known_durations(times, self._durations, rate, time_base),
            keys=np.array(self._keys, bool),
            can_seek=is_timed and container.format.name not in _ANY_CLOCK,
            colour=colour,
            aspect=stream.sample_aspect_ratio or None,
            matrix=_matrix_of(frame),
            beside=_beside(container, stream),
            fields=self._fields if self._orders[True] > self._orders[False] else "",
            hdr=Hdr.of(frame),
            start=_start(container, time_base),
            notices=(
                *self._about_frames(0 if container.format.name == "avi" else stream.frames),
                *self._about_end(container.duration, int(times[-1]) * time_base, rate),
            ),
        )

    def _known_times(self, rate: Fraction, time_base: Fraction) -> tuple[Array, bool]:
        """Return the times, and whether the file says all of them in rising order."""
        if None not in self.times:
            times = np.array(self.times, np.int64)
            if (np.diff(times) > 0).all():
                return times, True
        each = 1 / (rate * time_base)
        return np.array([round(n * each) for n in range(len(self.times))], np.int64), False

    def _about_frames(self, told: int) -> tuple[str, ...]:
        count = len(self.times)
        if not self._broken and told <= count:
            return ()
        of = f" of {told}" if told > count else ""
        sentence = (
            f"The video is damaged: {count}{of} frames can be decoded, and "
            f"{counted(self._broken, 'part')} cannot; the result has those frames."
        )
        return (sentence,)

    def _about_end(self, told: int | None, last: Fraction, rate: Fraction) -> tuple[str, ...]:
        """Return a sentence if a file says that it is longer than its pictures."""
        seconds, end = Fraction(told or 0, _MICROSECONDS), last + 1 / rate
        if seconds < end * _LONGER or seconds < end + _SECONDS_LONGER:
            return ()
        return (
            f"The file says {float(seconds):.1f} s, and its pictures end after {float(end):.1f} s.",
        )


def _known_durations(times: Array, told: list[int], rate: Fraction, time_base: Fraction) -> Array:
    """Return how long each frame is shown: until the next one."""
    last = told[-1] or round(1 / (rate * time_base)) or 1
    return np.append(np.diff(times), last).astype(np.int64)


def _start(container: Any, time_base: Fraction) -> int:
    """Return the time at which a container begins, if its clock begins anywhere."""
    known = container.format.name in _ANY_CLOCK and container.start_time
    return round(Fraction(container.start_time, _MICROSECONDS) / time_base) if known else 0


def _beside(container: Any, pictures: Any) -> tuple[str, ...]:
    """Return what a container holds beside its pictures, in words."""
    others = [each for each in container.streams if each.index != pictures.index]
    kinds = [_BESIDE[each.type] for each in others if each.type in _BESIDE]
    return tuple(dict.fromkeys([*kinds, *(["chapters"] if container.chapters() else [])]))


def _matrix_of(frame: Any) -> tuple[int, ...]:
    from av.sidedata.sidedata import Type

    data = next((bytes(each) for each in frame.side_data if each.type == Type.DISPLAYMATRIX), b"")
    return struct.unpack("=9i", data) if len(data) == 36 else ()
