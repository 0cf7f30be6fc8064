"""Video files, decoded and encoded by FFmpeg through PyAV: a series of frames, and their sound."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.video.codecs import USUAL_QUALITY
from napari_zerodce.imaging.files.video.frames import VideoFrames
from napari_zerodce.imaging.files.video.other_streams import OtherStreams
from napari_zerodce.imaging.files.video.samples import SampleKind
from napari_zerodce.imaging.files.video.survey import VideoFacts, facts_of_stack, survey
from napari_zerodce.imaging.files.video.writing import VideoWriter
from napari_zerodce.imaging.planes import layout_of


def _kind(title: str, *suffixes: str) -> FileKind:
    return FileKind(
        title, suffixes, is_lossy=True, has_quality=True, modules=("av",), extra="video"
    )


KINDS: Final = (
    _kind("MP4 video", ".mp4", ".m4v"),
    _kind("QuickTime video", ".mov"),
    _kind("AVI video", ".avi"),
    _kind("Matroska video", ".mkv"),
    _kind("WebM video", ".webm"),
    _kind("MPEG video", ".mpg", ".mpeg"),
    _kind("Windows Media video", ".wmv"),
    # Of camcorders. What has no end is for sending, so the result is a file for keeping.
    FileKind(
        "MPEG transport stream",
        (".mts", ".m2ts", ".ts"),
        is_written=False,
        result=".mp4",
        modules=("av",),
        extra="video",
    ),
)

SUFFIXES: Final = tuple(suffix for kind in KINDS for suffix in kind.suffixes)

USUAL_RATE: Final = Fraction(10)
"""Frames in a second of a video that is made of images that do not tell it."""


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read a video as one image with an axis of time; its frames are decoded when needed.

    Raises
    ------
    ImageError
        If it is no video.
    """
    return (image_of(survey(path)),)


def image_of(facts: VideoFacts) -> ImageFile:
    """Return a video as an image with an axis of time.

    Parameters
    ----------
    facts : VideoFacts
    """
    step = {"TimeIncrement": float(1 / facts.rate), "TimeIncrementUnit": "s"}
    colours = "" if facts.kind.channels == "mono" else "S"
    details = {"axes": f"TYX{colours}", "dialect": "ome", "metadata": step, "video": facts}
    frames: Any = VideoFrames(facts)
    return ImageFile(frames, facts.kind.channels, details, bits=facts.kind.bits)


def can_hold(images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return whether there is one image of 8 or 16 bits, with one axis before its planes.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    if len(images) != 1:
        return False
    (image,) = images
    layout = layout_of(image.array, channels=image.channels)
    return len(layout.leading) == 1 and image.array.dtype in (np.uint8, np.uint16)


def left_out(_images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that are left out: the command for videos tells them itself.

    Parameters
    ----------
    _images : sequence of ImageFile
    _suffix : str
    """
    return ()


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write a series of frames, with the sound of the video that it is made of.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        One that `can_hold` accepts.
    """
    (image,) = images
    facts = facts_of(image, path)
    quality = image.details.get("quality", USUAL_QUALITY)
    if facts is not image.details.get("video"):
        with VideoWriter(path, facts, quality=quality) as writer:
            for frame in image.array:
                writer.write(frame)
        return
    others = OtherStreams(facts.path, begin=facts.begin)
    with others, VideoWriter(path, facts, others=others, quality=quality) as writer:
        for frame in image.array:
            writer.write(frame)


def facts_of(image: ImageFile, path: Path, rate: Fraction = USUAL_RATE) -> VideoFacts:
    """Return the facts of a video that is made of an image with one axis before its planes.

    Parameters
    ----------
    image : ImageFile
    path : Path
        Of the image.
    rate : Fraction
        Frames in a second, if the image is no video.
    """
    layout = layout_of(image.array, channels=image.channels)
    source: VideoFacts | None = image.details.get("video")
    kind = SampleKind.of_array(image.array, image.channels, image.bits)
    shape = (*layout.leading, layout.height, layout.width)
    if source is not None and source.kind == kind and (source.count, *source.pixels) == shape:
        return source
    return facts_of_stack(path, layout.count, kind, (layout.height, layout.width), rate)
