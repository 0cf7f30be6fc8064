"""The pixels of a photo that Pillow decodes: grey stays grey, all other colours become RGB."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageCms, ImageMode
from PIL.ImageFile import ImageFile as Photo

from napari_zerodce.imaging.files.frame_times import in_steps, step_for_ome, step_in
from napari_zerodce.imaging.files.image_file import ImageFile, check_room, without_pixels
from napari_zerodce.imaging.planes import Array, Channels

_MOST_PIXELS_PER_BYTE: Final = 8 * 1032  # in a PNG of one bit per pixel
_UNPACKED: Final = {"1", "L", "I;16", "I", "F"}
"""Modes whose samples are used as Pillow has them."""

INKS: Final = {"CMYK": b"CMYK", "LAB": b"Lab "}
"""Colours other than RGB, and how their profiles are marked."""


def check_claim(photo: Photo, path: Path) -> None:
    """Refuse a file that is too small for the pixels that it claims.

    Parameters
    ----------
    photo : PIL.ImageFile.ImageFile
        Of a kind that compresses less than PNG.
    path : Path

    Raises
    ------
    ValueError
        If it is too small.
    """
    if photo.width * photo.height > _MOST_PIXELS_PER_BYTE * path.stat().st_size:
        raise ValueError(f"it is too small for the {photo.width}x{photo.height} pixels it claims")


def image_of(photo: Photo, path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Return the first picture of a photo, or all of an animation, without its other facts.

    Parameters
    ----------
    photo : PIL.ImageFile.ImageFile
    path : Path
    with_pixels : bool
        Whether they are decoded. Without, they are if only they tell the kind of the image.

    Returns
    -------
    ImageFile
        With "animation" and "axes" in its details if it has several pictures, and with "lost" for
        the names of what reading changes.

    Raises
    ------
    ImageError
        If it does not fit in memory.
    """
    if getattr(photo, "is_animated", False):
        return _animation(photo, path)
    if not with_pixels and photo.mode != "P":  # a palette may be one of greys
        return outline_of(photo)
    count = photo.width * photo.height
    if photo.mode in _UNPACKED and not photo.has_transparency_data:
        check_room(3 * count * (1 if photo.mode in {"1", "L"} else 4), path)
        return ImageFile(np.asarray(photo), "mono")  # bool if bilevel: refused as a mask
    # Pillow needs 4 bytes for each pixel and copies them twice on the way to NumPy.
    check_room(12 * count, path)
    mode = "RGBA" if photo.has_transparency_data else "RGB"
    if mode == "RGB" and photo.mode in INKS:
        return ImageFile(np.asarray(_without_inks(photo)), "rgb", {"lost": (photo.mode,)})
    array = np.asarray(photo if photo.mode == mode else photo.convert(mode))
    if photo.mode == "P" and mode == "RGB" and not photo.info.get("icc_profile"):
        array = _grey_if_equal(array)
    return ImageFile(array, channels_of(array))


def outline_of(photo: Photo, colours: type[np.unsignedinteger[Any]] = np.uint8) -> ImageFile:
    """Return a picture of any mode but "P" as its header tells it, without its pixels.

    Parameters
    ----------
    photo : PIL.ImageFile.ImageFile
    colours : dtype
        Of the samples of colours.
    """
    size, has_alpha = (photo.height, photo.width), photo.has_transparency_data
    if photo.mode in _UNPACKED and not has_alpha:
        dtype = "?" if photo.mode == "1" else ImageMode.getmode(photo.mode).typestr
        return ImageFile(without_pixels(size, dtype), "mono")
    array = without_pixels((*size, 4 if has_alpha else 3), colours)
    return ImageFile(array, channels_of(array))


def channels_of(array: Array) -> Channels:
    """Return what the last axis of one plane is.

    Parameters
    ----------
    array : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
    """
    return "mono" if array.ndim == 2 else "rgb" if array.shape[2] == 3 else "rgba"


