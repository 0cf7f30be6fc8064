"""Interlaced frames: two fields of different times in the odd and the even rows of a frame."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, Literal

Fields = Literal["", "tff", "bff"]
"""Which rows are shown first, as FFmpeg names it: those from the top, or from the second; "" for
progressive frames."""

_SWAPPED: Final[dict[Fields, Fields]] = {"": "", "tff": "bff", "bff": "tff"}

_MARKED: Final = frozenset({"mpeg2video", "mpeg4", "libx264", "prores_ks", "ffv1", "ffvhuff"})
"""Encoders that tell that frames are interlaced."""

_ORDERS: Final = {"tff": 2, "bff": 3}
"""The first field, as FFmpeg numbers it in streams."""


def order_of(frame: Any) -> Fields:
    """Return the order of the fields of a decoded frame.

    Parameters
    ----------
    frame : av.VideoFrame
    """
    import av

    if not frame.interlaced_frame:
        return ""
    try:  # PyAV has no other way to this mark
        _filtered(frame, "select", "eq(interlace_type,TOPFIRST)")
    except (av.error.BlockingIOError, av.error.EOFError):
        return "bff"
    return "tff"


def order_from(first_row: int, fields: Fields) -> Fields:
    """Return the order of the fields of a part of frames.

    Parameters
    ----------
    first_row : int
        Of the part.
    fields : {"", "tff", "bff"}
        Of the frames.
    """
    return _SWAPPED[fields] if first_row % 2 else fields


def marked(frame: Any, fields: Fields) -> Any:
    """Return a frame that says the order of its fields; FFmpeg then scales each of them alone.

    Parameters
    ----------
    frame : av.VideoFrame
    fields : {"tff", "bff"}
    """
    return _filtered(frame, "setfield", fields)


def kept_by(encoder: str, height: int) -> bool:
    """Return whether an encoder keeps two fields in a frame of a height.

    Parameters
    ----------
    encoder : str
        As FFmpeg names it.
    height : int
        Each field has half of it, and its colours a quarter.
    """
    return encoder in _MARKED and height % 4 == 0


def prepare(stream: Any, encoder: str, fields: Fields) -> None:
    """Tell an encoder that its frames are interlaced, before it begins.

    Parameters
    ----------
    stream : av.VideoStream
    encoder : str
        As FFmpeg names it.
    fields : {"tff", "bff"}
    """
    from av.codec.context import Flags

    context = stream.codec_context
    context.field_order = _ORDERS[fields]
    if encoder in {"mpeg2video", "mpeg4", "libx264", "prores_ks"}:
        context.flags |= int(Flags.interlaced_dct)
    if encoder in {"mpeg2video", "mpeg4"}:
        context.flags |= int(Flags.interlaced_me)


def _filtered(frame: Any, name: str, said: str) -> Any:
    """Return a frame as it leaves a filter of FFmpeg."""
    from av.filter import Graph

    graph = Graph()
    first = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format.name,
        time_base=frame.time_base or Fraction(1, 1000),
    )
    last = graph.add("buffersink")
    graph.link_nodes(first, graph.add(name, said), last).configure()
    first.push(frame)
    return last.pull()
