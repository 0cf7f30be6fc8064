"""What a file is that is not a checkpoint, told by its first bytes."""

from __future__ import annotations

from typing import Final

_OTHER_FILES: Final = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF\r\n", "an HDF5 file, as Keras writes them"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive, which must be unpacked first"),
    (b"7z\xbc\xaf", "a 7-Zip archive, which must be unpacked first"),
)
_ONNX_FIELDS: Final = frozenset({b"\x12", b"\x1a", b"\x22", b"\x28", b"\x32", b"\x3a", b"\x42"})
_WEB_PAGE_STARTS: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--")


def looks_like_web_page(content: bytes) -> bool:
    """Return whether a file begins like HTML or XML."""
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith(_WEB_PAGE_STARTS)


def _looks_like_onnx(content: bytes) -> bool:
    """Return whether a file begins with the version of ONNX and another field of its model."""
    return content[:1] == b"\x08" and content[2:3] in _ONNX_FIELDS


def other_file(content: bytes) -> str | None:
    """Return what a file is that is not a checkpoint, as half a sentence; None if unknown."""
    if looks_like_web_page(content):
        return "a web page saved under that name; download the raw file instead"
    if content.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer to one; run 'git lfs pull' or download the raw file"
    if content[257:262] == b"ustar":
        return "a tar archive; unpack it, or save the weights again with a current PyTorch"
    if _looks_like_onnx(content):
        return "an ONNX file; choose the .pth or .safetensors file that it was made from"
    name = next((name for start, name in _OTHER_FILES if content.startswith(start)), None)
    return name and f"{name}; choose a .pth or .safetensors file"
