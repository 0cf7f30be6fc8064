"""A video file that is written frame by frame, with the sound and the tags of its source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.video import fields
from napari_zerodce.imaging.files.video.codecs import (
    MPEG,
    USUAL_QUALITY,
    Encoder,
    encoder,
    encoder_names,
    lost_in,
)
from napari_zerodce.imaging.files.video.even_rate import EvenRate
from napari_zerodce.imaging.files.video.other_streams import OtherStreams
from napari_zerodce.imaging.files.video.samples import frame_of
from napari_zerodce.imaging.files.video.survey import VideoFacts
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.unreadable import reason_of

_QUICKTIME: Final = frozenset({".mp4", ".m4v", ".mov"})
_LARGEST_UNIT: Final = 65535
"""The largest denominator of a time base in MPEG-4 part 2."""

_COARSE: Final = frozenset({"mpeg4", "msmpeg4"})


class VideoWriter:
    """A video file that is written frame by frame; it is whole when the context ends without error.

    Parameters
    ----------
    path : Path
        The suffix decides the container.
    facts : VideoFacts
        Of the video to write.
    others : OtherStreams, optional
        What is copied from the source; it is opened and closed with the video.
    quality : int
        From 1 to 100.
    """

    def __init__(
        self,
        path: Path,
        facts: VideoFacts,
        *,
        others: OtherStreams | None = None,
        quality: int = USUAL_QUALITY,
    ) -> None:
        self._path, self._facts = path, facts
        self._others, self._quality = others, quality
        self._written = 0
        self._durations: dict[int, int] = {}

    def __enter__(self) -> Self:
        """Write the beginning of the file; raises an ImageError if no encoder suits it."""
        with ExitStack() as opened:
            if self._others is not None:
                opened.enter_context(self._others)
            self._begin()
            self._opened = opened.pop_all()
        return self

    def _begin(self) -> None:
        failures: list[str] = []
        suffix, facts = self._path.suffix.lower(), self._facts
        for name in encoder_names(facts.codec, suffix, facts.pixel_format):
            try:
                self._open(name)
            except Exception as err:  # noqa: BLE001  each encoder has its own errors
                failures.append(f"{name}: {reason_of(err)}")
            else:
                return
        raise ImageError(
            f"A {self._path.suffix} file cannot hold this video ({failures[0]}); "
            f"write {self._path.stem}.mkv instead."
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know of the file, in sentences."""
        suffix = self._path.suffix
        told = [f"A {suffix} file cannot hold {each}; it is left out." for each in self._lost]
        told += [] if self._others is None else self._others.notices
        even = self._even.notice(suffix) if self._even else ""
        return (*told, even) if even else tuple(told)

    @property
    def _lost(self) -> tuple[str, ...]:
        """What the file cannot hold, in words."""
        facts, pixels = self._facts, self.encoder.pixel_format
        lost = () if self._others is None else tuple(self._others.left_out)
        if facts.codec and (missing := lost_in(facts.pixel_format, pixels)):
            lost += (missing,)
        if facts.fields != self._fields:
            lost += ("the mark that a frame is two fields",)
        return (*lost, *facts.hdr.lost_in(self.encoder.name))

    def _open(self, name: str) -> None:
        import av

        facts, suffix = self._facts, self._path.suffix.lower()
        self.encoder = encoder(
            name,
            suffix,
            facts.pixel_format,
            size=facts.pixels,
            quality=self._quality,
            profile=facts.profile,
        )
        is_steady, is_mpeg = self.encoder.is_steady, self.encoder.name in MPEG
        self._even = EvenRate.of(facts, is_mpeg=is_mpeg) if is_steady else None
        is_kept = fields.kept_by(name, facts.height)
        self._fields: fields.Fields = facts.fields if is_kept else ""
        self._unit = 1 / self._even.rate if self._even else _unit(self.encoder, facts)
        self._times = self._known_times()
        self._colour = facts.colour.of_pixels(facts.pixel_format, self.encoder.pixel_format)
        with ExitStack() as failed:
            self._container = av.open(str(self._path), "w", options=self._container_options())
            failed.callback(self._container.close)
            options = self._options()
            self._stream = self._container.add_stream(
                name, rate=1 / self._unit if self._even else facts.rate, options=options
            )
            self._describe(self._stream)
            if self._others is not None:
                self._others.add_to(self._container, self._stream, suffix)
            self._container.start_encoding()
            failed.pop_all()

    def _describe(self, stream: Any) -> None:
        facts, context = self._facts, stream.codec_context
        stream.height, stream.width = facts.height, facts.width
        stream.pix_fmt = self.encoder.pixel_format
        stream.time_base = context.time_base = self._unit
        context.thread_type = "AUTO"
        self._colour.mark(context)
        if self._fields:
            fields.prepare(stream, self.encoder.name, self._fields)
        if facts.aspect:
            context.sample_aspect_ratio = facts.aspect
        if facts.matrix:
            stream.set_display_matrix(facts.matrix)
        if self._path.suffix.lower() == ".avi":
            context.max_b_frames = 0  # an AVI has no times to show frames in another order
        if self._path.suffix.lower() in _QUICKTIME and self.encoder.name == "libx265":
            context.codec_tag = "hvc1"  # the one that Apple's players know

    def _options(self) -> dict[str, str]:
        """Return the options of the encoder, with those of HDR."""
        name, options = self.encoder.name, dict(self.encoder.options)
        if self._fields and name == "libx264":
            options["x264-params"] = f"{self._fields}=1"
        for option, value in self._facts.hdr.options(name).items():
            options[option] = ":".join(each for each in (options.get(option), value) if each)
        return options

    def _container_options(self) -> dict[str, str]:
        suffix = self._path.suffix.lower()
        if suffix == ".avi":  # sound that begins before 0 must not delay the second frame
            return {"avoid_negative_ts": "disabled"}
        if suffix not in _QUICKTIME:
            return {}
        options = {"video_track_timescale": str(self._unit.denominator)}
        if self._others is not None and self._others.has_tags_of_its_own:
            options["movflags"] = "use_metadata_tags"
        return options

    def write(self, samples: Array) -> None:
        """Write the next frame, and the sound before it.

        Parameters
        ----------
        samples : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)

        Raises
        ------
        ImageError
            If it cannot be written.
        """
        facts, number = self._facts, self._written
        self._written += 1
        times = self._times_of(number)
        if not times:
            return
        pixels = self.encoder.pixel_format
        frame = frame_of(samples, facts.kind, pixels, self._colour, self._fields)
        frame.time_base = self._unit
        for time, duration in times:
            frame.pts = time
            self._durations[time] = duration
            with self._failures_told():
                self._mux(self._stream.encode(frame))

    def _times_of(self, number: int) -> list[tuple[int, int]]:
        """Return when a frame is shown, and for how long: of a video of an even rate, each time."""
        if self._even is None:
            duration = max(1, self._in_units(int(self._facts.durations[number])))
            return [(int(self._times[number]), duration)]
        return [(time, 1) for time in self._even.times[number]]

    def _known_times(self) -> Array:
        """Return when frames are shown in units of the encoder, each later than the last."""
        times = np.array([self._in_units(int(time)) for time in self._facts.shown], np.int64)
        return times if (np.diff(times) > 0).all() else np.arange(len(times))

    def _in_units(self, time: int) -> int:
        return round(time * self._facts.time_base / self._unit)

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, packet.duration)
            if self._others is not None and packet.dts is not None:
                self._copy_others(packet.dts * self._unit)
            self._container.mux(packet)

    def _copy_others(self, seconds: Fraction | None) -> None:
        assert self._others is not None
        for packet in self._others.until(seconds):
            self._container.mux(packet)

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        import av

        try:
            yield
        except (av.error.FFmpegError, ValueError) as err:
            raise ImageError(
                f"{self._path} cannot be written: {reason_of(err)}; check that the disk has room, "
                "or write another kind of file."
            ) from err

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._opened:
            if error is not None:
                self._close_unfinished()
                return
            with self._failures_told():
                self._mux(self._stream.encode())
                if self._others is not None:
                    self._copy_others(None)
                self._container.close()

    def _close_unfinished(self) -> None:
        import av

        with suppress(av.error.FFmpegError):  # the first error is told
            self._container.close()


def _unit(chosen: Encoder, facts: VideoFacts) -> Fraction:
    """Return the time base that an encoder takes: that of the source if it can."""
    if chosen.name in _COARSE and facts.time_base.denominator > _LARGEST_UNIT:
        return Fraction(1, 30000)
    return facts.time_base
