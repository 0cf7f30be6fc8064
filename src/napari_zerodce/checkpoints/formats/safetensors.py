"""Reads safetensors files: a length, a JSON header, then the numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from napari_zerodce.checkpoints.defects import Defect, readable_size, shown
from napari_zerodce.checkpoints.formats.stored_tensor import ITEM_SIZES, StoredTensor

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


@dataclass(frozen=True)
class SafetensorsFile:
    """The tensors of a file and its free text."""

    tensors: Mapping[str, StoredTensor]
    metadata: Mapping[str, str]


def read_safetensors(content: bytes) -> SafetensorsFile:
    """Take a safetensors file apart.

    Not by the safetensors package, which needs torch to say what a file holds, and reads more
    number formats than weights can have.

    Raises
    ------
    Defect
        If it is cut off or no safetensors file at all.
    """
    length = int.from_bytes(content[:8], "little")
    if length > len(content) - 8:
        raise Defect(
            f"is cut off or no safetensors file: its header claims {readable_size(length)}, and "
            f"the file has {readable_size(len(content))}; download or save it again"
        )
    header = _parse(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise _damaged()
    numbers = memoryview(content)[8 + length :]
    tensors = {name: _stored(entry, numbers) for name, entry in header.items()}
    return SafetensorsFile(tensors, {key: str(text) for key, text in metadata.items()})


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


def _stored(entry: Any, numbers: memoryview) -> StoredTensor:
    match entry:
        case {"dtype": str(code), "shape": [*shape], "data_offsets": [int(start), int(stop)]}:
            if not all(type(side) is int and 0 <= side < 2**63 for side in shape):
                raise _damaged()
        case _:
            raise _damaged()
    if stop > len(numbers):
        raise Defect(
            f"is cut off: its header describes {readable_size(stop)} of weights, and "
            f"{readable_size(len(numbers))} are there; download or save it again"
        )
    number_format = _NUMBER_FORMATS.get(code, shown(code))
    size = ITEM_SIZES.get(number_format)
    if not 0 <= start <= stop or (size and math.prod(shape) * size != stop - start):
        raise _damaged()
    return StoredTensor(number_format, tuple(shape), None, 0, lambda: numbers[start:stop])


def _damaged() -> Defect:
    return Defect("is damaged: its safetensors header makes no sense; download or save it again")
