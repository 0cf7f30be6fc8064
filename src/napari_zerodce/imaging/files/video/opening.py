"""How a video file is opened, as a file and nothing else, and how its frames are decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from napari_zerodce.errors import ImageError

_DEMUXERS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,h264,hevc,m4v,ivf"
)
"""A playlist with the suffix of a video could name other files, and URLs."""

_OPTIONS: Final = {"protocol_whitelist": "file", "format_whitelist": _DEMUXERS}


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a video file to read it.

    Parameters
    ----------
    path : Path

    Yields
    ------
    av.container.InputContainer

    Raises
    ------
    ImageError
        If it is no video.
    """
    with open_container(path) as container:
        yield container


def open_container(path: Path) -> Any:
    """Return an open container, which is to be closed; parameters and errors as for `opened`."""
    import av

    # Never `av.logging.set_level`: its callback takes Python's lock in the decoder's threads, which
    # hung a file that was closed before its end. PyAV prints nothing by itself.
    try:
        # The name is absolute, because FFmpeg takes what is before a colon for a protocol.
        return av.open(str(path.absolute()), options=_OPTIONS, metadata_errors="replace")
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError) as err:
        raise ImageError(
            f"{path.name} is no whole video: the name ends with {path.suffix}, but no table of "
            "its frames is found; check whether another program plays it, and give a picture the "
            "suffix of its kind."
        ) from err


def video_stream(container: Any, path: Path) -> Any:
    """Return the pictures of a container, with a decoder of several threads.

    Parameters
    ----------
    container : av.container.InputContainer
    path : Path
        For the message.

    Raises
    ------
    ImageError
        If it has none, or there is no decoder for them.
    """
    from av.stream import Disposition

    cover = Disposition.attached_pic
    found = [each for each in container.streams.video if not each.disposition & cover]
    if not found:
        kinds = sorted({each.type for each in container.streams}) or ["nothing"]
        raise ImageError(f"{path.name} holds no pictures, but {' and '.join(kinds)}; give a video.")
    stream = found[0]
    if stream.codec_context is None:
        raise ImageError(
            f"{path.name} is a video of a codec that FFmpeg does not decode; convert it to H.264."
        )
    stream.thread_type = "AUTO"
    return stream


def frames_in(container: Any, stream: Any) -> Iterator[Any]:
    """Yield decoded frames in the order they are shown, and None for each part that is broken.

    Parameters
    ----------
    container : av.container.InputContainer
    stream : av.VideoStream

    Yields
    ------
    av.VideoFrame or None
    """
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            frames = () if packet is None else packet.decode()
        except av.error.EOFError:
            return
        except (av.error.InvalidDataError, av.error.ExternalError, av.error.ExitError):
            yield None
            continue
        if packet is None:
            return
        yield from frames
