"""Low-light image enhancement in napari with Zero-DCE and Zero-DCE++."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_zerodce.thread_policy import wait_without_spinning

if TYPE_CHECKING:
    from napari_zerodce.api import choose_weights, curve_maps, enhance, load_checkpoint
    from napari_zerodce.engine.look import Look

wait_without_spinning()  # here, since torch is imported in many places

__version__: str
__all__ = ["Look", "__version__", "choose_weights", "curve_maps", "enhance", "load_checkpoint"]


def __getattr__(name: str) -> Any:
    # Torch takes seconds to import, and napari imports this package at start-up: these names are
    # imported when they are first used. To look the version up takes as long as NumPy's import.
    if name == "__version__":
        return import_module("importlib.metadata").version("napari-zerodce")
    if name in {"choose_weights", "curve_maps", "enhance", "load_checkpoint"}:
        return getattr(import_module("napari_zerodce.api"), name)
    if name == "Look":
        return import_module("napari_zerodce.engine.look").Look
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
