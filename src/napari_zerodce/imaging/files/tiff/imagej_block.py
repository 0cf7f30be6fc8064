"""The binary notes of ImageJ: labels of planes, lookup tables and ranges of channels.

The format: https://github.com/imagej/ImageJ/blob/master/ij/io/TiffDecoder.java (getMetaData)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from napari_zerodce.imaging.files.tiff.directory import ByteOrder, Tag
from napari_zerodce.imaging.scope import Range

_MAGIC: Final = b"IJIJ"
_KIND = 8  # bytes: a name, and how many values it has
_DOUBLE = 8


def of_part(
    counts: Tag, block: Tag, byteorder: ByteOrder, planes: Sequence[int], channels: Range | None
) -> tuple[Tag, Tag] | None:
    """Return the sizes and the values of the notes for some planes, None if they are invalid.

    Parameters
    ----------
    counts, block : Tag
        The sizes and the values for all planes.
    byteorder : {"<", ">"}
    planes : sequence of int
        Their numbers in the whole stack.
    channels : (int, int), optional
        The range of the channels.
    """
    sizes = struct.unpack(f"{byteorder}{len(counts.value) // 4}I", counts.value)
    head = block.value[: sizes[0]] if sizes else b""
    if _name(head[:4], byteorder) != _MAGIC or sum(sizes) > len(block.value):
        return None
    values = _split(block.value[sizes[0] :], sizes[1:])
    new_head, kept = head[:4], list[bytes]()
    for start in range(4, len(head) - _KIND + 1, _KIND):
        name = head[start : start + 4]
        (count,) = struct.unpack(f"{byteorder}I", head[start + 4 : start + 8])
        each = [next(values, b"") for _ in range(count)]
        each = _of_part(_name(name, byteorder), each, planes, channels)
        if each:
            new_head += name + struct.pack(f"{byteorder}I", len(each))
            kept += each
    lengths = [len(new_head), *map(len, kept)]
    told = struct.pack(f"{byteorder}{len(lengths)}I", *lengths)
    return Tag(counts.dtype, told), Tag(block.dtype, new_head + b"".join(kept))


def _of_part(
    name: bytes, values: list[bytes], planes: Sequence[int], channels: Range | None
) -> list[bytes]:
    if name == b"labl":
        return [values[plane] for plane in planes if plane < len(values)]
    if channels is None:
        return values
    if name == b"luts":
        return values[slice(*channels)]
    if name == b"rang" and len(values) == 1:  # two numbers for each channel
        return [values[0][2 * _DOUBLE * channels[0] : 2 * _DOUBLE * channels[1]]]
    return values


def _name(stored: bytes, byteorder: ByteOrder) -> bytes:
    return stored if byteorder == ">" else stored[::-1]


def _split(values: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for size in sizes:
        yield values[start : start + size]
        start += size
