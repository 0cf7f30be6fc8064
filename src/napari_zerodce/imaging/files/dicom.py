"""DICOM: pixels in their unit and frames as an axis; what names a patient is not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.dicom_rescale import Rescale, of_frames
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.read_only import can_hold, left_out, write
from napari_zerodce.imaging.planes import Array

__all__ = ["KINDS", "can_hold", "left_out", "read", "write"]

# A derived DICOM needs identifiers and a series of its own, which only an archive can give.
KINDS: Final = (FileKind("DICOM", (".dcm", ".dicom"), is_written=False, modules=("pydicom",)),)


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read all frames: rescaled (CT in Hounsfield units), bright as white, palettes as RGB.

    Raises
    ------
    ImageError
        If the file has no pixels, or they do not fit in memory.
    Exception
        Any other, if the file is damaged.
    """
    from pydicom import dcmread

    from napari_zerodce.imaging.files.dicom_codecs import add_codecs

    add_codecs()
    data = dcmread(path)
    if not {"Rows", "Columns", "BitsAllocated"} <= set(data.dir()):
        raise ImageError(
            f"{path.name} is a DICOM without an image ({data.get('Modality', 'no modality')}); "
            "give a file of a series of images."
        )
    frames, samples = int(data.get("NumberOfFrames") or 1), int(data.get("SamplesPerPixel") or 1)
    count = int(data.Rows) * int(data.Columns) * frames * samples
    check_room(3 * count * max(1, int(data.BitsAllocated) // 8), path)
    return (_image(data, frames),)


def _image(data: Any, frames: int) -> ImageFile:
    from pydicom.pixels import apply_color_lut

    array: Array = data.pixel_array
    kind = str(data.get("PhotometricInterpretation", ""))
    axes = ("TYX" if _frame_time(data) else "QYX") if frames > 1 else "YX"
    if kind == "PALETTE COLOR":
        return _coloured(_narrow(apply_color_lut(array, data)), axes, data)
    if array.ndim > len(axes):
        return _coloured(array, axes, data)
    if int(data.BitsStored) == 1:
        array = array.astype(bool)  # refused as a mask like all others
    scale = Rescale.of(data, array, frames)
    values = scale.applied(array)
    if kind == "MONOCHROME1":
        values = scale.inverted(values)
    # Rescaled values, such as Hounsfield units, have a range of their own.
    is_stored = values.dtype == array.dtype and array.dtype.kind == "u"
    bits = int(data.BitsStored) if is_stored else None
    known = bits if bits and bits < 8 * array.dtype.itemsize else None
    return ImageFile(values, "mono", _details(data, axes), bits=known)


def _coloured(array: Array, axes: str, data: Any) -> ImageFile:
    return ImageFile(array, "rgb", _details(data, f"{axes}S"))


def _narrow(array: Array) -> Array:
    """Return the colours of a palette with 8 bits if its 16 bits hold no more."""
    high = array >> 8
    is_shallow = array.dtype == np.uint16 and np.isin(array & 255, (0, 255)).all()
    copies = array.dtype == np.uint16 and np.array_equal(array & 255, high)
    return high.astype(np.uint8) if is_shallow or copies else array


def _frame_time(data: Any) -> float:
    """Return the milliseconds from frame to frame, 0 if frames are no times."""
    return float(data.get("FrameTime") or 0)


def _spacing(data: Any) -> Any:
    """Return the millimetres of a pixel, of a multi-frame file only if its frames agree."""
    told = [group.get("PixelSpacing") for group in of_frames(data, "PixelMeasuresSequence")]
    if told:
        return told[0] if all(each == told[0] for each in told) else None
    return data.get("PixelSpacing") or data.get("ImagerPixelSpacing")


def _details(data: Any, axes: str) -> dict[str, Any]:
    """Return the sizes of a pixel and of a step in time, as an OME-TIFF holds them."""
    sizes: dict[str, Any] = {}
    if axes.startswith("T"):
        sizes |= {"TimeIncrement": _frame_time(data), "TimeIncrementUnit": "ms"}
    spacing = _spacing(data)
    if spacing and len(spacing) == 2 and all(float(each) > 0 for each in spacing):
        for axis, size in zip("YX", spacing, strict=True):
            sizes |= {f"PhysicalSize{axis}": float(size), f"PhysicalSize{axis}Unit": "mm"}
    return {"axes": axes, **({"dialect": "ome", "metadata": sizes} if sizes else {})}
