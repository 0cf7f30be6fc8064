"""What a layer of ours says of itself in its metadata."""

from __future__ import annotations

from typing import Literal

from napari.layers import Layer

METADATA_KEY = "napari-zerodce"

Role = Literal["result", "live", "maps"]
"""What a layer of ours is: an enhanced layer, a view of what is on screen, or curve maps."""


def role_of(layer: Layer) -> str | None:
    """Return what a layer of ours is: "result", "live" or "maps"; None if it is none of ours."""
    ours = layer.metadata.get(METADATA_KEY)
    return ours.get("role", "result") if isinstance(ours, dict) else None
