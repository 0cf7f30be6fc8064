"""The first bytes of files: of photos, and of what is no photo but often called one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Signature:
    """Bytes with which files of a kind begin.

    Parameters
    ----------
    place : int
        How many other bytes stand before them.
    content : bytes
    """

    place: int
    content: bytes

    def begins(self, start: bytes) -> bool:
        """Return whether a file begins so.

        Parameters
        ----------
        start : bytes
        """
        return start[self.place :].startswith(self.content)


_OTHERS: Final = (
    (Signature(0, b"II*\0"), "a TIFF", ".tif"),
    (Signature(0, b"MM\0*"), "a TIFF", ".tif"),
    (Signature(0, b"II+\0"), "a TIFF", ".tif"),
    (Signature(0, b"MM\0+"), "a TIFF", ".tif"),
    (Signature(0, b"\x93NUMPY"), "an array of NumPy", ".npy"),
    (Signature(0, b"%PDF"), "a PDF document", ""),
    (Signature(0, b"PK\3\4"), "a ZIP archive", ""),
    (Signature(0, b"<!DOCTYPE"), "a web page", ""),
    (Signature(0, b"<html"), "a web page", ""),
    (Signature(0, b"<svg"), "a drawing (SVG)", ""),
    (Signature(0, b"<?xml"), "an XML document", ""),
    (Signature(0, b"8BPS"), "a Photoshop document", ""),
    (Signature(8, b"AVI "), "a video", ".avi"),
    (Signature(4, b"ftypqt"), "a video", ".mov"),
    (Signature(4, b"ftyp"), "a video", ".mp4"),
)


def other_kind_of(start: bytes) -> tuple[str, str] | None:
    """Return what a file is that is no photo, and its suffix; None if it is not recognised.

    Parameters
    ----------
    start : bytes
        At least 16 of its first bytes.

    Returns
    -------
    tuple of (str, str) or None
        The suffix is empty if we do not read such files.
    """
    for signature, title, suffix in _OTHERS:
        if signature.begins(start):
            return title, suffix
    return None
