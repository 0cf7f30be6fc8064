"""Saved images as OME-Zarr: they grow beside their place, and are read again by their mark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.image_file import MAPPED_FROM
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.files.saved.image import (
    KEY,
    SAVED,
    Follow,
    SavedImage,
    is_mark,
    marked_image,
)
from napari_zerodce.imaging.files.saved.ngff import names_of, order_of

SUFFIXES: Final = (".ome.zarr", ".zarr")


def write(path: Path, image: SavedImage, follow: Follow) -> None:
    """Write all levels of an image, region by region.

    Parameters
    ----------
    path : Path
        A folder, which may be replaced if it is a Zarr.
    image : SavedImage
    follow : callable

    Raises
    ------
    ImageError
        If NGFF has no place for an axis of the image, or the path is a file or another folder.
    """
    grown = begin(path, image, overwrite=True)
    try:
        grown.fill(image.levels, follow)
    finally:
        if not grown.is_kept:
            grown.part.remove()


# ---- reading


def mark_of(path: Path) -> Mapping[str, Any] | None:
    """Return the mark in a folder; only its metadata are read.

    Parameters
    ----------
    path : Path
    """
    # Without zarr, whose import takes long: napari asks for every file of this name.
    is_version_2 = (path / ".zattrs").exists()
    known = json.loads((path / (".zattrs" if is_version_2 else "zarr.json")).read_bytes())
    attributes = known.get("attributes", known) if isinstance(known, dict) else None
    entry = attributes.get(KEY) if isinstance(attributes, dict) else None
    return entry if is_mark(entry) else None


def read(path: Path) -> SavedImage:
    """Read an image; the blocks of a large one are read when they are needed.

    Raises
    ------
    ValueError
        If this program did not save the folder, or another one has changed it.
    """
    import zarr

    mark = mark_of(path)
    if mark is None:
        raise ValueError("it does not say how it was saved")
    group = zarr.open_group(path, mode="r")
    names = names_of(mark[SAVED]["axes"], mark[SAVED]["channels"])
    order = [int(axis) for axis in np.argsort(order_of(names))]
    levels = sorted(group.array_keys(), key=int)
    if "layer" in mark[SAVED]["facts"]:  # it comes back as it was, without levels for others
        levels = levels[: mark[SAVED].get("levels")]
    return marked_image(mark, tuple(_level(group[level], order) for level in levels))


def _level(array: Any, order: list[int]) -> Any:
    import dask.array as da

    if array.nbytes < MAPPED_FROM:
        return array[...].transpose(order)
    return da.from_zarr(array).transpose(order)  # type: ignore[no-untyped-call]
