"""Image files: one format per module, all behind `read_image` and `write_image`."""

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, read_image, write_image

__all__ = ["READABLE_SUFFIXES", "ImageFile", "read_image", "write_image"]
