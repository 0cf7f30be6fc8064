"""Files that keep an image with its axes, its geometry and how it was made: one format a module."""

from napari_zerodce.imaging.files.saved.files import read_saved, write_saved
from napari_zerodce.imaging.files.saved.image import SavedImage

__all__ = ["SavedImage", "read_saved", "write_saved"]
