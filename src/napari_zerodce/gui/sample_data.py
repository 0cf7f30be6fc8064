"""The two dark images in the menu File > Open Sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_zerodce.imaging import samples

if TYPE_CHECKING:
    from napari.types import LayerDataTuple


def night_photo() -> list[LayerDataTuple]:
    """Return a much too dark photo of the Golden Gate: shape (480, 640, 3), uint8."""
    return [(samples.night(), {"name": "night", "rgb": True}, "image")]


def dim_cells() -> list[LayerDataTuple]:
    """Return a dim fluorescence image of cells: shape (512, 512), uint16."""
    return [(samples.cells(), {"name": "cells", "rgb": False}, "image")]
