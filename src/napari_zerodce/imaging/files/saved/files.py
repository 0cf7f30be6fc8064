"""How an image is saved and read again: the name decides the format, a failure is one sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.failures import reading_told, writing_told
from napari_zerodce.imaging.files.saved import ome_zarr, tiff
from napari_zerodce.imaging.files.saved.format import SavedFormat
from napari_zerodce.imaging.files.saved.image import SAVED, Follow, SavedImage, follow_nothing

SAVED_FORMATS: Final[tuple[SavedFormat, ...]] = (tiff, ome_zarr)
"""All formats. To add one, write one module and add it here."""


def with_suffix_of(form: SavedFormat, path: str | Path) -> Path:
    """Return a path with an ending of a format; a missing one is added.

    Parameters
    ----------
    form : module
        One of `SAVED_FORMATS`.
    path : str or Path
        As the user typed it.

    Raises
    ------
    ImageError
        If an ending was added, and that file exists: nobody was asked whether to replace it.
    """
    path = Path(path)
    if path.name.lower().endswith(form.SUFFIXES):
        return path
    ends = {Path(suffix).suffix for suffix in form.SUFFIXES}
    stem = path.stem if path.suffix.lower() in ends else path.name
    full = path.with_name(stem + form.SUFFIXES[0])
    if os.path.lexists(full):
        raise ImageError(
            f"{full} exists already; type the whole name to replace it, or choose another one."
        )
    return full


def write_saved(path: Path, image: SavedImage, follow: Follow = follow_nothing) -> None:
    """Save an image whole or not at all; an old file is replaced.

    Parameters
    ----------
    path : Path
        It ends with a suffix of a format. Missing folders are created.
    image : SavedImage
        Lazy levels are read plane by plane.
    follow : callable
        Called with the part that is written, from 0 to 1; it may raise an error to stop.

    Raises
    ------
    ImageError
        If the image has no pixels, the format cannot hold it, or the file cannot be written.
    """
    if 0 in image.shape:
        raise ImageError(
            f"'{image.name}' has no pixels, its shape is {image.shape}; save an image with pixels."
        )
    with writing_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _format_of(path).write(path, image, follow)


def read_saved(path: Path) -> SavedImage:
    """Read an image that this program saved; large pixels stay on disk.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ImageError
        If the file cannot be read, or was changed by another program.
    """
    with reading_told(path):
        return _format_of(path).read(path)


def is_saved(path: Path) -> bool:
    """Return whether this program saved a file or folder; anything else is read only so far.

    Parameters
    ----------
    path : Path
    """
    return saved_facts(path) is not None


def saved_facts(path: Path) -> Mapping[str, Any] | None:
    """Return the facts of a saved image without its pixels, None if this program did not save it.

    Parameters
    ----------
    path : Path
    """
    try:
        mark = _format_of(path).mark_of(path)
    except Exception:  # noqa: BLE001  any other file, or a damaged one
        return None
    facts = None if mark is None else mark[SAVED].get("facts")
    return facts if isinstance(facts, Mapping) else None


def _format_of(path: Path) -> SavedFormat:
    for form in SAVED_FORMATS:
        if path.name.lower().endswith(form.SUFFIXES):
            return form
    known = ", ".join(suffix for form in SAVED_FORMATS for suffix in form.SUFFIXES)
    raise ImageError(f"{path.name} has another suffix; choose a name that ends with {known}.")