def with_known_samples(array: Array) -> Array:
    """Return an array whose grey with alpha has become RGBA.

    Parameters
    ----------
    array : ndarray, shape (H, W) or (H, W, S)
    """
    if array.shape[2:] == (1,):
        return array[..., 0]
    return array[..., [0, 0, 0, 1]] if array.shape[2:] == (2,) else array


def _grey_if_equal(array: Array) -> Array:
    red = array[..., :1]
    return array[..., 0] if bool((array == red).all()) else array


def _without_inks(photo: Photo) -> Image.Image:
    """Return a print or Lab photo in sRGB, by its own profile if that is valid."""
    profile = photo.info.get("icc_profile") or b""
    if profile[16:20] == INKS[photo.mode]:
        try:
            converted = ImageCms.profileToProfile(
                photo,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    if photo.mode != "LAB":
        return photo.convert("RGB")
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(photo, lab, rgb, outputMode="RGB") or photo.convert("RGB")


def _animation(photo: Any, path: Path) -> ImageFile:
    count = photo.n_frames
    check_room(10 * count * photo.width * photo.height, path)
    height, width = photo.height, photo.width  # a later picture may make them larger
    frames = np.zeros((count, height, width, 4), np.uint8)
    durations = []
    for number in range(count):
        photo.seek(number)
        frames[number] = np.asarray(photo.convert("RGBA"))[:height, :width]
        durations.append(round(float(photo.info.get("duration") or 0)))
    told = {
        "durations": tuple(durations),
        "loop": photo.info.get("loop"),
        "default_image": bool(photo.info.get("default_image")),
    }
    array: Array = frames
    if (frames[..., 3] == 255).all():
        array = _grey_if_equal(frames[..., :3]) if photo.format == "GIF" else frames[..., :3]
    channels: Channels = "mono" if array.ndim == 3 else "rgb" if array.shape[3] == 3 else "rgba"
    axes = "TYX" if channels == "mono" else "TYXS"
    details = {"axes": axes, "animation": told, **step_for_ome(durations)}
    return ImageFile(np.ascontiguousarray(array), channels, details)


_LONGEST_STEP: Final = 10
"""Seconds: a series that was taken more slowly is no animation at its own speed."""


def pillow_images(image: ImageFile) -> list[Image.Image]:
    """Return the picture, or the pictures of an animation, as Pillow has them.

    Parameters
    ----------
    image : ImageFile
        Of 8 bits.
    """
    array = np.ascontiguousarray(image.array)
    planes = array if is_animation(image) else array[np.newaxis]
    return [Image.fromarray(plane) for plane in planes]


def is_animation(image: ImageFile) -> bool:
    """Return whether an image is a stack over time, and not a plane.

    Parameters
    ----------
    image : ImageFile
    """
    axes = image.array.ndim - (image.channels != "mono")
    return axes == 3 and str(image.details.get("axes", "")).startswith("T")


def animation_options(
    image: ImageFile, *, once: int | None = None, unit: int = 1
) -> dict[str, Any]:
    """Return what Pillow's writers of animations take; empty for a plane.

    Parameters
    ----------
    image : ImageFile
    once : int, optional
        What "loop" is in this format if the animation is played once.
    unit : int
        Of the format's durations, in milliseconds.
    """
    if not is_animation(image):
        return {}
    told = image.details.get("animation") or {"loop": 0}
    durations = told.get("durations") or ()
    count = len(image.array)
    if len(durations) != count:  # a part of the animation, or a stack of another kind of file
        durations = _step_of(image, durations) * count
    steps = in_steps([Fraction(each) / unit for each in durations])
    loop = once if told.get("loop") is None else told["loop"]
    options = {"save_all": True, "duration": [unit * each for each in steps]}
    return options if loop is None else options | {"loop": int(loop)}


def _step_of(image: ImageFile, durations: Sequence[int]) -> tuple[Fraction | int]:
    """Return how long each picture is shown of a stack that says no time for each: milliseconds."""
    if durations:
        return (durations[0],)
    step = step_in(image)
    return (1000 * step if step and step < _LONGEST_STEP else 100,)
