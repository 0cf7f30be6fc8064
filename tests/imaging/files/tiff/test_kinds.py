"""Files of microscopes and scanners that are TIFFs under other names: read, and written as .tif."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import (
    kind_of,
    left_out,
    lost,
    read_image,
    read_images,
    write_image,
)

RANDOM = np.random.default_rng(14)


def noise(*shape, dtype="u1"):
    return RANDOM.integers(0, 200, shape).astype(dtype)


def lsm(path, planes):
    """Write an LSM of (Z, C, Y, X), with a thumbnail behind each plane."""
    depth, channels, rows, columns = planes.shape
    magic, size, scan_of_xyz = 50350412, 128, 0
    facts = (magic, size, columns, rows, depth, channels, 1, 1, 4, 4)
    head = struct.pack("<Ii8i6d2HI", *facts, *([1e-6] * 6), scan_of_xyz, 0, 0)
    with tifffile.TiffWriter(path) as file:
        for number, plane in enumerate(planes):
            said = head.ljust(size, b"\0")
            tags = [] if number else [(34412, 1, len(said), said, True)]
            options = {"metadata": None, "photometric": "minisblack", "planarconfig": "separate"}
            file.write(plane, extratags=tags, **options)
            file.write(plane[:, :4, :4].copy(), subfiletype=1, **options)


def stk(path, planes):
    """Write a MetaMorph stack: one directory, whose planes lie behind each other."""
    count, rows, columns = planes.shape
    steps = struct.pack("<6I", 1, 2, 2458000, 0, 2458000, 0) * count
    entries = {
        256: (4, 1, columns), 257: (4, 1, rows), 258: (4, 1, 8 * planes.itemsize), 259: (4, 1, 1),
        262: (4, 1, 1), 273: (4, 1, 1000), 277: (4, 1, 1), 278: (4, 1, rows),
        279: (4, 1, planes[0].nbytes), 33628: (4, 1, 900), 33629: (5, count, 300),
    }  # fmt: skip
    packed = [struct.pack("<HHII", code, *entry) for code, entry in sorted(entries.items())]
    head = b"II*\0" + struct.pack("<IH", 8, len(packed)) + b"".join(packed) + bytes(4)
    path.write_bytes((head.ljust(300, b"\0") + steps).ljust(1000, b"\0") + planes.tobytes())


def slide(path, pixels):
    """Write an Aperio slide: the image in tiles, a thumbnail, a level, a label and a macro."""
    tiled = {"tile": (16, 16), "photometric": "rgb", "metadata": None}
    strips = {"photometric": "rgb", "metadata": None}
    text = "Aperio Image Library v10.0.51\r\n64x64 [0,0 64x64] (16x16)|AppMag = 20|MPP = 0.5"
    with tifffile.TiffWriter(path) as file:
        file.write(pixels, description=text, **tiled)
        file.write(noise(20, 30, 3), description="Aperio Image Library", **strips)
        file.write(pixels[::2, ::2].copy(), description="Aperio Image Library", **tiled)
        file.write(noise(20, 20, 3), subfiletype=1, description="Aperio label", **strips)
        file.write(noise(20, 60, 3), subfiletype=9, description="Aperio macro", **strips)


def test_a_confocal_stack_has_its_planes_without_thumbnails(tmp_path):
    planes = noise(2, 3, 8, 9, dtype="u2")
    lsm(tmp_path / "cells.lsm", planes)
    image = read_image(tmp_path / "cells.lsm")
    assert (image.details["axes"], image.channels) == ("ZCYX", "mono")
    np.testing.assert_array_equal(image.array, planes)
    again = read_image(write_image(tmp_path / "cells.tif", image))
    np.testing.assert_array_equal(again.array, planes)
    assert again.details["axes"] == "ZCYX"


def test_a_stack_of_metamorph_has_all_planes(tmp_path):
    planes = noise(4, 8, 9, dtype="u2")
    stk(tmp_path / "cells.stk", planes)
    image = read_image(tmp_path / "cells.stk")
    assert image.details["axes"] == "ZYX"
    np.testing.assert_array_equal(image.array, planes)
    again = read_image(write_image(tmp_path / "cells.tif", image))
    np.testing.assert_array_equal(again.array, planes)
    assert again.details["axes"] == "ZYX"


def test_a_slide_is_its_image_without_label_and_macro(tmp_path):
    pixels = noise(64, 64, 3)
    slide(tmp_path / "tissue.svs", pixels)
    image = read_image(tmp_path / "tissue.svs")
    assert image.channels == "rgb"
    np.testing.assert_array_equal(image.array, pixels)
    again = read_image(write_image(tmp_path / "tissue.tif", image))
    np.testing.assert_array_equal(again.array, pixels)
    # An Aperio file would have a thumbnail as its second page.
    with tifffile.TiffFile(tmp_path / "tissue.tif") as file:
        assert [level.shape for level in file.series[0].levels] == [(64, 64, 3), (32, 32, 3)]
        assert file.pages.first.description.startswith("From Aperio Image Library v10.0.51")


@pytest.mark.parametrize("suffix", [".btf", ".tf8"])
def test_big_tiffs_have_wide_offsets(tmp_path, suffix):
    array = noise(3, 8, 9)
    tifffile.imwrite(tmp_path / f"a{suffix}", array, photometric="minisblack", bigtiff=True)
    image = read_image(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(image.array, array)
    with tifffile.TiffFile(write_image(tmp_path / f"b{suffix}", image)) as file:
        assert file.is_bigtiff
        np.testing.assert_array_equal(file.asarray(), array)


@pytest.mark.parametrize("suffix", [".lsm", ".stk", ".svs", ".ndpi", ".scn", ".qptiff"])
def test_kinds_of_other_programs_become_tiffs(suffix):
    kind = kind_of(f"a{suffix}")
    assert (kind.is_written, kind.result, kind.modules) == (False, ".tif", ())


def old_jpeg(path, array, compression=6):
    """Write a TIFF of before 1995: its strip has the scan of a JPEG, without the header."""
    rows, columns = array.shape[:2]
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", quality=95, subsampling=0)
    stream = file.getvalue()
    scan = stream.index(b"\xff\xda") + 14
    entries = {
        256: (4, columns), 257: (4, rows), 258: (3, 8), 259: (3, compression), 262: (3, 6),
        273: (4, 200 + scan), 277: (3, 3), 278: (4, rows), 279: (4, len(stream) - scan),
        512: (3, 1), 513: (4, 200), 514: (4, len(stream)),
    }  # fmt: skip
    head = struct.pack("<2sHIH", b"II", 42, 8, 1 + len(entries))
    lines = {
        tag: struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in entries.items()
    }
    lines[530] = struct.pack("<HHI2H", 530, 3, 2, 1, 1)
    content = head + b"".join(lines[tag] for tag in sorted(lines)) + bytes(4)
    path.write_bytes(content.ljust(200, b"\0") + stream)
    return np.asarray(Image.open(file))


def test_an_old_jpeg_is_read_and_becomes_a_new_one(tmp_path):
    y, x = np.mgrid[:32, :48]
    expected = old_jpeg(tmp_path / "a.tif", np.stack([5 * x, 7 * y, 5 * x], -1).astype("u1"))
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_allclose(image.array, expected, atol=1)
    again = read_image(write_image(tmp_path / "b.tif", image))
    np.testing.assert_allclose(again.array, expected, atol=12)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.pages[0].compression == tifffile.COMPRESSION.JPEG


def test_an_unknown_compression_is_named(tmp_path):
    old_jpeg(tmp_path / "a.tif", noise(16, 16, 3), compression=32809)
    with pytest.raises(ImageError, match=r"may be valid, but .* \(unsupported .* THUNDERSCAN\)"):
        read_image(tmp_path / "a.tif")


def test_facts_are_named_once_and_for_what_they_are(tmp_path):
    path = tmp_path / "a.tif"
    ink = np.full((16, 16, 4), 50, "u1")
    tifffile.imwrite(path, ink, photometric="separated", metadata=None, software="Maker 1")
    images = read_images(path)
    assert lost(images) == ("CMYK",)
    for suffix in (".npy", ".h5", ".npz"):
        assert left_out(f"a{suffix}", images) == ("software",)
    tags = [(315, 2, 0, "Jane", True), (700, 1, 0, b"<x/>", True)]
    how = {"resolution": (300, 300), "resolutionunit": 2}
    tifffile.imwrite(path, ink[..., 0], metadata=None, extratags=tags, **how)
    for suffix in (".npy", ".h5", ".npz"):
        assert left_out(f"a{suffix}", read_images(path)) == ("EXIF", "XMP", "resolution")


def test_jpeg_of_12_bits_is_named(tmp_path):
    samples = np.full((16, 16), 3000, "u2")
    how = {"compression": "jpeg", "bitspersample": 12, "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", samples, **how)
    assert left_out("b.tif", read_images(tmp_path / "a.tif")) == ("12-bit JPEG",)
