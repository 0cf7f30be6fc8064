"""What a file is that is not a checkpoint, told by its content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from napari_zerodce.checkpoints.protobuf import protobuf_fields
from napari_zerodce.signatures import content_at_start

_CHOOSE: Final = "choose a .pth or .safetensors file"
_EXPORTED: Final = "give the PyTorch checkpoint that it was exported from"
_UNPACK: Final = f"unpack it first, and {_CHOOSE}"

_ADVICE: Final = {"": _CHOOSE, "archive": _UNPACK, "model": _EXPORTED}
"""What to do with a file, by the group of its content."""

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
    known = content_at_start(content)
    if known is None:
        return _exported_model(content)
    keras = ", as Keras writes them" if known.title == "an HDF5 file" else ""
    return f"{known.title}{keras}; {_ADVICE[known.group]}"


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
