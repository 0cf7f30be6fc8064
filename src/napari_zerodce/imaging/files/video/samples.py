"""How the pixels of a video frame become samples of an image, and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.video.fields import Fields, marked
from napari_zerodce.imaging.planes import Array, Channels

_FORMATS: Final[dict[Channels, dict[int, str]]] = {
    "mono": {8: "gray"} | {bits: f"gray{bits}le" for bits in (9, 10, 12, 14, 16)},
    "rgb": {8: "rgb24"} | {bits: f"gbrp{bits}le" for bits in (9, 10, 12, 14)} | {16: "rgb48le"},
    "rgba": {8: "rgba"} | {bits: f"gbrap{bits}le" for bits in (10, 12, 14)} | {16: "rgba64le"},
}

_LIMITED, _FULL = 1, 2
_MATRICES: Final = frozenset({1, 4, 5, 6, 7, 9})
"""The colour spaces, as FFmpeg numbers them, that its scaler converts from and to."""
_OTHER_MATRICES: Final = {8: "YCgCo", 10: "BT.2020 of constant luminance", 14: "ICtCp"}
_RGB, _BT709, _UNKNOWN = 0, 1, 2


def is_rgb(pixels: str) -> bool:
    """Return whether pixels are red, green and blue, perhaps by a palette.

    Parameters
    ----------
    pixels : str
        As FFmpeg names them.
    """
    import av

    known = av.VideoFormat(pixels)
    return bool(known.is_rgb or known.has_palette)


@dataclass(frozen=True)
class SampleKind:
    """What the samples of a video are.

    Parameters
    ----------
    channels : {"mono", "rgb", "rgba"}
    depth : int
        Bits of a sample, from 8 to 16.
    """

    channels: Channels
    depth: int

    @classmethod
    def of(cls, pixels: Any) -> SampleKind:
        """Return the kind of samples that hold the pixels of a format of FFmpeg.

        Parameters
        ----------
        pixels : av.VideoFormat
        """
        parts = pixels.components
        depth = max(8, *(part.bits for part in parts))
        is_grey = len(parts) == 1 and not (pixels.is_rgb or pixels.has_palette)
        has_alpha = any(part.is_alpha for part in parts)
        return cls._holding("rgba" if has_alpha else "mono" if is_grey else "rgb", depth)

    @classmethod
    def of_array(cls, array: Any, channels: Channels, bits: int | None) -> SampleKind:
        """Return the kind of the samples of an array of uint8 or uint16.

        Parameters
        ----------
        array : array-like
        channels : {"mono", "rgb", "rgba"}
        bits : int, optional
            As in `ImageFile`.
        """
        return cls._holding(channels, bits or 8 * array.dtype.itemsize)

    @classmethod
    def _holding(cls, channels: Channels, depth: int) -> SampleKind:
        return cls(
            channels, min((bits for bits in _FORMATS[channels] if bits >= depth), default=16)
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of an array of them."""
        return np.dtype(np.uint8 if self.depth == 8 else np.uint16)

    @property
    def bits(self) -> int | None:
        """How many bits count, if fewer than the dtype has."""
        return None if self.depth in {8, 16} else self.depth

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of a format that holds these samples as they are."""
        return _FORMATS[self.channels][self.depth]

    def shape(self, height: int, width: int) -> tuple[int, ...]:
        """Return the shape of a frame."""
        colours = {"mono": (), "rgb": (3,), "rgba": (4,)}[self.channels]
        return (height, width, *colours)


@dataclass(frozen=True)
class Colour:
    """What the numbers of a video mean, as FFmpeg numbers these meanings.

    Parameters
    ----------
    extent : int
        0 unknown, 1 limited (16 is black and 235 white), 2 full.
    primaries, transfer, space : int
        2 unknown.
    """

    extent: int = 0
    primaries: int = _UNKNOWN
    transfer: int = _UNKNOWN
    space: int = _UNKNOWN

    @classmethod
    def of(cls, stream: Any) -> Colour:
        """Return those of a stream or of a frame.

        Parameters
        ----------
        stream : av.VideoStream or av.VideoFrame
        """
        return cls(stream.color_range, stream.color_primaries, stream.color_trc, stream.colorspace)

    def or_else(self, other: Colour) -> Colour:
        """Return the same, with another's where something is unknown.

        Parameters
        ----------
        other : Colour
        """
        space, primaries, transfer = (
            own if own != _UNKNOWN else its
            for own, its in (
                (self.space, other.space),
                (self.primaries, other.primaries),
                (self.transfer, other.transfer),
            )
        )
        return Colour(self.extent or other.extent, primaries, transfer, space)

    def check(self, pixels: Any, path: Path) -> None:
        """Raise an ImageError if luma and chroma mean colours that FFmpeg does not convert.

        Parameters
        ----------
        pixels : av.VideoFormat
        path : Path
            For the message.
        """
        is_chroma = len(pixels.components) > 2 and not pixels.is_rgb
        if is_chroma and self.space not in _MATRICES | {_RGB, _UNKNOWN, 3}:
            name = _OTHER_MATRICES.get(self.space, f"matrix {self.space}")
            raise ImageError(
                f"{path.name} has the colours {name}, which are not supported here; convert the "
                "video to BT.709 with another program."
            )

    def of_pixels(self, source: str, target: str) -> Colour:
        """Return those of pixels that are converted: "GBR" is a mark of RGB alone.

        Parameters
        ----------
        source, target : str
            Formats, as FFmpeg names them.
        """
        if source == target:
            return self
        if is_rgb(target):
            return Colour(self.extent, self.primaries, self.transfer, _RGB)
        if is_rgb(source):
            return Colour(_LIMITED, self.primaries, self.transfer, _BT709)
        return self

    def mark(self, stream: Any) -> None:
        """Write them into a stream that is encoded."""
        stream.color_range, stream.colorspace = self.extent, self.space
        stream.color_primaries, stream.color_trc = self.primaries, self.transfer

    @property
    def _matrix(self) -> int:
        return self.space if self.space in _MATRICES else _UNKNOWN


def samples_of(frame: Any, kind: SampleKind, colour: Colour) -> Array:
    """Return the samples of a decoded frame, whose full range is that of their bits.

    Parameters
    ----------
    frame : av.VideoFrame
    kind : SampleKind
    colour : Colour
        What the file says of all frames.

    Returns
    -------
    ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        Read-only.
    """
    made = frame.reformat(  # field by field, if it is interlaced
        format=kind.pixel_format,
        src_colorspace=colour._matrix,
        src_color_range=colour.extent or _usual_extent(frame.format),
        dst_color_range=_FULL,
        interpolation=_exact(),
    )
    array: Array = made.to_ndarray(channel_last=True)
    array.flags.writeable = False
    return array


def frame_of(
    samples: Array, kind: SampleKind, pixel_format: str, colour: Colour, fields: Fields = ""
) -> Any:
    """Return a frame for an encoder; the inverse of `samples_of`, if the format holds all of it.

    Parameters
    ----------
    samples : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
    kind : SampleKind
        Of the samples.
    pixel_format : str
        Of the frame.
    colour : Colour
        Of the frame.
    fields : {"", "tff", "bff"}
        Which rows are shown first, if it is interlaced.

    Returns
    -------
    av.VideoFrame
    """
    import av

    wanted = av.VideoFormat(pixel_format)
    extent = _FULL if wanted.is_rgb else colour.extent or _usual_extent(wanted)
    planar = kind.pixel_format.startswith("gbr")
    frame = av.VideoFrame.from_ndarray(
        np.ascontiguousarray(samples), kind.pixel_format, channel_last=planar
    )
    frame.color_range = _FULL
    if fields:
        frame = marked(frame, fields)
    return frame.reformat(
        format=pixel_format,
        src_color_range=_FULL,
        dst_color_range=extent,
        dst_colorspace=colour._matrix,
        interpolation=_exact(),
    )


def _usual_extent(pixels: Any) -> int:
    """Return the range of a format if nothing says it: of grey pictures the scientific one."""
    is_full = pixels.is_rgb or pixels.name.startswith(("yuvj", "gray", "ya", "pal", "mono"))
    return _FULL if is_full else _LIMITED


def _exact() -> Any:
    from av.video.reformatter import Interpolation

    return (
        Interpolation.BICUBIC
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT
        | Interpolation.FULL_CHR_H_INP
    )
