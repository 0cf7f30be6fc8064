"""The OME-XML that tells of a file, also if it is in another file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import tifffile

from napari_zerodce.imaging.files.tiff import ome
from napari_zerodce.imaging.files.tiff.once import once_per_file

_LARGEST: Final = 2**28  # bytes of XML


@once_per_file
def xml_about(file: tifffile.TiffFile) -> str | None:
    """Return the OME-XML that tells of the pages of a file, None if there is none.

    Parameters
    ----------
    file : TiffFile
        Its own OME-XML may only name a file beside it that has all.
    """
    own = ome.xml_of(file)
    root = ome.known(own) if own else None
    if own is None or root is None:
        return None
    named = root.find("BinaryOnly")
    if named is None:
        return own
    told = _xml_in(Path(file.filehandle.dirname) / Path(named.get("MetadataFile", "")).name)
    return told if told and ome.known(told) is not None else own


def _xml_in(path: Path) -> str | None:
    if not path.is_file() or path.stat().st_size > _LARGEST:
        return None
    try:
        with path.open("rb") as file:
            is_tiff = file.read(2) in {b"II", b"MM"}
        if not is_tiff:
            return path.read_text("utf-8")
        with tifffile.TiffFile(path) as other:
            return other.ome_metadata
    except (OSError, ValueError, tifffile.TiffFileError):  # then what it says is unknown
        return None
