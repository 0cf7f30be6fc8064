"""Which chunks of a PNG are true of the result, and what its samples mean beside them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from napari_zerodce.imaging.files.photos.png_chunks import Chunk
from napari_zerodce.imaging.planes import Channels

_COPIED: Final = {b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"tIME"} | {
    *(b"oFFs", b"sCAL", b"sTER"),
}
_READ: Final = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"pHYs", b"eXIf"} | {
    *(b"tEXt", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT", b"bKGD", b"sBIT"),
}
_OF_THE_OLD_PIXELS: Final = {b"iDOT", b"orNT"}  # where a decoder can begin; the orientation
_LOST: Final = {
    b"sPLT": "suggested palette",
    b"hIST": "histogram of the palette",
    b"pCAL": "calibration of samples",
    b"caBX": "Content Credentials",
}


@dataclass(frozen=True)
class Meaning:
    """The background and the significant bits of colours, as RGB whatever the samples are.

    Parameters
    ----------
    depth : int
        Bits of a sample.
    background : tuple of int
        Red, green and blue; empty if the file says none.
    significant : tuple of int
        Bits of red, green, blue and, if there is one, alpha; empty if the file says none.
    """

    depth: int
    background: tuple[int, ...]
    significant: tuple[int, ...]

    def chunks(self, depth: int, channels: Channels) -> Iterator[Chunk]:
        """Yield the chunks for samples of a depth.

        Parameters
        ----------
        depth : int
        channels : {"mono", "rgb", "rgba"}
        """
        count = 1 if channels == "mono" else 3
        levels = [each * (2**depth - 1) // (2**self.depth - 1) for each in self.background]
        if levels and (count == 3 or len(set(levels)) == 1):
            yield b"bKGD", struct.pack(f">{count}H", *levels[:count])
        if self.significant and 0 < min(self.significant) <= max(self.significant) <= depth:
            alpha = (*self.significant[3:], depth)[:1] if channels == "rgba" else ()
            yield b"sBIT", bytes((*self.significant[:count], *alpha))


def meaning_of(chunks: Sequence[Chunk]) -> Meaning | None:
    """Return what the chunks of a PNG say about its samples, None if nothing.

    Parameters
    ----------
    chunks : sequence of Chunk
    """
    told = dict(reversed(chunks))
    header, palette = told.get(b"IHDR", b""), told.get(b"PLTE", b"")
    if len(header) < 10 or not told.keys() & {b"bKGD", b"sBIT"}:
        return None
    depth, is_indexed = header[8], header[9] == 3
    background = _background(told.get(b"bKGD", b""), palette if is_indexed else None)
    bits = told.get(b"sBIT", b"")
    significant = bits[:1] * 3 + bits[1:] if len(bits) < 3 else bits
    return Meaning(8 if is_indexed else depth, background, tuple(significant))


def _background(content: bytes, palette: bytes | None) -> tuple[int, ...]:
    if palette is not None:
        place = 3 * content[0] if content else len(palette)
        return tuple(palette[place : place + 3])
    if len(content) == 2:
        content *= 3
    return struct.unpack(">3H", content) if len(content) == 6 else ()


def is_copied(name: bytes) -> bool:
    """Return whether a chunk is true of the result as it is.

    Parameters
    ----------
    name : bytes
        The case of its letters says whether it may be copied by a program that does not know it.
    """
    is_unknown = name not in _READ | _LOST.keys() | _OF_THE_OLD_PIXELS
    return name in _COPIED or (is_unknown and name[:1].islower() and name[3:].islower())


def lost_of(chunks: Sequence[Chunk]) -> Iterator[str]:
    """Yield the names of chunks that the result cannot have.

    Parameters
    ----------
    chunks : sequence of Chunk
    """
    for name, _ in chunks:
        if name in _LOST:
            yield _LOST[name]
        elif name not in _READ | _OF_THE_OLD_PIXELS and not is_copied(name):
            yield f"the chunk {name.decode('latin-1')}"


def meaning_chunks(details: Mapping[str, Any], depth: int, channels: Channels) -> Iterator[Chunk]:
    """Yield the chunks of the meaning of samples that an image was read with.

    Parameters
    ----------
    details : mapping
    depth : int
    channels : {"mono", "rgb", "rgba"}
    """
    meaning = details.get("png_meaning")
    if isinstance(meaning, Meaning):
        yield from meaning.chunks(depth, channels)
