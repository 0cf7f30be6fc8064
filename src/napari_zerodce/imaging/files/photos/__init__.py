"""Photos: formats that Pillow and imagecodecs decode, each in a module; first bytes tell which."""

from __future__ import annotations

from napari_zerodce.imaging.files.photos.choice import (
    KINDS,
    can_hold,
    left_out,
    outline,
    read,
    write,
)
from napari_zerodce.imaging.files.photos.only_here import only_here

__all__ = ["KINDS", "can_hold", "left_out", "only_here", "outline", "read", "write"]
