"""Video files, decoded and encoded by FFmpeg through PyAV: a series of frames, and their sound."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.frame_times import durations_in, in_steps, step_in
from napari_zerodce.imaging.files.image_file import BACK, SIDEWAYS, ImageFile, upright
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

_PLAYABLE: Final = range(1, 241)
"""Frames in a second: a series that was taken more slowly is no video at its own speed."""


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read a video as one image with an axis of time; its frames are decoded when needed.

    Raises
    ------
    ImageError
        If it is no video.
    """
    facts = survey(path)
    return (image_of(facts, orientation=facts.orientation),)


def image_of(facts: VideoFacts, *, orientation: int = 1) -> ImageFile:
    """Return a video as an image with an axis of time.

    Parameters
    ----------
    facts : VideoFacts
    orientation : int
        How its frames are turned, as EXIF numbers it; by default they are as the file holds them.
    """
    step = {"TimeIncrement": float(1 / facts.rate), "TimeIncrementUnit": "s"}
    colours = "" if facts.kind.channels == "mono" else "S"
    milliseconds = [int(each) * facts.time_base * 1000 for each in facts.durations]
    details = {
        "axes": f"TYX{colours}",
        "dialect": "ome",
        "metadata": step,
        "video": facts,
        "animation": {"durations": in_steps(milliseconds), "loop": 0},
    }
    frames: Any = VideoFrames(facts, orientation)
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


def only_here(images: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return the names of what only a video can hold, such as "sound".

    Parameters
    ----------
    images : sequence of ImageFile
        From files of any kind.
    """
    facts: list[VideoFacts] = [each.details["video"] for each in images if "video" in each.details]
    return tuple(dict.fromkeys(name for each in facts for name in each.beside))


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
    is_whole = facts is image.details.get("video")
    others = OtherStreams(facts.path, begin=facts.begin) if is_whole else None
    orientation = facts.orientation if is_whole else 1
    quality = image.details.get("quality", USUAL_QUALITY)
    with VideoWriter(path, facts, others=others, quality=quality) as writer:
        for frame in image.array:
            writer.write(upright(frame, BACK.get(orientation, orientation), rows=0))


def facts_of(image: ImageFile, path: Path) -> VideoFacts:
    """Return the facts of a video that is made of an image with one axis before its planes.

    Parameters
    ----------
    image : ImageFile
    path : Path
        Of the image.
    """
    layout = layout_of(image.array, channels=image.channels)
    source: VideoFacts | None = image.details.get("video")
    kind = SampleKind.of_array(image.array, image.channels, image.bits)
    size = layout.height, layout.width
    if source is not None and source.kind == kind and source.count == layout.count:
        stored = size[::-1] if source.orientation in SIDEWAYS else size
        if stored == source.pixels:
            return source
    durations, unit, _ = durations_of(image, slice(None))
    return facts_of_stack(path, kind, size, durations, unit)


def durations_of(image: ImageFile, part: slice) -> tuple[Sequence[int], Fraction, bool]:
    """Return how long the images of a series are shown, in which unit, and whether a file says it.

    Parameters
    ----------
    image : ImageFile
    part : slice
        The images that are wanted.
    """
    count = len(range(*part.indices(image.array.shape[0])))
    durations = durations_in(image)
    if len(durations) == image.array.shape[0] and len(set(durations)) > 1:
        return durations[part], Fraction(1, 1000), True
    step = Fraction(durations[0], 1000) if durations else step_in(image)
    if step is not None and (durations or round(1 / step) in _PLAYABLE):
        return (1,) * count, 1 / (1 / step).limit_denominator(1001), True
    return (1,) * count, 1 / USUAL_RATE, False
