"""Files of curve parameter maps: created empty, then filled tile by tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from napari_zerodce.imaging.files import maps_npy, maps_ome_zarr, maps_tiff
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.map_format import MapFormat, Maps
from napari_zerodce.imaging.planes import layout_of

MAP_FORMATS: Final[tuple[MapFormat, ...]] = (maps_npy, maps_tiff, maps_ome_zarr)
"""All formats. To add one, write one module and add it here."""

MAP_SUFFIXES: Final = tuple(suffix for form in MAP_FORMATS for suffix in form.SUFFIXES)

_UNKNOWN = "Q"


def map_format_of(path: Path) -> MapFormat:
    """Return the format of a file whose suffix is one of `MAP_SUFFIXES`."""
    suffix = path.suffix.lower()
    return next(form for form in MAP_FORMATS if suffix in form.SUFFIXES)


def stack_axes(image: ImageFile) -> str:
    """Return one letter for each leading axis of an image: "Q" ("other") if it is unknown."""
    layout = layout_of(image.array, channels=image.channels)
    axes: str = image.details.get("axes", "")
    count = len(layout.leading)
    return axes[:count] if len(axes) == len(layout.shape) else _UNKNOWN * count


@contextmanager
def open_maps(
    path: Path, shape: tuple[int, ...], *, stack: str, facts: Mapping[str, Any]
) -> Iterator[Maps]:
    """Create a file for maps, which the caller fills inside the ``with`` block.

    Parameters
    ----------
    path : Path
        The suffix decides the format.
    shape : tuple of int
        (..., 8, C, rows, columns)
    stack : str
        A letter for each axis before those, as from `stack_axes`.
    facts : mapping
        Plain values that say how the maps were made; .npy has no place for them.

    Yields
    ------
    Maps
        In float32. Only a few tiles are in memory. The file is not memory-mapped, because on a full
        disk a write to a memory map kills the process instead of raising an error.

    Raises
    ------
    OSError
        If the disk is full or the file cannot be created.
    """
    with map_format_of(path).create(path, shape, stack=stack, facts=facts) as maps:
        yield maps
