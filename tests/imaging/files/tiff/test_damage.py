"""Damaged TIFFs of each kind are refused in one sentence, or read; nothing hangs or crashes."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import read_images, write_images

RANDOM = np.random.default_rng(14)


def noise(*shape, dtype="u1"):
    return RANDOM.integers(0, 200, shape).astype(dtype)


def _pages(path):
    with tifffile.TiffWriter(path) as file:
        for shape in ((8, 9), (5, 6), (8, 9)):
            file.write(noise(*shape), metadata=None, photometric="minisblack")
        file.write(noise(8, 9) > 100, metadata=None, photometric="minisblack", subfiletype=4)


def _positions(path):
    with tifffile.TiffWriter(path, ome=True) as file:
        for _ in range(2):
            file.write(noise(2, 8, 9), photometric="minisblack", metadata={"axes": "CYX"})


def _simple(shape, **options):
    dtype = options.pop("dtype", "u1")
    return lambda path: tifffile.imwrite(path, noise(*shape, dtype=dtype), **options)


def _print(path):
    Image.fromarray(noise(8, 9, 3)).convert("CMYK").save(path)


def _lab(path):
    Image.fromarray(noise(8, 9, 3)).convert("LAB").save(path)


def _colour_apart(path):
    Image.fromarray(noise(8, 9, 3)).convert("YCbCr").save(path)


KINDS = {
    "pages": _pages,
    "positions": _positions,
    "print": _print,
    "lab": _lab,
    "colour_apart": _colour_apart,
    "12 bits": _simple((8, 9), dtype="u2", bitspersample=12),
    "palette": _simple((8, 9), photometric="palette", colormap=noise(3, 256, dtype="u2")),
    "alpha": _simple((8, 9, 4), photometric="rgb", extrasamples=["assocalpha"]),
    "planar": _simple((3, 8, 9), photometric="rgb", planarconfig="separate"),
    "bands": _simple((8, 9, 5), photometric="minisblack", planarconfig="contig"),
    "film": _simple((8, 9), dtype="f4", photometric="miniswhite"),
    "imagej": _simple((2, 3, 8, 9), dtype="u2", imagej=True, metadata={"axes": "TCYX"}),
    "photo": _simple((64, 64, 3), photometric="rgb", compression="jpeg", tile=(16, 16)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_told_in_one_sentence(tmp_path, kind, capfd):
    path = tmp_path / ("a.ome.tif" if kind == "positions" else "a.tif")
    KINDS[kind](path)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    whole = read_images(path)
    for number in range(45):
        damaged = content.copy()
        if number % 3 == 0:
            damaged = damaged[: RANDOM.integers(1, len(content))]
        else:
            places = RANDOM.integers(0, min(len(content), 900), 4)
            damaged[places] = RANDOM.integers(0, 256, 4)
        path.write_bytes(damaged.tobytes())
        with suppress(ImageError):
            images = read_images(path)
            write_images(tmp_path / "b.tif", images, overwrite=True)
    assert capfd.readouterr() == ("", "")
    assert all(image.array.size for image in whole)


@pytest.mark.parametrize("compression", ["jpeg", "zlib", None])
@pytest.mark.parametrize("tile", [(16, 16), None])
def test_a_file_whose_end_is_missing_is_refused(tmp_path, compression, tile):
    path = tmp_path / "a.tif"
    how = {"tile": tile} if tile else {"rowsperstrip": 16}
    tifffile.imwrite(path, noise(64, 64), compression=compression, metadata=None, **how)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ImageError, match="ends before its last pixel"):
        read_images(path)


def test_a_last_strip_may_be_said_to_be_as_long_as_the_others(tmp_path):
    path, array = tmp_path / "a.tif", noise(20, 16)
    tifffile.imwrite(path, array, rowsperstrip=16, metadata=None)
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages.first.tags["StripByteCounts"].overwrite((256, 256))
    np.testing.assert_array_equal(read_images(path)[0].array, array)
