"""Image files: one format per module, all behind `read_image` and `write_image`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_zerodce.imaging.files.image_file import ImageFile

if TYPE_CHECKING:
    from napari_zerodce.imaging.files.images import (
        READABLE_SUFFIXES,
        read_image,
        read_images,
        write_image,
        write_images,
    )

__all__ = [
    "READABLE_SUFFIXES",
    "ImageFile",
    "read_image",
    "read_images",
    "write_image",
    "write_images",
]


def __getattr__(name: str) -> Any:
    # All formats take a third of a second to import, and a dock that opens needs none of them.
    if name in __all__:
        return getattr(import_module("napari_zerodce.imaging.files.images"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
