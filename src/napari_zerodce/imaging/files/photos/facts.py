"""The facts of a photo that all formats share: as Pillow tells them, and as they fit an image."""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from PIL.ImageFile import ImageFile as Photo

from napari_zerodce.imaging.files.image_file import ImageFile, upright
from napari_zerodce.imaging.files.photos import exif as exif_block
from napari_zerodce.imaging.files.photos import xmp as xmp_packet
from napari_zerodce.imaging.files.photos.pixels import INKS
from napari_zerodce.imaging.planes import Channels, layout_of

_NAMES: Final = {
    "exif": "EXIF",
    "xmp": "XMP",
    "iptc": "IPTC",
    "icc_profile": "ICC profile",
    "comment": "comment",
    "text": "text",
    "dpi": "resolution",
}
_PROFILES: Final[dict[Channels, bytes]] = {"mono": b"GRAY", "rgb": b"RGB ", "rgba": b"RGB "}
_COMMON_DPI: Final = {(72, 72), (96, 96)}
"""What programs write that know nothing of the resolution."""

DEFAULT_QUALITY: Final = 95
"""Of lossy files, from 1 to 100, if neither the user nor the source says one."""


def shared_facts(photo: Photo) -> dict[str, Any]:
    """Return the details that Pillow tells of photos of most kinds.

    Parameters
    ----------
    photo : PIL.ImageFile.ImageFile
    """
    info = photo.info
    is_converted = photo.mode in INKS  # then the profile has done its work
    found = {
        "exif": _exif(info.get("exif")),
        "xmp": _bytes(info.get("xmp")),
        "icc_profile": b"" if is_converted else _bytes(info.get("icc_profile")),
        "dpi": sensible_dpi(info.get("dpi", ())),
        "comment": text_of(info.get("comment") or b""),
    }
    return {name: value for name, value in found.items() if value}


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _exif(block: Any) -> bytes:
    return exif_block.START + block.removeprefix(exif_block.START) if block else b""


def text_of(content: bytes | str) -> str:
    """Return text of an unknown encoding: UTF-8 if it is valid, otherwise Latin-1.

    Parameters
    ----------
    content : bytes or str
    """
    if isinstance(content, str):
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def sensible_dpi(numbers: Iterable[Any]) -> tuple[float, ...]:
    """Return two resolutions, or nothing if they make no sense.

    Parameters
    ----------
    numbers : iterable of numbers
    """
    dpi = tuple(float(number) for number in numbers)
    valid = len(dpi) == 2 and all(math.isfinite(each) and 1 <= each < 65536 for each in dpi)
    return dpi if valid else ()


def fitted(image: ImageFile, *, is_upright: bool = False) -> ImageFile:
    """Return an image as read that stands upright, with facts that are true of it.

    Facts that cannot be kept are named in "lost" of the details.

    Parameters
    ----------
    image : ImageFile
        As stored in its file, with the facts of the file.
    is_upright : bool
        Whether the decoder has turned the pixels already, but not the facts.
    """
    details = image.details
    told = exif_block.orientation_in(details.get("exif", b"")) or xmp_packet.orientation_in(
        details.get("xmp", b"")
    )
    rows = image.array.ndim - 2 - (image.channels != "mono")
    array = image.array if is_upright else upright(image.array, told, rows=rows)
    facts = _fitted_facts(details, image.channels, turned=told in {5, 6, 7, 8})
    placed = replace(image, array=array)
    return replace(placed, details=facts | {"photo_size": _size_of(placed)})


def _fitted_facts(told: Mapping[str, Any], channels: Channels, *, turned: bool) -> dict[str, Any]:
    details = dict(told)
    lost = list(details.pop("lost", ()))
    block, packet = details.pop("exif", b""), details.pop("xmp", b"")
    try:
        details |= _without_empty(exif=block and exif_block.fitted(block, turned=turned))
    except (ValueError, struct.error):  # cameras often write invalid EXIF
        lost.append("damaged EXIF")
    if packet:
        details["xmp"] = xmp_packet.fitted(packet, turned=turned)
    if turned and "dpi" in details:
        details["dpi"] = details["dpi"][::-1]
    if not _is_valid(details.get("icc_profile"), channels):
        del details["icc_profile"]
        lost.append("ICC profile")
    return details | _without_empty(lost=tuple(lost))


def _is_valid(profile: bytes | None, channels: Channels) -> bool:
    # The profile of a grey photo with alpha, for example, is not valid for RGB.
    return not profile or profile[16:20] == _PROFILES[channels]


def _without_empty(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value}


def with_true_sizes(image: ImageFile) -> ImageFile:
    """Return an image whose EXIF has its sizes if it is a part of the photo that was read.

    Otherwise EXIF stays as it is: many photos were made smaller by programs that know no EXIF.

    Parameters
    ----------
    image : ImageFile
    """
    size, source = _size_of(image), image.details.get("photo_size")
    if "exif" not in image.details or source in {None, size}:
        return image
    return replace(
        image, details={**image.details, "exif": exif_block.sized(image.details["exif"], *size)}
    )


def _size_of(image: ImageFile) -> tuple[int, int]:
    layout = layout_of(image.array, channels=image.channels)
    return layout.width, layout.height


def facts_beyond(image: ImageFile, held: Collection[str]) -> list[str]:
    """Return names of the facts of an image that a format cannot hold.

    Parameters
    ----------
    image : ImageFile
    held : collection of str
        The keys of `details` that the format can hold.
    """
    details = image.details
    missing = [key for key in _NAMES if details.get(key) and key not in held]
    names = [_NAMES[key] for key in missing if key != "dpi" or _is_meant(details)]
    if "exif" in missing and exif_block.names_only_a_program(details["exif"]):
        names[names.index(_NAMES["exif"])] = "software"
    if "exif" in missing and exif_block.says_where(details["exif"]):
        names.append("GPS")
    return names


def _is_meant(details: Mapping[str, Any]) -> bool:
    return tuple(map(round, details["dpi"])) not in _COMMON_DPI
