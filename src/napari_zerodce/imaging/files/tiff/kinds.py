"""The kinds of TIFF, by their suffixes."""

from __future__ import annotations

from typing import Final

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.tiff.writing import BIG

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

SUFFIXES: Final = tuple(suffix for kind in KINDS for suffix in kind.suffixes)
