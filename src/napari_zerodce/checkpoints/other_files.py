"""What a file is that is not a checkpoint, told by its content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from napari_zerodce.checkpoints.protobuf import protobuf_fields

_CHOOSE: Final = "choose a .pth or .safetensors file"
_EXPORTED: Final = "give the PyTorch checkpoint that it was exported from"
_UNPACK: Final = f"unpack it first, and {_CHOOSE}"

_FIRST_BYTES: Final = (
    (0, b"\x89PNG", f"a PNG image; {_CHOOSE}"),
    (0, b"\xff\xd8\xff", f"a JPEG image; {_CHOOSE}"),
    (0, b"II*\x00", f"a TIFF image; {_CHOOSE}"),
    (0, b"MM\x00*", f"a TIFF image; {_CHOOSE}"),
    (0, b"II+\x00", f"a BigTIFF image; {_CHOOSE}"),
    (0, b"GIF8", f"a GIF image; {_CHOOSE}"),
    (8, b"WEBPVP8", f"a WebP image; {_CHOOSE}"),
    (4, b"ftypavif", f"an AVIF image; {_CHOOSE}"),
    (4, b"ftyphei", f"a HEIC image; {_CHOOSE}"),
    (4, b"ftyp", f"a video; {_CHOOSE}"),
    (4, b"jP  \r\n", f"a JPEG 2000 image; {_CHOOSE}"),
    (0, b"\x93NUMPY", f"a NumPy array; {_CHOOSE}"),
    (0, b"MATLAB 5.0", f"a MATLAB file; {_CHOOSE}"),
    (0, b"\x89HDF\r\n", f"an HDF5 file, as Keras writes them; {_CHOOSE}"),
    (0, b"%PDF", f"a PDF document; {_CHOOSE}"),
    (0, b"GGUF", f"a GGUF model; {_EXPORTED}"),
    (4, b"TFL3", f"a TensorFlow Lite model; {_EXPORTED}"),
    (4, b"ORTM", f"an ONNX Runtime model; {_EXPORTED}"),
    (0, b"7767517\n", f"an ncnn model; {_EXPORTED}"),
    (0, b"\x1f\x8b", f"a gzip archive; {_UNPACK}"),
    (0, b"BZh", f"a bzip2 archive; {_UNPACK}"),
    (0, b"\xfd7zXZ", f"an xz archive; {_UNPACK}"),
    (0, b"\x28\xb5\x2f\xfd", f"a Zstandard archive; {_UNPACK}"),
    (0, b"7z\xbc\xaf", f"a 7-Zip archive; {_UNPACK}"),
    (0, b"Rar!\x1a", f"a RAR archive; {_UNPACK}"),
)
"""Where in a file the bytes are, and the end of the sentence about it."""

_ZIP_MEMBERS: Final = (
    ("constants.pkl", f"a TorchScript program; {_EXPORTED}"),
    ("archive_format", f"a program of torch.export; {_EXPORTED}"),
    ("model.weights.h5", f"a Keras model; {_EXPORTED}"),
)
"""How the name of a member ends in a zip archive of that kind."""

_VERSION: Final = (1, "number")
"""The first field of a model, whatever wrote it."""

_ONNX_FIELDS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_ONNX_GRAPH: Final = (7, "bytes")

_FIRST_CORE_ML_MODEL: Final = 200
"""Smaller fields describe a Core ML model; larger ones hold the model itself."""

_WEB_PAGE_STARTS: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--")


def looks_like_web_page(content: bytes) -> bool:
    """Return whether a file begins like HTML or XML."""
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith(_WEB_PAGE_STARTS)


def other_file(content: bytes) -> str | None:
    """Return what a file is that is not a checkpoint, as half a sentence; None if unknown."""
    if looks_like_web_page(content):
        if b"<net " in content[:2000]:
            return f"an OpenVINO model; {_EXPORTED}"
        return "a web page saved under that name; download the raw file instead"
    if content.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer to one; run 'git lfs pull' or download the raw file"
    if content[257:262] == b"ustar":
        return "a tar archive; unpack it, or save the weights again with a current PyTorch"
    if content.startswith(b"BM") and int.from_bytes(content[2:6], "little") == len(content):
        return f"a BMP image; {_CHOOSE}"
    known = (words for place, start, words in _FIRST_BYTES if content.startswith(start, place))
    return next(known, None) or _exported_model(content)


def other_zip(members: Sequence[str]) -> str | None:
    """Return what a zip archive is that is not a checkpoint; None if unknown.

    Parameters
    ----------
    members : sequence of str
        Names of its files.
    """
    if members and all(name.endswith(".npy") for name in members):
        return f"a NumPy archive (.npz); {_CHOOSE}"
    return next(
        (words for end, words in _ZIP_MEMBERS if any(name.endswith(end) for name in members)), None
    )


def _exported_model(content: bytes) -> str | None:
    """Return the kind of a model that is a message of protocol buffers."""
    fields = list(protobuf_fields(content))
    numbers = {number for number, _ in fields}
    if fields[:1] != [_VERSION]:
        return None
    if _ONNX_GRAPH in fields and numbers <= _ONNX_FIELDS:
        return f"an ONNX model; {_EXPORTED}"
    if max(numbers) >= _FIRST_CORE_ML_MODEL:
        return f"a Core ML model; {_EXPORTED}"
    return f"a TensorFlow model; {_EXPORTED}" if numbers == {1, 2} else None
