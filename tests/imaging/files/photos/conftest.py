"""Facts as cameras and programs write them, made here byte by byte."""

from __future__ import annotations

import struct
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import ImageCms

MAKER_NOTE = b"MAKER\0note\xff\0\x10 of 24 bytes "


def entry(tag, kind, count, value, order="<"):
    if isinstance(value, bytes):
        return struct.pack(f"{order}HHI", tag, kind, count) + value.ljust(4, b"\0")
    code = {3: "H2x", 4: "I"}[kind]
    return struct.pack(f"{order}HHI{code}", tag, kind, count, value)


def exif_block(*, orientation=6, thumbnail=b"\xff\xd8old picture\xff\xd9"):
    """IFD0 (orientation, size, EXIF, GPS), EXIF (maker note, pixels), GPS, IFD1 (thumbnail)."""
    at = {"exif": 100, "gps": 160, "note": 200, "second": 240, "thumbnail": 280}
    first = [
        entry(0x0100, 3, 1, 60),
        entry(0x0101, 3, 1, 40),
        entry(0x0112, 3, 1, orientation),
        entry(0x8769, 4, 1, at["exif"]),
        entry(0x8825, 4, 1, at["gps"]),
    ]
    exif = [
        entry(0x927C, 7, len(MAKER_NOTE), struct.pack("<I", at["note"])),
        entry(0xA002, 4, 1, 60),
        entry(0xA003, 3, 1, 40),
    ]
    gps = [entry(0x0001, 2, 2, b"N\0")]
    second = [entry(0x0201, 4, 1, at["thumbnail"]), entry(0x0202, 4, 1, len(thumbnail))]
    block = bytearray(at["thumbnail"] + len(thumbnail))
    block[:8] = struct.pack("<2sHI", b"II", 42, 8)
    for place, entries, following in (
        (8, first, at["second"]),
        (at["exif"], exif, 0),
        (at["gps"], gps, 0),
        (at["second"], second, 0),
    ):
        content = struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)
        block[place : place + len(content)] = content
    block[at["note"] : at["note"] + len(MAKER_NOTE)] = MAKER_NOTE
    block[at["thumbnail"] :] = thumbnail
    return b"Exif\0\0" + bytes(block)


XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'tiff:Orientation="6" exif:PixelXDimension="60" exif:PixelYDimension="40" '
    b'dc:creator="K\xc3\xb6hler"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
UPRIGHT_XMP = (
    XMP.replace(b'Orientation="6"', b'Orientation="1"')
    .replace(b'XDimension="60"', b'YDimension="*"')
    .replace(b'YDimension="40"', b'XDimension="40"')
    .replace(b'YDimension="*"', b'YDimension="60"')
)
IPTC = b"\x1c\x02\x00\x00\x02\x00\x04\x1c\x02\x78\x00\x07caption"


@pytest.fixture
def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def grey_profile(profile):
    changed = bytearray(profile)
    changed[16:20] = b"GRAY"
    return bytes(changed)


@pytest.fixture
def colours():
    """A smooth picture that lossy formats change little."""
    y, x = np.mgrid[:40, :60]
    return np.stack([4 * x, 6 * y, 255 - 4 * x], axis=-1).astype(np.uint8)


@pytest.fixture
def facts():
    return SimpleNamespace(
        exif=exif_block, note=MAKER_NOTE, xmp=XMP, upright_xmp=UPRIGHT_XMP, iptc=IPTC
    )
