"""The two dark images in the menu File > Open Sample."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from napari_zerodce.imaging.files.images import read_image

if TYPE_CHECKING:
    from napari.types import LayerDataTuple


def night_photo() -> list[LayerDataTuple]:
    """Return a much too dark photo of the Golden Gate: shape (480, 640, 3), uint8."""
    return [(_read("night.png"), {"name": "night", "rgb": True}, "image")]


def dim_cells() -> list[LayerDataTuple]:
    """Return a dim fluorescence image of cells: shape (512, 512), uint16."""
    return [(_read("cells.tif"), {"name": "cells", "rgb": False}, "image")]


def _read(name: str) -> Any:
    with as_file(files("napari_zerodce") / "samples" / name) as path:
        return read_image(path).array
