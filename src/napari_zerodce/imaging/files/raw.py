"""RAW photos of cameras and DNG, developed by LibRaw: linear, camera white balance, 16 bits."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile
from PIL import Image, ImageCms, UnidentifiedImageError

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room, without_pixels
from napari_zerodce.imaging.files.read_only import can_hold, left_out, write
from napari_zerodce.imaging.planes import Array

__all__ = ["KINDS", "can_hold", "left_out", "outline", "read", "write"]

_SUFFIXES: Final = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srw", ".raf", ".orf"),
    *(".rw2", ".raw", ".pef", ".rwl", ".3fr", ".iiq", ".erf", ".mrw", ".x3f", ".kdc", ".dcr"),
)
KINDS: Final = (FileKind("RAW photo", _SUFFIXES, is_written=False, modules=("rawpy",)),)

_BYTES_PER_PIXEL: Final = 24  # LibRaw's four samples, its output and our copy
_MOST_PIXELS_PER_BYTE: Final = 32  # of dark photos that are compressed with loss
_QUARTER_TURNS: Final = {5, 6}
_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
_CAMERA_TAGS: Final = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)
"""Description, make, model, software, time, artist and copyright: the rest of the first directory
is about the raw samples."""

_UNTRUE: Final = {0x927C, 0x9286, 0xA001, 0xA002, 0xA003, 0xA005}
"""The notes of the maker, which hold places in the raw file, comments of any encoding, and the
colour space and the size of another development."""


_CURVE: Final = b"para\0\0\0\0\0\3"
_STRAIGHT: Final = b"para\0\0\0\0\0\0\0\0" + (1 << 16).to_bytes(4) + bytes(16)


def read(path: Path) -> tuple[ImageFile, ...]:
    """Develop a photo upright, with the facts that its EXIF says.

    Raises
    ------
    ImageError
        If the camera is unknown to LibRaw, or the photo does not fit in memory.
    Exception
        Any other, if the file is damaged.
    """
    return _read(path, with_pixels=True)


def outline(path: Path) -> tuple[ImageFile, ...]:
    """Return what `read` does, without developing the photo.

    Parameters
    ----------
    path, raises
        As for `read`.
    """
    return _read(path, with_pixels=False)


def _read(path: Path, *, with_pixels: bool) -> tuple[ImageFile, ...]:
    import rawpy

    try:
        raw = rawpy.imread(str(path))
    except rawpy.LibRawFileUnsupportedError as err:
        other = "TIFF in the program that wrote it" if path.suffix.lower() == ".dng" else "DNG"
        raise ImageError(
            f"{path.name} is no RAW photo that LibRaw {'.'.join(map(str, rawpy.libraw_version))} "
            f"knows; convert it to {other}."
        ) from err
    with raw:
        _check_whole(path, raw.sizes.raw_width * raw.sizes.raw_height)
        check_room(_BYTES_PER_PIXEL * raw.sizes.width * raw.sizes.height, path)
        array = _developed(raw) if with_pixels else _undeveloped(raw)
        exif = _exif(path, raw)
    details: dict[str, Any] = {"exif": exif} if exif else {}
    if array.shape[-1] == 1:  # a monochrome sensor
        return (ImageFile(array[..., 0], "mono", details | {"axes": "YX"}),)
    details |= {"axes": "YXS", "icc_profile": _linear_profile()}
    return (ImageFile(array, "rgb", details),)


def _developed(raw: Any) -> Array:
    array = raw.postprocess(gamma=(1, 1), no_auto_bright=True, use_camera_wb=True, output_bps=16)
    return np.asarray(array)


def _undeveloped(raw: Any) -> Array:
    """Return the photo without its pixels."""
    shape = (raw.sizes.height, raw.sizes.width)
    is_turned = raw.sizes.flip in _QUARTER_TURNS
    return without_pixels((*shape[:: -1 if is_turned else 1], min(raw.num_colors, 3)), np.uint16)


def _check_whole(path: Path, pixels: int) -> None:
    """Refuse a file that is cut off, because LibRaw would return a photo with a black rest."""
    size = path.stat().st_size
    if pixels > _MOST_PIXELS_PER_BYTE * size or _end_of_pixels(path) > size:
        raise ValueError("it ends before its last pixel")


def _end_of_pixels(path: Path) -> int:
    """Return where the largest image of a file ends, 0 if the file is no TIFF."""
    with suppress(Exception), tifffile.TiffFile(path) as file:  # makers bend the format
        pages: list[Any] = [*file.pages]
        pages += [below for page in file.pages for below in page.pages or ()]
        largest = max(pages, key=lambda page: page.imagewidth * page.imagelength)
        return max(map(sum, zip(largest.dataoffsets, largest.databytecounts, strict=True)))
    return 0


def _linear_profile() -> bytes:
    """Return a profile of the primaries of sRGB without its tone curve: viewers show it right."""
    encoded = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    names = ("sRGB built-in".encode("utf-16-be"), "Linear sRGB  ".encode("utf-16-be"))
    # All three colours share one curve, of type 3 with five numbers; type 0 has the exponent only.
    start = encoded.index(_CURVE)
    linear = encoded[:start] + _STRAIGHT + encoded[start + len(_STRAIGHT) :]
    return linear.replace(*names)


def _exif(path: Path, raw: Any) -> bytes:
    """Return the EXIF of a file that is a TIFF, as most are, or of its preview."""
    with suppress(Exception), path.open("rb") as file:  # odd EXIF is no reason to refuse a photo
        is_tiff = file.read(4) in {b"II*\0", b"MM\0*"}
        file.seek(0)
        if not is_tiff:
            return _kept(_of_preview(raw))
        exif = Image.Exif()
        exif.load_from_fp(file)
        return _kept(exif)
    return b""


def _of_preview(raw: Any) -> Image.Exif:
    with (
        suppress(UnidentifiedImageError),
        Image.open(io.BytesIO(raw.extract_thumb().data), formats=("JPEG",)) as preview,
    ):
        return preview.getexif()
    return Image.Exif()


def _kept(exif: Image.Exif) -> bytes:
    kept = Image.Exif()
    kept.update({tag: exif[tag] for tag in _CAMERA_TAGS if tag in exif})
    for place in (_EXIF_IFD, _GPS_IFD):
        known = {k: v for k, v in exif.get_ifd(place).items() if k not in _UNTRUE}
        if known:
            kept.get_ifd(place).update(known)
    return kept.tobytes() if kept or kept.get_ifd(_EXIF_IFD) else b""
