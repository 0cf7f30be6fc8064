"""The chunks of a PNG that hold facts, read and written byte by byte."""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MOST_TEXT: Final = 2**26  # bytes of one text; more is an attack
_LARGE: Final = {b"IDAT", b"fdAT"}
_XMP: Final = "XML:com.adobe.xmp"
_RAW: Final = "Raw profile type "
"""How ImageMagick's names of texts begin that hold the facts of other formats."""

Chunk = tuple[bytes, bytes]


def chunks_of(path: Path) -> Iterator[Chunk]:
    """Yield name and content of each chunk, until the first damaged one.

    Those of pixels have no content here, and only the first is yielded.

    Parameters
    ----------
    path : Path
    """
    size = path.stat().st_size
    pixels = {b"IDAT": (b"IDAT", b"")}
    with path.open("rb") as file:
        file.seek(len(SIGNATURE))
        while len(head := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", head)
            end = file.tell() + length + 4
            if end > size:
                return
            if name not in _LARGE:
                yield name, file.read(length)
            elif name in pixels:
                yield pixels.pop(name)
            file.seek(end)


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and checksum.

    Parameters
    ----------
    name : bytes
        Four.
    content : bytes
    """
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def text_in(name: bytes, content: bytes) -> tuple[str, str] | None:
    """Return keyword and text of a tEXt, zTXt or iTXt chunk, None if it is damaged.

    Parameters
    ----------
    name, content : bytes
        Of the chunk.
    """
    keyword, _, rest = content.partition(b"\0")
    try:
        if name == b"iTXt":
            is_packed, rest = rest[:1] == b"\1", rest[2:]
            _, _, rest = rest.partition(b"\0")
            _, _, rest = rest.partition(b"\0")
            text = (_unpacked(rest) if is_packed else rest).decode()
        else:
            text = (_unpacked(rest[1:]) if name == b"zTXt" else rest).decode("latin-1")
    except (zlib.error, UnicodeDecodeError):
        return None
    return keyword.decode("latin-1"), text


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(content, _MOST_TEXT)
    if not unpacker.eof:
        raise zlib.error("the text is cut, or too long")
    return text


def text_chunk(keyword: str, text: str) -> Chunk:
    """Return name and content of the chunk of a text.

    Parameters
    ----------
    keyword : str
        What is longer than 79 characters, or not Latin-1, is cut or replaced.
    text : str
    """
    key = keyword.encode("latin-1", "replace")[:79] or b"Comment"
    try:
        return b"tEXt", key + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", key + b"\0\0\0\0\0" + text.encode()


def xmp_chunk(packet: bytes) -> Chunk:
    """Return name and content of the chunk of XMP.

    Parameters
    ----------
    packet : bytes
    """
    return b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + packet


def is_xmp(keyword: str) -> bool:
    """Return whether a text is a packet of XMP.

    Parameters
    ----------
    keyword : str
    """
    return keyword == _XMP


def raw_profile_in(keyword: str, text: str) -> tuple[str, bytes] | None:
    """Return kind and content of what ImageMagick writes as hexadecimal digits into a text.

    Parameters
    ----------
    keyword, text : str

    Returns
    -------
    tuple of (str, bytes) or None
        The kind is "exif", "app1", "xmp", "iptc", "8bim", "icc" or "icm". None for other texts.
    """
    if not keyword.startswith(_RAW):
        return None
    _, _, rest = text.lstrip().partition("\n")
    _, _, digits = rest.strip().partition("\n")
    try:
        return keyword[len(_RAW) :].strip().lower(), bytes.fromhex(digits)
    except ValueError:
        return None


def raw_profile_chunk(kind: str, content: bytes) -> Chunk:
    """Return name and content of a chunk as ImageMagick and ExifTool write it.

    Parameters
    ----------
    kind : str
    content : bytes
    """
    digits = binascii.hexlify(content).decode()
    lines = "\n".join(digits[place : place + 72] for place in range(0, len(digits), 72))
    text = f"\n{kind}\n{len(content):8}\n{lines}\n"
    return b"zTXt", f"{_RAW}{kind}".encode() + b"\0\0" + zlib.compress(text.encode())
