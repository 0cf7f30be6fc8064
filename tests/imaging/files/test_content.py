"""Files are told by their first bytes, whatever they are called."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.imaging.files.content import content_of

_LFS = "a Git LFS file, which is not downloaded"


@pytest.mark.parametrize(
    ("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("GIF", ".gif"), ("WEBP", ".webp")]
)
def test_photos(tmp_path, kind, suffix):
    Image.new("RGB", (9, 8)).save(tmp_path / "a", format=kind)
    assert content_of(tmp_path / "a").suffix == suffix


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_tiff(tmp_path, options):
    tifffile.imwrite(tmp_path / "a", np.zeros((9, 8), "u1"), **options)
    assert content_of(tmp_path / "a").suffix == ".tif"


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["a.npy", "b.npy"], "a NumPy archive"),
        (["[Content_Types].xml", "word/document.xml"], "a Word document"),
        (["a.png"], "a ZIP archive"),
        ([], None),
    ],
)
def test_archives(tmp_path, names, title):
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    content = content_of(tmp_path / "a")
    assert (content and content.title) == title


@pytest.mark.parametrize(
    ("start", "title"),
    [
        (b"", "an empty file"),
        (b"%PDF-1.4 ...", "a PDF document"),
        (b"8BPS\0\1", "a Photoshop image"),
        (b"P7\nWIDTH 4\n", "a PAM image"),
        (b"Pf\n4 4\n-1.0\n" + bytes(64), "a PFM image"),
        (b"P5 # a comment\n4 4 255\n", "a Netpbm image"),
        (b"P5 is a text", "a text"),
        (b"BM,width,height\n1,2,3\n", "a text"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "a BMP image"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "a MATLAB 7.3 file, which is HDF5"),
        (b"\0\0\1\xb3" + bytes(20), "an MPEG video"),
        ((b"G" + bytes(187)) * 3, "an MPEG transport stream"),
        ((bytes(4) + b"G" + bytes(187)) * 3, "an MPEG transport stream"),
        (b"G" * 60, "a text"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "an MP4 video"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC image"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "an AVIF image"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a Canon RAW photo"),
        (bytes(128) + b"DICM", "a DICOM file"),
        (bytes(344) + b"n+1\0", "a NIfTI image"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "an SVG drawing"),
        (b'<?xml version="1.0"?>\n<OME/>', "an XML text"),
        ("x,y\n1,2\nGröße".encode(), "a text"),
        ("ä".encode() * 4000, "a text"),
        (b"version https://git-lfs.github.com", f"the pointer of {_LFS}"),
        (bytes(5000), None),
        (b"\xff\xfe\x00\x01 no known start", None),
        (b"PK\x03\x04 cut off", "a damaged ZIP archive"),
    ],
)
def test_other_kinds(tmp_path, start, title):
    (tmp_path / "a").write_bytes(start)
    content = content_of(tmp_path / "a")
    assert (content and content.title) == title


def test_a_name_tells_nothing(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (9, 8)).save(buffer, format="PNG")
    (tmp_path / "a.tif").write_bytes(buffer.getvalue())
    assert content_of(tmp_path / "a.tif").suffix == ".png"
