"""Safetensors files, read or with other metadata: a length, a JSON header, then the numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from safetensors import SafetensorError, deserialize

from napari_zerodce.checkpoints.defects import Defect, readable_size, shown
from napari_zerodce.checkpoints.formats.stored_tensor import StoredTensor, TensorFile

SUFFIXES: Final[tuple[str, ...]] = (".safetensors",)

LARGEST_HEADER: Final = 2**20
"""Bytes. The headers of our own files have about 3 KiB."""

_ALIGNMENT: Final = 8
"""Bytes. The numbers begin at a multiple of it."""

_NUMBER_FORMATS: Final = {
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "I64": "int64",
    "I32": "int32",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
"""Other formats keep their safetensors names, because they cannot hold weights."""


def begins(content: bytes) -> bool:
    """Return whether JSON follows after eight bytes; `read` explains a wrong length in them."""
    return content[8:9] == b"{"


def read(content: bytes) -> TensorFile:
    """Return the tensors and the metadata in a safetensors file.

    This function reads the header, too, because the library returns no metadata, accepts headers of
    100 MB, and raises the same error for a file that is cut off and for a damaged one. Bytes after
    the last tensor are ignored.

    Raises
    ------
    Defect
        If the file is cut off, damaged or not a safetensors file at all.
    """
    length = int.from_bytes(content[:8], "little")
    if length > len(content) - 8:
        raise Defect(
            f"is cut off or not a safetensors file: its header claims {readable_size(length)}, and "
            f"the file has {readable_size(len(content))}; download or save it again"
        )
    header = _parse(content[8 : 8 + length])
    size, there = _size_of_numbers(header), len(content) - 8 - length
    if size > there:
        raise Defect(
            f"is cut off: its header describes {readable_size(size)} of weights, and "
            f"{readable_size(there)} are there; download or save it again"
        )
    try:
        tensors = deserialize(content[: 8 + length + size])  # type: ignore[no-untyped-call]
    except SafetensorError as err:
        raise _damaged() from err
    stored = {name: _stored(entry) for name, entry in tensors}
    return TensorFile([("", stored)], header.get("__metadata__") or {})


def metadata_in(start: bytes) -> dict[str, str]:
    """Return the metadata from the start of a file, without its tensors.

    Parameters
    ----------
    start : bytes
        At least the length and the header.

    Raises
    ------
    Defect
        If the header is damaged.
    """
    found = _parse(start[8 : 8 + int.from_bytes(start[:8], "little")]).get("__metadata__", {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise _damaged()
    return found


def with_metadata(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return a file with other metadata, as the library would write it.

    Parameters
    ----------
    content : bytes
        A file that `read` accepts.
    metadata : Mapping of str to str
    """
    stop = 8 + int.from_bytes(content[:8], "little")
    header = _parse(content[8:stop])
    header.pop("__metadata__", None)
    whole = {"__metadata__": dict(metadata), **header}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text + content[stop:]


def _parse(header: bytes) -> dict[str, Any]:
    if len(header) > LARGEST_HEADER:
        raise Defect(
            f"is not a checkpoint that can be used: its header has {readable_size(len(header))}, "
            "but a few KiB are expected; choose another file"
        )
    try:
        parsed = json.loads(header)
    except (ValueError, RecursionError) as err:
        raise _damaged() from err
    if not isinstance(parsed, dict):
        raise _damaged()
    return parsed


def _size_of_numbers(header: dict[str, Any]) -> int:
    """Return the end of the last tensor in bytes; the library checks invalid entries."""
    stops = [0]
    for entry in header.values():
        match entry:
            case {"data_offsets": [int(), int(stop)]}:
                stops.append(stop)
    return max(stops)


def _stored(entry: dict[str, Any]) -> StoredTensor:
    code: str = entry["dtype"]
    number_format = _NUMBER_FORMATS.get(code, shown(code))
    return StoredTensor(number_format, tuple(entry["shape"]), None, 0, lambda: entry["data"])


def _damaged() -> Defect:
    return Defect("is damaged: its safetensors header is invalid; download or save it again")
