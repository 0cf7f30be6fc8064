"""The format of a checkpoint file, recognised by its content, because file names can be wrong."""

from __future__ import annotations

from typing import Final, Protocol

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats import safetensors, torch_legacy, torch_zip
from napari_zerodce.checkpoints.formats.stored_tensor import TensorFile


class Format(Protocol):
    """The functions of each module that reads a format."""

    def begins(self, content: bytes) -> bool:
        """Return whether a file begins like a file of this format."""
        ...

    def read(self, content: bytes) -> TensorFile:
        """Return the tensors in a file; raise `Defect` if it is damaged or of another format."""
        ...


FORMATS: Final[tuple[Format, ...]] = (torch_zip, safetensors, torch_legacy)
"""To add a format, write one module and add it here."""

_OTHER_FILES: Final = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive, which must be unpacked first"),
    (b"7z\xbc\xaf", "a 7-Zip archive, which must be unpacked first"),
)
_WEB_PAGE_STARTS: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--")


def kind_of(content: bytes) -> Format:
    """Return the format of a file.

    Raises
    ------
    Defect
        If the file is empty, or of a well-known kind that holds no checkpoint.
    """
    if not content:
        raise Defect("is empty; download or save it again")
    for each in FORMATS:
        if each.begins(content):
            return each
    if found := _other_file(content):
        raise Defect(f"is not a checkpoint but {found}")
    # A pickle of another protocol may start with any byte, so its reader decides.
    return torch_legacy


def looks_like_web_page(content: bytes) -> bool:
    """Return whether a file begins like HTML or XML."""
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith(_WEB_PAGE_STARTS)


def _other_file(content: bytes) -> str | None:
    if looks_like_web_page(content):
        return "a web page saved under that name; download the raw file instead"
    if content.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer to one; run 'git lfs pull' or download the raw file"
    if content[257:262] == b"ustar":
        return "a tar archive; unpack it, or save the weights again with a current PyTorch"
    name = next((name for start, name in _OTHER_FILES if content.startswith(start)), None)
    return name and f"{name}; choose a .pth or .safetensors file"
