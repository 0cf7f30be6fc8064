"""Reads safetensors files: a length, a JSON header, then the numbers."""

from __future__ import annotations

import json
from typing import Any, Final

from safetensors import SafetensorError, deserialize

from napari_zerodce.checkpoints.defects import Defect, readable_size, shown
from napari_zerodce.checkpoints.formats.stored_tensor import StoredTensor, TensorFile

_LARGEST_HEADER: Final = 2**20
"""Bytes. Ours have about 3 KiB."""

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
"""Others keep the name that safetensors gives them: they cannot be weights."""


def begins(content: bytes) -> bool:
    """Whether there is JSON after eight bytes: even a wrong length is better explained here."""
    return content[8:9] == b"{"


def read(content: bytes) -> TensorFile:
    """Take a safetensors file apart.

    The header is read here, too: the library gives no metadata, reads headers of 100 MB, and says
    the same of a file that is cut off and of one that is damaged. Bytes after the last tensor are
    ignored.

    Raises
    ------
    Defect
        If it is cut off, damaged or not a safetensors file at all.
    """
    length = int.from_bytes(content[:8], "little")
    if length > len(content) - 8:
        raise Defect(
            f"is cut off or no safetensors file: its header claims {readable_size(length)}, and "
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
    return TensorFile([stored], header.get("__metadata__") or {})


def _parse(header: bytes) -> dict[str, Any]:
    if len(header) > _LARGEST_HEADER:
        raise Defect(
            f"is not a Zero-DCE checkpoint: its header has {readable_size(len(header))}, "
            "where a few KiB are expected; choose another file"
        )
    try:
        parsed = json.loads(header)
    except (ValueError, RecursionError) as err:
        raise _damaged() from err
    if not isinstance(parsed, dict):
        raise _damaged()
    return parsed


def _size_of_numbers(header: dict[str, Any]) -> int:
    """Return where the last tensor ends; what makes no sense is left to the library."""
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
    return Defect("is damaged: its safetensors header makes no sense; download or save it again")
