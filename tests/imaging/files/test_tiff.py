"""TIFF and its dialects: what a file says of axes, colours and sizes is what is written again."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import ImageFile, read_image, write_image

RANDOM = np.random.default_rng(11)


def noise(*shape, dtype=np.uint8):
    if np.dtype(dtype).kind == "f":
        return RANDOM.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return RANDOM.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def written_again(folder, path):
    image = read_image(path)
    return image, write_image(folder / "again.tif", image)


shapes = st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple)
dtypes = st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">u2"])


@settings(max_examples=200)
@given(
    shapes,
    dtypes,
    st.sampled_from(["mono", "rgb", "rgba"]),
    st.sampled_from([None, "imagej", "ome"]),
)
def test_every_shape_and_dtype_survives(tmp_path_factory, shape, dtype, channels, dialect):
    samples = {"mono": (), "rgb": (3,), "rgba": (4,)}[channels]
    array = np.arange(np.prod((*shape, *samples))).reshape(*shape, *samples).astype(dtype)
    axes = "TZCYX"[-len(shape) :] + "S" * len(samples)
    image = ImageFile(array, channels, {"axes": axes, "dialect": dialect, "metadata": {}})
    path = tmp_path_factory.mktemp("tiff") / "image.tif"
    read = read_image(write_image(path, image))
    assert read.channels == channels
    assert read.array.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
    if dialect is None:
        assert read.array.shape == array.shape
    np.testing.assert_array_equal(read.array.squeeze(), array.squeeze())


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
def test_colours_come_last_however_they_are_stored(tmp_path, samples, dtype, planarconfig):
    array = noise(8, 9, samples, dtype=dtype)
    stored = array if planarconfig == "contig" else np.moveaxis(array, -1, 0)
    path = tmp_path / "colour.tif"
    extra = ["unassalpha"] if samples == 4 else None
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planarconfig, extrasamples=extra)
    image, again = written_again(tmp_path, path)
    assert image.channels == {3: "rgb", 4: "rgba"}[samples]
    np.testing.assert_array_equal(image.array, array)
    np.testing.assert_array_equal(read_image(again).array, array)


@pytest.mark.parametrize("kind", ["assocalpha", "unassalpha", "unspecified"])
def test_the_kind_of_alpha_survives(tmp_path, kind):
    path = tmp_path / "alpha.tif"
    tifffile.imwrite(path, noise(8, 9, 4), photometric="rgb", extrasamples=[kind])
    _, again = written_again(tmp_path, path)
    with tifffile.TiffFile(again) as file:
        assert [extra.name.lower() for extra in file.pages[0].extrasamples] == [kind]


def test_grey_with_alpha_becomes_colour_with_alpha(tmp_path):
    array = noise(8, 9, 2)
    path = tmp_path / "alpha.tif"
    tifffile.imwrite(
        path, array, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"]
    )
    image, again = written_again(tmp_path, path)
    assert image.channels == "rgba"
    np.testing.assert_array_equal(image.array, array[..., [0, 0, 0, 1]])
    np.testing.assert_array_equal(read_image(again).array, image.array)


def test_many_samples_of_a_pixel_are_channels(tmp_path):
    array = noise(8, 9, 5, dtype="u2")
    path = tmp_path / "bands.tif"
    tifffile.imwrite(path, array, photometric="minisblack", planarconfig="contig")
    image, again = written_again(tmp_path, path)
    assert image.channels == "mono"
    np.testing.assert_array_equal(image.array, np.moveaxis(array, -1, 0))
    np.testing.assert_array_equal(read_image(again).array, image.array)


def test_planes_come_last_wherever_the_file_has_them(tmp_path):
    array = noise(8, 9, 2, dtype="f4")
    path = tmp_path / "yxc.tif"
    tifffile.imwrite(path, array, photometric="minisblack", metadata={"axes": "YXC"})
    image, again = written_again(tmp_path, path)
    assert (image.channels, image.details["axes"]) == ("mono", "CYX")
    np.testing.assert_array_equal(image.array, np.moveaxis(array, -1, 0))
    np.testing.assert_array_equal(read_image(again).array, image.array)


def test_colours_a_writer_was_not_told_about_are_guessed(tmp_path):
    array = noise(40, 50, 3, dtype="f4")
    path = tmp_path / "guess.tif"
    tifffile.imwrite(path, array, photometric="minisblack")
    image, again = written_again(tmp_path, path)
    assert image.channels == "rgb"
    np.testing.assert_array_equal(image.array, array)
    assert read_image(again).channels == "rgb"


def test_a_coloured_fluorescence_image_of_imagej_stays_one_channel(tmp_path):
    green = np.zeros((3, 256), np.uint8)
    green[1] = np.arange(256)
    array = noise(8, 9)
    path = tmp_path / "green.tif"
    tifffile.imwrite(path, array, imagej=True, colormap=green.astype("u2") * 257)
    image, again = written_again(tmp_path, path)
    assert image.channels == "mono"
    np.testing.assert_array_equal(image.array, array)
    with tifffile.TiffFile(again) as file:
        np.testing.assert_array_equal(file.pages[0].colormap, green.astype("u2") * 257)
        np.testing.assert_array_equal(file.asarray(), array)


def test_white_is_not_black(tmp_path):
    array = noise(8, 9, dtype="u2")
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, array, photometric="miniswhite")
    image, again = written_again(tmp_path, path)
    np.testing.assert_array_equal(image.array, 65535 - array)
    np.testing.assert_array_equal(read_image(again).array, image.array)


def test_white_is_not_black_in_four_bits(tmp_path):
    array = noise(8, 10) % 16
    path = tmp_path / "film.tif"
    packed = array[:, ::2] << 4 | array[:, 1::2]
    tags = [(256, 10), (257, 8), (258, 4), (259, 1), (262, 0), (273, 200), (277, 1), (278, 8)]
    tags.append((279, packed.size))
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    start = b"II*\0" + struct.pack("<IH", 8, len(tags)) + directory + bytes(4)
    path.write_bytes(start.ljust(200, b"\0") + packed.tobytes())
    np.testing.assert_array_equal(read_image(path).array, 15 - array)


def test_a_bilevel_image_is_a_mask(tmp_path):
    tifffile.imwrite(tmp_path / "mask.tif", np.eye(4) > 0)
    with pytest.raises(ImageError, match="mask"):
        read_image(tmp_path / "mask.tif")


def test_a_photo_in_a_tiff_is_read(tmp_path):
    array = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    path = tmp_path / "photo.tif"
    Image.fromarray(array).save(path, compression="jpeg")
    image, again = written_again(tmp_path, path)
    assert image.channels == "rgb"
    np.testing.assert_allclose(image.array, array, atol=4)
    np.testing.assert_array_equal(read_image(again).array, image.array)


@pytest.mark.parametrize("compression", ["lzw", "zlib", "zstd", "packbits", "lzma"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_compressed_stays_compressed(tmp_path, compression, dtype):
    array = noise(3, 20, 30, dtype=dtype)
    path = tmp_path / "small.tif"
    predictor = None if compression in {"packbits", "lzma"} else True
    how = {"photometric": "minisblack", "compression": compression, "predictor": predictor}
    tifffile.imwrite(path, array, tile=(16, 16), **how)
    image, again = written_again(tmp_path, path)
    np.testing.assert_array_equal(image.array, array)
    np.testing.assert_array_equal(read_image(again).array, array)
    with tifffile.TiffFile(path) as first, tifffile.TiffFile(again) as second:
        assert second.pages[0].compression == first.pages[0].compression
        assert second.pages[0].predictor == first.pages[0].predictor


def test_big_tiffs_and_other_byte_orders_are_read(tmp_path):
    array = noise(3, 20, 30, dtype="u2")
    for number, options in enumerate(({"bigtiff": True}, {"byteorder": ">"})):
        path = tmp_path / f"{number}.tif"
        tifffile.imwrite(path, array, photometric="minisblack", **options)
        np.testing.assert_array_equal(read_image(path).array, array)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_pages_are_turned_as_they_say(tmp_path, orientation):
    array = noise(2, 8, 9)
    path = tmp_path / "turned.tif"
    tifffile.imwrite(path, array, extratags=[(274, 3, 1, orientation, True)])
    quarters = {1: 0, 3: 2, 6: -1, 8: 1}[orientation]
    image, again = written_again(tmp_path, path)
    np.testing.assert_array_equal(image.array, np.rot90(array, quarters, axes=(1, 2)))
    np.testing.assert_array_equal(read_image(again).array, image.array)


# ---- what else a file says


def test_resolution_and_profile_survive(tmp_path):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(
        path,
        noise(8, 9),
        resolution=((30001, 100), (299, 2)),
        resolutionunit="CENTIMETER",
        iccprofile=b"a profile",
    )
    _, again = written_again(tmp_path, path)
    with tifffile.TiffFile(again) as file:
        tags = file.pages[0].tags
        assert tags["XResolution"].value == (30001, 100)
        assert tags["YResolution"].value == (299, 2)
        assert tags["ResolutionUnit"].value == 3
        assert tags["InterColorProfile"].value == b"a profile"


def test_the_resolution_of_a_photo_is_written(tmp_path):
    image = ImageFile(noise(8, 9), "mono", {"dpi": (300.0, 150.0)})
    path = write_image(tmp_path / "photo.tif", image)
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].get_resolution("INCH") == (300, 150)


@pytest.mark.parametrize(
    ("shape", "dtype", "axes"),
    [
        ((2, 3, 4, 8, 9), "u2", "TZCYX"),
        ((3, 8, 9), "u1", "ZYX"),
        ((8, 9), "f4", "YX"),
        ((5, 8, 9), "i2", "TYX"),
        ((2, 8, 9, 3), "u1", "ZYXS"),
    ],
)
def test_hyperstacks_of_imagej_stay_such(tmp_path, shape, dtype, axes):
    array = noise(*shape, dtype=dtype)
    metadata = {"axes": axes, "unit": "um", "spacing": 0.5, "finterval": 2.5, "Info": "dim"}
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, array, imagej=True, metadata=metadata, resolution=(5, 4))
    image, again = written_again(tmp_path, path)
    assert image.details["axes"] == axes
    np.testing.assert_array_equal(image.array, array)
    with tifffile.TiffFile(again) as file:
        assert file.is_imagej
        assert file.series[0].axes == axes
        np.testing.assert_array_equal(file.asarray(), array)
        for key in ("unit", "spacing", "finterval", "Info"):
            assert file.imagej_metadata[key] == metadata[key]
        assert file.pages[0].get_resolution("NONE") == (5, 4)


def test_labels_and_colours_of_an_imagej_stack_survive(tmp_path):
    luts = [np.zeros((3, 256), np.uint8) + np.uint8(number) for number in range(2)]
    metadata = {"axes": "CYX", "mode": "composite", "LUTs": luts, "Labels": ["DAPI", "GFP"]}
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, noise(2, 8, 9, dtype="u2"), imagej=True, metadata=metadata)
    _, again = written_again(tmp_path, path)
    with tifffile.TiffFile(again) as file:
        assert file.imagej_metadata["Labels"] == ["DAPI", "GFP"]
        assert file.imagej_metadata["mode"] == "composite"
        np.testing.assert_array_equal(file.imagej_metadata["LUTs"], luts)


def test_what_imagej_cannot_hold_is_written_without_its_dialect(tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, noise(3, 8, 9, dtype="u2"), imagej=True, metadata={"axes": "ZYX"})
    image = read_image(path)
    wide = ImageFile(image.array.astype(np.float64), "mono", image.details)
    again = write_image(tmp_path / "wide.tif", wide)
    read = read_image(again)
    assert read.array.dtype == np.float64
    assert read.details["axes"] == "ZYX"
    np.testing.assert_array_equal(read.array, image.array)


@pytest.mark.parametrize(
    ("shape", "dtype", "axes"),
    [
        ((2, 3, 4, 8, 9), "u2", "TCZYX"),
        ((8, 9), "f4", "YX"),
        ((2, 8, 9, 3), "u1", "ZYXS"),
    ],
)
def test_ome_files_stay_such(tmp_path, shape, dtype, axes):
    array = noise(*shape, dtype=dtype)
    metadata = {"axes": axes, "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "nm", "PhysicalSizeZ": 2}
    if "C" in axes:
        metadata["Channel"] = {"Name": ["DAPI", "GFP", "RFP"]}
    path = tmp_path / "image.ome.tif"
    tifffile.imwrite(path, array, metadata=metadata)
    image, again = written_again(tmp_path, path)
    assert image.details["axes"] == axes
    np.testing.assert_array_equal(image.array, array)
    with tifffile.TiffFile(again) as file:
        assert file.is_ome
        assert file.series[0].axes == axes
        np.testing.assert_array_equal(file.asarray(), array)
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert pixels["PhysicalSizeX"] == 0.25
    assert pixels["PhysicalSizeXUnit"] == "nm"
    assert pixels["PhysicalSizeZ"] == 2
    if "C" in axes:
        assert [channel["Name"] for channel in pixels["Channel"]] == ["DAPI", "GFP", "RFP"]


def test_one_pixel_of_each_plane_can_be_written_with_the_details_of_all(tmp_path):
    array = noise(2, 3, 8, 9, dtype="u2")
    for dialect, options in (("imagej", {"imagej": True}), ("ome", {"ome": True})):
        path = tmp_path / f"{dialect}.tif"
        tifffile.imwrite(path, array, metadata={"axes": "ZCYX"}, resolution=(3, 3), **options)
        image = read_image(path)
        corner = ImageFile(image.array[..., :1, :1], "mono", image.details)
        read = read_image(write_image(tmp_path / f"{dialect}-corner.tif", corner))
        np.testing.assert_array_equal(read.array.squeeze(), array[..., 0, 0])


def test_a_page_with_more_rows_than_strips_is_damaged(tmp_path):
    path = tmp_path / "tall.tif"
    tifffile.imwrite(path, noise(64, 9), compression="zlib", rowsperstrip=8)
    with tifffile.TiffFile(path) as file:
        rows = file.pages[0].tags["ImageLength"].valueoffset
    content = bytearray(path.read_bytes())
    content[rows : rows + 4] = (10**6).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ImageError, match="the place of all its pixels"):
        read_image(path)


def test_a_page_that_was_cut_off_is_missed(tmp_path):
    path = tmp_path / "pages.tif"
    with tifffile.TiffWriter(path) as file:
        for _ in range(3):
            file.write(noise(8, 9), metadata=None)
    with tifffile.TiffFile(path) as file:
        start_of_last = file.pages[2].offset
    path.write_bytes(path.read_bytes()[:start_of_last])
    with pytest.raises(ImageError, match="ends before its last page"):
        read_image(path)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_mapped_file_says_the_same(tmp_path, monkeypatch, dtype):
    path = tmp_path / "mapped.tif"
    array = noise(2, 40, 50, dtype=dtype)
    tifffile.imwrite(path, array, imagej=True, metadata={"axes": "ZYX"})  # big-endian
    monkeypatch.setattr("napari_zerodce.imaging.files.tiff.series.MAPPED_FROM", 1)
    image = read_image(path)
    assert isinstance(image.array, np.memmap)
    assert image.details["axes"] == "ZYX"
    np.testing.assert_array_equal(image.array, array)
