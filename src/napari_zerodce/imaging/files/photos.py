"""PNG, JPEG and BMP: Pillow for 8 bits; imagecodecs for 16 bits, which Pillow lacks in colour."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile as Photo
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room, upright
from napari_zerodce.imaging.planes import Array, Channels, layout_of

_JPEG: Final = (".jpg", ".jpeg")
KINDS: Final = (
    FileKind("PNG", (".png",)),
    FileKind("JPEG", _JPEG, is_lossy=True),
    FileKind("BMP", (".bmp",)),
)

# Not Image.open, because its limit on pixels is a variable of the whole process, and because it
# tries other formats and starts other programs for some of them.
_DECODERS: dict[bytes, type[Photo]] = {
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"\xff\xd8\xff": JpegImageFile,
    b"BM": BmpImageFile,
}
_ORIENTATION = 0x0112
_MOST_PIXELS_PER_BYTE = 8 * 1032  # in a PNG of one bit per pixel; other files have far fewer
_JPEG_QUALITY = 95
_PNG_LEVEL = 4  # at most half the time of the usual level, for files that are 1 to 5 % larger
_LONGEST_JPEG_EXIF = 65_500
_LONGEST_JPEG_SIDE = 65_500


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read a PNG, JPEG (turned as its EXIF orientation says) or BMP, recognised by its first bytes.

    Raises
    ------
    ImageError
        If the file does not fit in memory, or is an animation.
    Exception
        Any, if the file is damaged.
    """
    with path.open("rb") as file:
        start = file.read(26)
    decoders = [kind for magic, kind in _DECODERS.items() if start.startswith(magic)]
    if not decoders:
        raise ValueError("it does not begin like a PNG, JPEG or BMP file")
    with decoders[0](path) as photo:
        if getattr(photo, "is_animated", False):
            raise ImageError(
                f"{path.name} is an animation, but a single image is expected; "
                "save the animation as a TIFF with several pages."
            )
        array = _pixels(photo, path, deep=start[24] == 16 and decoders[0] is PngImageFile)
        exif = photo.getexif() if "exif" in photo.info else Image.Exif()
    channels: Channels = "mono" if array.ndim == 2 else "rgb" if array.shape[2] == 3 else "rgba"
    array = upright(array, exif.get(_ORIENTATION), rows=0)
    return (ImageFile(array, channels, _details(photo.info, exif, channels)),)


def _pixels(photo: Photo, path: Path, *, deep: bool) -> Array:
    count = photo.width * photo.height
    if count > _MOST_PIXELS_PER_BYTE * path.stat().st_size:
        raise ValueError(f"it is too small for the {photo.width}x{photo.height} pixels it claims")
    if deep:
        check_room(8 * count, path)
        return _with_known_samples(imagecodecs.png_decode(path.read_bytes()))
    if photo.mode in {"1", "L"} and not photo.has_transparency_data:
        check_room(3 * count, path)
        return np.asarray(photo)  # bool if bilevel, which is refused as a mask like all others
    # Pillow needs 4 bytes for each pixel and copies them twice on the way to NumPy.
    check_room(12 * count, path)
    return np.asarray(photo.convert("RGBA" if photo.has_transparency_data else "RGB"))


def _with_known_samples(array: Array) -> Array:
    return array[..., [0, 0, 0, 1]] if array.shape[2:] == (2,) else array  # grey and alpha


def _details(info: dict[Any, Any], exif: Image.Exif, channels: Channels) -> dict[str, Any]:
    details: dict[str, Any] = {}
    profile = info.get("icc_profile")
    # The profile of a CMYK photo, or of a grey photo with alpha, is not valid for RGB.
    if profile and profile[16:20] == (b"GRAY" if channels == "mono" else b"RGB "):
        details["icc_profile"] = profile
    dpi = [float(number) for number in info.get("dpi", ())]
    if len(dpi) == 2 and all(math.isfinite(number) and 1 <= number < 65536 for number in dpi):
        details["dpi"] = tuple(dpi)
    exif.pop(_ORIENTATION, None)  # the image is upright now
    # Cameras often write invalid EXIF, which is no reason to refuse the photo.
    with suppress(ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error):
        details |= {"exif": exif.tobytes()} if len(exif) else {}
    return details


def can_hold(images: Sequence[ImageFile], suffix: str) -> bool:
    """Return whether a file can hold images: one plane of 8 bits, or of 16 bits in a PNG.

    JPEG and BMP have no alpha channel, and the sides of a JPEG are limited.

    Parameters
    ----------
    images : sequence of ImageFile
    suffix : str
    """
    if len(images) > 1:
        return False
    (image,) = images
    array, layout = image.array, layout_of(image.array, channels=image.channels)
    if layout.leading:
        return False
    if suffix == ".png" and _is_deep(array):
        return True
    opaque = image.channels != "rgba" or suffix == ".png"
    short = suffix not in _JPEG or max(layout.height, layout.width) <= _LONGEST_JPEG_SIDE
    return bool(array.dtype == np.uint8) and opaque and short


def left_out(_images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that a file cannot hold.

    Parameters
    ----------
    _images : sequence of ImageFile
    _suffix : str
    """
    return ()


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write an image of one plane.

    Parameters
    ----------
    path : Path
        The suffix decides the format.
    images : sequence of ImageFile
        One image that `can_hold` accepts.
    """
    (image,) = images
    if _is_deep(image.array):
        _write_deep_png(path, image)
    else:
        _write_shallow(path, image)


def _is_deep(array: Array) -> bool:
    return bool(array.dtype.newbyteorder("=") == np.uint16)


def _write_shallow(path: Path, image: ImageFile) -> None:
    """Write an 8-bit image of one plane as PNG, JPEG or BMP; the suffix decides the format."""
    options = {k: v for k, v in image.details.items() if k in {"icc_profile", "dpi", "exif"}}
    if path.suffix.lower() in _JPEG:
        options |= {"quality": _JPEG_QUALITY, "subsampling": 0}
        if len(options.get("exif", b"")) > _LONGEST_JPEG_EXIF:
            del options["exif"]
    elif path.suffix.lower() == ".png":
        options["compress_level"] = _PNG_LEVEL
    Image.fromarray(np.ascontiguousarray(image.array)).save(path, **options)


def _write_deep_png(path: Path, image: ImageFile) -> None:
    """Write a 16-bit image of one plane as PNG."""
    native = np.ascontiguousarray(image.array, np.uint16)
    encoded = imagecodecs.png_encode(native, level=_PNG_LEVEL)
    header = encoded[:33]  # signature and IHDR
    with path.open("wb") as file:
        file.writelines((header, *_png_chunks(image), memoryview(encoded)[len(header) :]))


def _png_chunks(image: ImageFile) -> list[bytes]:
    details, chunks = image.details, []
    if "icc_profile" in details:
        chunks.append(_chunk(b"iCCP", b"ICC\0\0" + zlib.compress(details["icc_profile"])))
    if "dpi" in details:
        per_metre = [round(number / 0.0254) for number in details["dpi"]]
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if "exif" in details:
        chunks.append(_chunk(b"eXIf", details["exif"].removeprefix(b"Exif\0\0")))
    return chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
