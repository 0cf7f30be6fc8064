"""TIFF and its dialects: all images of a file, and the facts for an equal one."""

from typing import Final

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.tiff.only_here import only_here
from napari_zerodce.imaging.files.tiff.reading import outline, read
from napari_zerodce.imaging.files.tiff.writing import BIG, can_hold, left_out, write

__all__ = ["KINDS", "can_hold", "left_out", "only_here", "outline", "read", "write"]

KINDS: Final = (
    FileKind("TIFF", (".tif", ".tiff")),
    FileKind("BigTIFF", BIG),
    FileKind("Zeiss LSM", (".lsm",), is_written=False),
    FileKind("MetaMorph stack", (".stk",), is_written=False),
    FileKind("Aperio slide", (".svs",), is_written=False),
    FileKind("Hamamatsu slide", (".ndpi",), is_written=False),
    FileKind("Leica slide", (".scn",), is_written=False),
    FileKind("PerkinElmer slide", (".qptiff",), is_written=False),
)
