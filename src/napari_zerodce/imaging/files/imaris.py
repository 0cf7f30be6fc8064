"""Imaris files: HDF5 with the finest level of all channels and times in our order."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.read_only import can_hold, left_out, write

__all__ = ["KINDS", "can_hold", "left_out", "read", "write"]

KINDS: Final = (FileKind("Imaris", (".ims",), is_written=False, modules=("h5py",)),)

_FINEST: Final = "DataSet/ResolutionLevel 0"
_FACTS: Final = "DataSetInfo/Image"
_METRES: Final = {"m": "m", "mm": "mm", "um": "µm", "µm": "µm", "nm": "nm"}


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read all times, channels and planes, without the padding of chunks.

    Raises
    ------
    ImageError
        If the file is another HDF5 file, or the image does not fit in memory.
    Exception
        Any other, if the file is damaged.
    """
    import h5py

    with h5py.File(path, "r") as file:
        if _FINEST not in file:
            raise ImageError(
                f"{path.name} is an HDF5 file without an image of Imaris; rename it to "
                f"{path.stem}.h5."
            )
        times = file[_FINEST]
        channels = times["TimePoint 0"]
        facts = file[_FACTS].attrs
        sizes = {axis: int(_text(facts, axis)) for axis in "ZYX"}
        shape = (len(times), len(channels), *sizes.values())
        dtype = channels["Channel 0"]["Data"].dtype
        check_room(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize, path)
        array = np.empty(shape, dtype)
        region = tuple(slice(length) for length in sizes.values())
        for time, channel in np.ndindex(shape[:2]):
            data = times[f"TimePoint {time}/Channel {channel}/Data"]
            array[time, channel] = data[region]
        metadata = _voxel(facts, sizes) | _names(file, len(channels))
    kept = [place for place, length in enumerate(shape) if length > 1 or place >= len(shape) - 2]
    axes = "".join("TCZYX"[place] for place in kept)
    if "C" not in axes:
        metadata.pop("Channel", None)
    details = {"axes": axes, "dialect": "ome", "metadata": metadata}
    return (ImageFile(array.reshape([shape[place] for place in kept]), "mono", details),)


def _text(attributes: Any, name: str, default: str = "") -> str:
    """Return an attribute, which Imaris writes as an array of single letters."""
    value = attributes.get(name)
    return default if value is None else b"".join(np.ravel(value).tolist()).decode("latin-1")


def _voxel(facts: Any, sizes: dict[str, int]) -> dict[str, Any]:
    """Return the size of a voxel, from the ends of the image."""
    known: dict[str, Any] = {}
    unit = _METRES.get(_text(facts, "Unit"), "µm")
    for number, axis in enumerate("XYZ"):
        first, last = (_text(facts, f"{end}{number}", "nan") for end in ("ExtMin", "ExtMax"))
        size = abs(float(last) - float(first)) / sizes[axis]
        if np.isfinite(size) and size > 0:
            step = {f"PhysicalSize{axis}": float(f"{size:.9g}"), f"PhysicalSize{axis}Unit": unit}
            known |= step
    return known


def _names(file: Any, count: int) -> dict[str, Any]:
    places = [f"DataSetInfo/Channel {number}" for number in range(count)]
    names = [_text(file[place].attrs, "Name") if place in file else "" for place in places]
    return {"Channel": {"Name": names}} if all(names) else {}
