"""The two dark images in File > Open Sample."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from napari_zerodce.imaging.files import read_image

if TYPE_CHECKING:
    from napari.types import LayerDataTuple


def night_photo() -> list[LayerDataTuple]:
    """Return a street at night, far too dark: shape (H, W, 3), uint8."""
    return [(_read("night.png"), {"name": "night", "rgb": True}, "image")]


def dim_cells() -> list[LayerDataTuple]:
    """Return dim fluorescent cells: shape (H, W), uint16."""
    return [(_read("cells.tif"), {"name": "cells", "rgb": False}, "image")]


def _read(name: str) -> Any:
    with as_file(files("napari_zerodce") / "samples" / name) as path:
        return read_image(path).array
