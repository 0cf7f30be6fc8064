"""OpenEXR: linear floats of any layers; channels that are no brightness come back unchanged."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos.facts import facts_beyond
from napari_zerodce.imaging.planes import Array, Channels

KINDS: Final = (FileKind("OpenEXR", (".exr",), modules=("OpenEXR",)),)

_KEY: Final = "exr"
_GROUPS: Final[tuple[tuple[str, Channels], ...]] = (("RGBA", "rgba"), ("RGB", "rgb"), ("Y", "mono"))
_FLOATS: Final = ("float16", "float32")
_COMPUTED: Final = ("channels", "chunkCount")
"""What the library finds itself."""

_ABOUT_STORAGE: Final = frozenset(
    {"compression", "type", "lineOrder", "tiles", "version", "maxSamplesPerPixel", "name", "view"}
    | {"dataWindow", "displayWindow", "pixelAspectRatio", "screenWindowCenter", "screenWindowWidth"}
    | {"dwaCompressionLevel", "zipCompressionLevel"}
)
"""Attributes that tell how the file is stored, or that all files must have."""

_NOT_TOLD: Final = _ABOUT_STORAGE | {*_COMPUTED}

_Part = tuple[dict[str, Any], dict[str, Any]]
"""The header and the channels of a part, as the library has them."""


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read each layer that is RGB, RGBA or Y; alpha is taken out of the colours.

    Raises
    ------
    ImageError
        If no channel is an image, or channels have fewer pixels than others.
    Exception
        Any other, if the file is damaged.
    """
    import OpenEXR

    with OpenEXR.File(str(path), header_only=True) as file:
        count = len(file.parts)
    # The library leaves parts out that it cannot read, and prints a warning.
    printed = redirect_stdout(io.StringIO())
    with printed, OpenEXR.File(str(path), separate_channels=True) as file:
        parts = [(dict(part.header), dict(part.channels)) for part in file.parts]
    if len(parts) < count:
        raise ValueError("it is damaged")
    if any(channel.xSampling > 1 for _, channels in parts for channel in channels.values()):
        raise ImageError(
            f"{path.name} has channels of fewer pixels, such as luminance and chroma, which are "
            "not supported; convert it to RGB."
        )
    images = [
        _image(number, names, channels, parts)
        for number, part in enumerate(parts)
        for names, channels in _groups(_arrays(part))
    ]
    if not images:
        found = ", ".join(name for _, arrays in parts for name in arrays)
        raise ImageError(
            f"{path.name} has the channels {found}, but R, G and B, or Y, are expected; "
            "rename its channels in the program that wrote it."
        )
    return tuple(images)


def _arrays(part: _Part) -> dict[str, Array]:
    return {name: np.asarray(channel.pixels) for name, channel in part[1].items()}


def _groups(arrays: Mapping[str, Array]) -> list[tuple[tuple[str, ...], Channels]]:
    """Return the channels of each image: those of one layer, such as "diffuse.R"."""
    layers = dict.fromkeys(name.rpartition(".")[0] for name in arrays)
    found = [_group(f"{layer}." if layer else "", arrays) for layer in layers]
    groups = [group for group in found if group]
    if not groups and len(arrays) == 1:  # a single channel of any name
        return [(tuple(arrays), "mono")]
    return groups


def _group(prefix: str, arrays: Mapping[str, Array]) -> tuple[tuple[str, ...], Channels] | None:
    for letters, channels in _GROUPS:
        names = tuple(prefix + letter for letter in letters)
        found = [arrays[name] for name in names if name in arrays]
        are_floats = all(array.dtype.kind == "f" for array in found)
        if len(found) == len(names) and are_floats and len({each.shape for each in found}) == 1:
            return names, channels
    return None


def _image(
    number: int,
    names: tuple[str, ...],
    channels: Channels,
    parts: Sequence[_Part],
) -> ImageFile:
    arrays = _arrays(parts[number])
    if channels == "mono":
        array = arrays[names[0]]
    else:
        array = np.stack([arrays[name] for name in names], axis=-1)
    if channels == "rgba":
        array = _divided(array)
    return ImageFile(array, channels, {_KEY: {"part": number, "names": names, "parts": parts}})


def _divided(array: Array) -> Array:
    """Return the colours without alpha; where it is 0, they are light that adds and stay."""
    alpha = array[..., 3:].astype(np.float32)
    divisor = np.where(alpha > 0, alpha, 1)
    return np.concatenate([(array[..., :3] / divisor).astype(array.dtype), array[..., 3:]], axis=-1)


def _multiplied(array: Array) -> Array:
    alpha = array[..., 3:].astype(np.float32)
    factor = np.where(alpha > 0, alpha, 1)
    return np.concatenate([(array[..., :3] * factor).astype(array.dtype), array[..., 3:]], axis=-1)


def can_hold(images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return whether images are planes of half or single floats.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return all(
        image.array.dtype.name in _FLOATS
        and image.array.ndim == (2 if image.channels == "mono" else 3)
        for image in images
    ) and (len(images) == 1 or all(_KEY in image.details for image in images))


def left_out(images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that a file cannot hold.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return tuple(dict.fromkeys(name for image in images for name in facts_beyond(image, ())))


def only_here(images: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return the names of channels and attributes that only an OpenEXR can hold, such as "Z".

    Parameters
    ----------
    images : sequence of ImageFile
        From files of any kind.
    """
    known = [image.details[_KEY] for image in images if _KEY in image.details]
    if not known:
        return ()
    taken = {(each["part"], name) for each in known for name in each["names"]}
    parts: Sequence[_Part] = known[0]["parts"]
    channels = [
        f"channel {name}"
        for number, (_, named) in enumerate(parts)
        for name in named
        if (number, name) not in taken
    ]
    facts = [key for header, _ in parts for key in header if key not in _NOT_TOLD]
    return tuple(dict.fromkeys((*channels, *facts)))


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write images into the layers and parts that they had, beside all other channels.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        Planes of floats.
    """
    import OpenEXR

    parts = _parts_of(images)
    if len(parts) == 1:
        OpenEXR.File(*parts[0]).write(str(path))
    else:
        OpenEXR.File([OpenEXR.Part(*part, part[0]["name"]) for part in parts]).write(str(path))


def _parts_of(images: Sequence[ImageFile]) -> list[_Part]:
    known = [image.details.get(_KEY) or _new(image) for image in images]
    parts: list[_Part] = [
        ({key: header[key] for key in header if key not in _COMPUTED}, dict(channels))
        for header, channels in known[0]["parts"]
    ]
    for each, image in zip(known, images, strict=True):
        header, channels = parts[each["part"]]
        new = _channels(each["names"], image)
        old = channels.get(each["names"][0])
        if old is None or old.pixels.shape != image.array.shape[:2]:
            # A part of the image: no other channel has its place.
            header.pop("dataWindow", None)
            channels.clear()
        channels.update(new)
    return parts


def _new(image: ImageFile) -> dict[str, Any]:
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    names = next(letters for letters, channels in _GROUPS if channels == image.channels)
    return {"part": 0, "names": tuple(names), "parts": [(header, {})]}


def _channels(names: Sequence[str], image: ImageFile) -> dict[str, Array]:
    if image.channels == "mono":
        return {names[0]: np.ascontiguousarray(image.array)}
    array = _multiplied(image.array) if image.channels == "rgba" else image.array
    return {name: np.ascontiguousarray(array[..., place]) for place, name in enumerate(names)}
