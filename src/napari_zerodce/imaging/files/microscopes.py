"""Files of microscopes, read by the readers of BioIO: CZI, LIF and ND2; each scene is an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.axes import UNKNOWN
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import MAPPED_FROM, ImageFile, check_room
from napari_zerodce.imaging.files.read_only import can_hold, left_out, write
from napari_zerodce.imaging.files.tiff import ome
from napari_zerodce.imaging.files.tiff.pages import stacked
from napari_zerodce.imaging.planes import Channels

__all__ = ["KINDS", "can_hold", "left_out", "read", "write"]

KINDS: Final = (
    # Its reader has the licence GPL-3, which nobody should get unasked.
    FileKind("Zeiss CZI", (".czi",), is_written=False, modules=("bioio_czi",), extra="czi"),
    FileKind("Leica LIF", (".lif",), is_written=False, modules=("bioio_lif",)),
    FileKind("Nikon ND2", (".nd2",), is_written=False, modules=("bioio_nd2",)),
    *(
        # Bio-Formats needs Java, and is GPL-2.
        FileKind(title, suffixes, False, modules=("bioio_bioformats",), extra="bioformats")
        for title, suffixes in {
            "Olympus": (".oir", ".oib", ".oif", ".vsi"),
            "DeltaVision": (".dv",),
            "Zeiss ZVI": (".zvi",),
        }.items()
    ),
)

_READERS: Final = {suffix: kind.modules[0] for kind in KINDS for suffix in kind.suffixes}
_COLOURS: Final[Mapping[int, Channels]] = {3: "rgb", 4: "rgba"}


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read all scenes; a large file is read when its planes are.

    Raises
    ------
    ImageError
        If the file has scenes that its reader does not find, or does not fit in memory, or if
        there is no Java for a reader that needs it.
    Exception
        Any other, if the file is damaged.
    """
    reader = _opened(path)
    _check_scenes(path, reader)
    images = [_scene(path, reader, number) for number in range(len(reader.scenes))]
    alike: dict[Any, list[ImageFile]] = {}
    for image in images:
        kind = image.array.shape, image.array.dtype, image.channels, image.details["axes"]
        alike.setdefault(kind, []).append(image)
    return tuple(stacked(group) for group in alike.values())


def _opened(path: Path) -> Any:
    library = import_module(_READERS[path.suffix.lower()])
    try:
        return library.Reader(path)
    except RuntimeError as err:
        if "Java" not in str(err):
            raise
        raise ImageError(
            f"{path.name} is read by Bio-Formats, which needs Java and is downloaded at its first "
            "use, and that failed; check the connection, and start again."
        ) from err


def _check_scenes(path: Path, reader: Any) -> None:
    """Refuse a CZI whose metadata do not list its scenes, because the reader would lose them."""
    if path.suffix.lower() != ".czi":
        return
    from aicspylibczi import CziFile

    blocks = CziFile(path).get_dims_shape()
    count = max(block.get("S", (0, 1))[1] for block in blocks)
    if count > len(reader.scenes):
        raise ImageError(
            f"{path.name} has {count} scenes, but its metadata name only {len(reader.scenes)}; "
            "save the scenes as separate files in ZEN."
        )


def _scene(path: Path, reader: Any, number: int) -> ImageFile:
    reader.set_scene(number)
    data = _pixels(path, reader)
    letters = [_letter(str(name)) for name in data.dims]
    array, axes = _without_single_axes(data.data, letters)
    channels = _COLOURS.get(array.shape[-1]) if axes.endswith("S") else "mono"
    if channels is None:  # not colours
        array, axes, channels = np.moveaxis(array, -1, -3), f"{axes[:-3]}{UNKNOWN}YX", "mono"
    details: dict[str, Any] = {"axes": axes, "pages": (number,), "dialect": "ome"}
    details |= {"metadata": _metadata(reader, data, axes), **_xml(path, reader, number)}
    return ImageFile(array, channels, details)


def _xml(path: Path, reader: Any, number: int) -> dict[str, Any]:
    """Return all that the file says as OME-XML, which an OME-TIFF keeps, if there is some."""
    xml = None
    with suppress(Exception):  # some readers have none, and those of others fail at odd files
        xml = str(reader.ome_metadata.to_xml())
    images = () if xml is None or (root := ome.parsed(xml)) is None else root.findall("Image")
    if len(images) != len(reader.scenes):
        return {}
    told = {"xml": xml, "about": xml, "number": number}
    return {"ome": {**told, "files": frozenset(), "name": path.name}}


def _pixels(path: Path, reader: Any) -> Any:
    """Return pixels and axes: stitched if the places of tiles are known, and lazy if large."""
    size = np.dtype(reader.dtype).itemsize * math.prod(reader.shape)
    # bioio-czi 3.0.1 computes lazy colours wrongly: all are the first one.
    is_lazy = size >= MAPPED_FROM and "S" not in reader.dims.order
    if not is_lazy:
        check_room(size, path)
    # Tiles of LIF overlap by an unknown length.
    is_stitched = "M" in reader.dims.order and path.suffix.lower() == ".czi"
    name = "xarray_dask_data" if is_lazy else "xarray_data"
    return getattr(reader, f"mosaic_{name}" if is_stitched else name)


def _letter(name: str) -> str:
    return name if name in {*"TCZYXS"} else UNKNOWN


def _without_single_axes(array: Any, letters: list[str]) -> tuple[Any, str]:
    """Remove axes of length 1, because BioIO always has five."""
    kept = [
        place
        for place, letter in enumerate(letters)
        if array.shape[place] > 1 or letter in {"Y", "X", "S"}
    ]
    index = tuple(slice(None) if place in kept else 0 for place in range(array.ndim))
    return array[index], "".join(letters[place] for place in kept)


def _metadata(reader: Any, data: Any, axes: str) -> dict[str, Any]:
    """Return sizes and names of channels as an OME-TIFF holds them."""
    sizes = reader.physical_pixel_sizes
    known: dict[str, Any] = {
        f"PhysicalSize{axis}": float(f"{size:.12g}")
        for axis in "XYZ"
        if (size := getattr(sizes, axis)) is not None and size > 0
    }
    step = reader.time_interval
    if step is not None and "T" in axes:
        known |= {"TimeIncrement": float(step.total_seconds()), "TimeIncrementUnit": "s"}
    if "C" in data.coords and "C" in axes:
        known["Channel"] = {"Name": [str(name) for name in data.coords["C"].values]}
    return known
