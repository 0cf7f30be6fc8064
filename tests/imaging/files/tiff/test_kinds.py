"""Files of microscopes and scanners that are TIFFs under other names: read, and written as .tif."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import tifffile

from napari_zerodce.imaging.files.images import kind_of, read_image, write_image

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
