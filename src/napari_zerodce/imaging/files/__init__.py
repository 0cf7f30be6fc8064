"""Image files: one format per module, all behind `read_image` and `write_image`."""

from napari_zerodce.imaging.files.image_file import ImageFile
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
