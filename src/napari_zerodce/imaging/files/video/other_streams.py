"""What is copied of a video beside its pictures: sound, subtitles, attachments, chapters, tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from napari_zerodce.imaging.files.video.codecs import holds_sound
from napari_zerodce.imaging.files.video.opening import open_container, video_stream

_OF_CONTAINER: Final = frozenset({"major_brand", "minor_version", "compatible_brands"})
_OF_CODING: Final = frozenset({"encoder", "duration", "vendor_id", "bps", "creation_time_utc"})
_KINDS: Final = {"audio": "sound", "subtitle": "subtitles", "video": "the other picture track"}
_COVERS: Final = {"png": "png", "mjpeg": "jpeg", "bmp": "bmp"}
"""The kinds of pictures that are covers, by FFmpeg's names of their codecs."""

_OF_COVERS: Final = frozenset({".mp4", ".m4v"})
_OF_SEVERAL_PICTURES: Final = frozenset({".mp4", ".m4v", ".mov", ".mkv"})
_STATISTICS: Final = ("_statistics", "number_of_")


class OtherStreams:
    """The streams of a video that are copied packet by packet, bit for bit.

    Parameters
    ----------
    path : Path
        Of the source.
    begin : Fraction
        The second of the source that becomes 0.
    end : Fraction, optional
        If only the seconds from the first to this one are copied.
    """

    def __init__(
        self, path: Path, *, begin: Fraction = Fraction(0), end: Fraction | None = None
    ) -> None:
        self._path, self._begin, self._end = path, begin, end
        self._outputs: dict[int, Any] = {}
        self._packets = self._demuxed()
        self._waiting: tuple[Fraction, Any] | None = None
        self._covers: list[Any] = []
        self.left_out: list[str] = []
        self.notices: list[str] = []

    def __enter__(self) -> Self:
        self._source = open_container(self._path)
        self._video = video_stream(self._source, self._path)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._source.close()

    @property
    def has_tags_of_its_own(self) -> bool:
        """Whether the file has tags with long names, such as those of phones."""
        return any("." in name for name in self._source.metadata)

    def add_to(self, output: Any, pictures: Any, suffix: str) -> None:
        """Add what is copied to a container, before anything is written.

        Parameters
        ----------
        output : av.container.OutputContainer
        pictures : av.VideoStream
            The stream of the pictures in it.
        suffix : str
            Of its file.
        """
        self._outputs, self._covers = {}, []
        self.left_out, self.notices = [], []
        output.metadata.update(_told(self._source.metadata))
        pictures.metadata.update(_told(self._video.metadata))
        for stream in self._source.streams:
            if stream.index != self._video.index:
                self._add(output, stream, suffix)
        if chapters := [self._moved(each) for each in self._source.chapters()]:
            output.set_chapters([each for each in chapters if each["end"] > each["start"]])

    def _add(self, output: Any, stream: Any, suffix: str) -> None:
        from av.stream import Disposition

        name = stream.name or stream.type
        if stream.type == "data":  # time codes and chapters are written from the tags
            return
        try:
            if stream.disposition & Disposition.attached_pic:
                self._add_cover(output, stream, suffix)
                return
            if stream.type == "video":
                self._add_pictures(stream, suffix)
            elif not holds_sound(suffix, name):
                raise ValueError
            made = output.add_stream_from_template(stream, opaque=True)
            made.metadata.update(_told(stream.metadata))
            made.disposition = stream.disposition
        except (ValueError, AttributeError, KeyError):  # the container does not hold such a stream
            is_cover = bool(stream.disposition & Disposition.attached_pic)
            kind = "the cover" if is_cover else _KINDS.get(stream.type, stream.type)
            self.left_out.append(f"{kind} ({name})")
            return
        if stream.type != "attachment":
            self._outputs[stream.index] = made

    def _add_pictures(self, stream: Any, suffix: str) -> None:
        if suffix not in _OF_SEVERAL_PICTURES:
            raise ValueError
        self.notices.append(f"The other picture track ({stream.name}) is copied as it is.")

    def _add_cover(self, output: Any, stream: Any, suffix: str) -> None:
        """Add a picture that is shown for the whole file, as music and shops have one."""
        picture = self._packet_of(stream)
        if suffix == ".mkv":
            kind = _COVERS[stream.name]
            title = stream.metadata.get("filename", f"cover.{kind}")
            output.add_attachment(title, f"image/{kind}", bytes(picture))
            return
        if suffix not in _OF_COVERS or stream.name not in _COVERS:
            raise ValueError
        made = output.add_stream_from_template(stream, opaque=True)
        made.disposition = stream.disposition
        picture.stream, picture.pts, picture.dts = made, 0, 0
        self._covers.append(picture)

    def _packet_of(self, stream: Any) -> Any:
        """Return the one packet of a picture, which may stand before the part that is copied."""
        with open_container(self._path) as source:
            found = next(source.demux(source.streams[stream.index]))
        if not found.size:
            raise ValueError
        return found

    def _demuxed(self) -> Iterator[tuple[Fraction, Any]]:
        """Yield packets with their times in seconds of the result."""
        yield from ((Fraction(0), cover) for cover in self._covers)
        streams = [self._source.streams[index] for index in self._outputs]
        if not streams:
            return
        time = self._begin
        for packet in self._source.demux(streams):
            if not packet.size:  # the empty one at the end
                continue
            known = packet.pts if packet.dts is None else packet.dts
            time = time if known is None else known * packet.time_base
            if self._end is None or self._begin <= time < self._end:
                yield time - self._begin, self._moved_packet(packet)

    def _moved_packet(self, packet: Any) -> Any:
        shift = round(self._begin / packet.time_base)
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.stream = self._outputs[packet.stream.index]
        return packet

    def until(self, seconds: Fraction | None) -> Iterator[Any]:
        """Yield the packets up to a time, or the rest.

        Parameters
        ----------
        seconds : Fraction, optional
            Of the result.
        """
        while (waiting := self._waiting or next(self._packets, None)) is not None:
            time, packet = self._waiting = waiting
            if seconds is not None and time > seconds:
                return
            self._waiting = None
            yield packet

    def _moved(self, chapter: Any) -> Any:
        if self._end is None:
            return chapter
        begin, end = (round(each / chapter["time_base"]) for each in (self._begin, self._end))
        return chapter | {
            name: min(max(chapter[name], begin), end) - begin for name in ("start", "end")
        }


def _told(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that stay true after the pictures are encoded again."""
    return {
        name: text
        for name, text in tags.items()
        if name.lower() not in _OF_CONTAINER | _OF_CODING
        and not name.lower().startswith(_STATISTICS)
    }
