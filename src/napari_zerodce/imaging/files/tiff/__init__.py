"""TIFF and its dialects: all images of a file, and the facts for an equal one."""

from napari_zerodce.imaging.files.tiff.kinds import KINDS
from napari_zerodce.imaging.files.tiff.only_here import only_here
from napari_zerodce.imaging.files.tiff.reading import outline, read
from napari_zerodce.imaging.files.tiff.writing import can_hold, left_out, write

__all__ = ["KINDS", "can_hold", "left_out", "only_here", "outline", "read", "write"]
