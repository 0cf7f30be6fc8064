"""The two dark images that come with the package."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from napari_zerodce.imaging.files.images import read_image


def night() -> Any:
    """Return a much too dark photo of the Golden Gate: shape (480, 640, 3), uint8."""
    return _read("night.png")


def cells() -> Any:
    """Return a dim fluorescence image of cells: shape (512, 512), uint16."""
    return _read("cells.tif")


def _read(name: str) -> Any:
    with as_file(files("napari_zerodce") / "samples" / name) as path:
        return read_image(path).array
