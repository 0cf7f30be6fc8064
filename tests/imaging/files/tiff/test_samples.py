"""The samples of a TIFF mean what its tags say, and are written again in the same form."""

from __future__ import annotations

import struct
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import left_out, lost, read_image, write_image
from napari_zerodce.imaging.files.tiff import series

RANDOM = np.random.default_rng(14)


def noise(*shape, dtype="u1"):
    if np.dtype(dtype).kind == "f":
        return RANDOM.random(shape).astype(dtype)
    limits = np.iinfo(dtype)
    return RANDOM.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def written_again(path):
    """Return an image, and the first page of its copy with the array in it."""
    image = read_image(path)
    again = write_image(path.with_name("again.tif"), image)
    with tifffile.TiffFile(again) as file:
        return image, file.pages.first, file.asarray()


def tiff_of(path, content, order="<", **tags):
    """Write an uncompressed TIFF of one strip, as its tags say."""
    entries = {273: [8 + 2 + 12 * (len(tags) + 2) + 4 + 200], 279: [len(content)]}
    entries |= {int(code[1:]): np.atleast_1d(value).tolist() for code, value in tags.items()}
    body, extra = b"", b""
    start = 8 + 2 + 12 * len(entries) + 4
    for code, values in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            where, extra = start + len(extra), extra + packed
            packed = struct.pack(f"{order}I", where)
        body += struct.pack(f"{order}HHI", code, 4, len(values)) + packed
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    header = mark + struct.pack(f"{order}IH", 8, len(entries)) + body + bytes(4) + extra
    path.write_bytes(header.ljust(entries[273][0], b"\0") + content)
    return path


# ---- white is 0


@pytest.mark.parametrize(
    ("dtype", "stored", "read"),
    [
        ("u1", [0, 1, 255], [255, 254, 0]),
        ("u2", [0, 1, 65535], [65535, 65534, 0]),
        ("i1", [-128, -1, 0, 127], [127, 0, -1, -128]),
        ("i2", [-32768, 0, 32767], [32767, -1, -32768]),
        ("f4", [0, 0.25, 1, np.nan], [1, 0.75, 0, np.nan]),
        ("f8", [0, 0.25, 1], [1, 0.75, 0]),
    ],
)
def test_white_is_not_black_in_any_dtype(tmp_path, dtype, stored, read):
    path = tmp_path / "film.tif"
    array = np.array([stored], dtype)
    tifffile.imwrite(path, array, photometric="miniswhite")
    image, page, again = written_again(path)
    np.testing.assert_array_equal(image.array, np.array([read], dtype))
    assert page.photometric == tifffile.PHOTOMETRIC.MINISWHITE
    np.testing.assert_array_equal(again.reshape(array.shape), array)


def test_alpha_is_not_inverted_with_the_grey_before_it(tmp_path):
    path = tmp_path / "film.tif"
    array = np.array([[[0, 10], [200, 255]]], "u1")
    options = {"photometric": "miniswhite", "planarconfig": "contig"}
    tifffile.imwrite(path, array, extrasamples=["unassalpha"], **options)
    image, page, again = written_again(path)
    np.testing.assert_array_equal(image.array, [[[255, 255, 255, 10], [55, 55, 55, 255]]])
    assert page.samplesperpixel == 2
    np.testing.assert_array_equal(again.reshape(array.shape), array)


# ---- alpha


def test_premultiplied_alpha_is_divided_and_multiplied_again(tmp_path):
    path = tmp_path / "alpha.tif"
    array = np.array([[[50, 25, 0, 100], [255, 128, 7, 255], [0, 0, 0, 0], [1, 1, 1, 1]]], "u1")
    tifffile.imwrite(path, array, photometric="rgb", extrasamples=["assocalpha"])
    image, page, again = written_again(path)
    # 50 of 100 is half of the light: 127.5; 25 of 100 is 63.75
    expected = [[[128, 64, 0, 100], [255, 128, 7, 255], [0, 0, 0, 0], [255, 255, 255, 1]]]
    np.testing.assert_array_equal(image.array, expected)
    assert page.extrasamples == (1,)
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
def test_every_premultiplied_pixel_survives(tmp_path, dtype):
    path = tmp_path / "alpha.tif"
    alpha = noise(40, 50, 1, dtype=dtype)
    shares = RANDOM.random((40, 50, 3))
    array = np.concatenate([np.floor(alpha * shares).astype(dtype), alpha], axis=-1)
    tifffile.imwrite(path, array, photometric="rgb", extrasamples=["assocalpha"])
    _, _, again = written_again(path)
    np.testing.assert_array_equal(again, array)


def test_premultiplied_floats_may_be_brighter_than_white(tmp_path):
    path = tmp_path / "alpha.tif"
    array = np.array([[[0.25, 1, 0, 0.5], [1, 1, 1, 0]]], "f4")
    tifffile.imwrite(path, array, photometric="rgb", extrasamples=["assocalpha"])
    image, _, again = written_again(path)
    np.testing.assert_array_equal(image.array, np.array([[[0.5, 2, 0, 0.5], [1, 1, 1, 0]]], "f4"))
    np.testing.assert_array_equal(again, [[[0.25, 1, 0, 0.5], [0, 0, 0, 0]]])


def test_premultiplied_grey_comes_back_as_two_samples(tmp_path):
    path = tmp_path / "alpha.tif"
    array = np.array([[[50, 100], [0, 0], [9, 255]]], "u1")
    options = {"photometric": "minisblack", "planarconfig": "contig"}
    tifffile.imwrite(path, array, extrasamples=["assocalpha"], **options)
    image, page, again = written_again(path)
    np.testing.assert_array_equal(image.array[0, 0], [128, 128, 128, 100])
    assert (page.samplesperpixel, page.extrasamples) == (2, (1,))
    np.testing.assert_array_equal(again.reshape(array.shape), array)


# ---- palettes


def test_a_grey_ramp_is_grey(tmp_path):
    path = tmp_path / "ramp.tif"
    indices = noise(8, 9)
    ramp = np.arange(256, dtype="u2")[::-1] * 257
    tifffile.imwrite(path, indices, photometric="palette", colormap=np.stack([ramp] * 3))
    image, page, again = written_again(path)
    assert (image.channels, image.array.dtype) == ("mono", np.uint8)
    np.testing.assert_array_equal(image.array, 255 - indices)
    assert page.photometric == tifffile.PHOTOMETRIC.MINISBLACK
    np.testing.assert_array_equal(again, image.array)


@pytest.mark.parametrize("shape", [(8, 9), (2, 8, 9)])
def test_the_colours_of_a_palette_have_8_bits(tmp_path, shape):
    path = tmp_path / "palette.tif"
    colours, indices = noise(3, 256), noise(*shape)
    colormap = colours.astype("u2") * 257
    tifffile.imwrite(path, indices, photometric="palette", colormap=colormap)
    image, page, again = written_again(path)
    assert (image.channels, image.array.dtype) == ("rgb", np.uint8)
    np.testing.assert_array_equal(image.array, colours.T[indices])
    assert page.photometric == tifffile.PHOTOMETRIC.RGB
    np.testing.assert_array_equal(again, image.array)
    assert lost((image,)) == ("palette",)


def test_a_palette_of_16_colours_is_read_as_pillow_reads_it(tmp_path):
    path = tmp_path / "palette.tif"
    colours = noise(3, 16)
    indices = np.arange(24).reshape(4, 6) % 16
    packed = (indices[:, ::2] << 4 | indices[:, 1::2]).astype("u1")
    tags = {"t256": 6, "t257": 4, "t258": 4, "t259": 1, "t262": 3, "t277": 1, "t278": 4}
    tiff_of(path, packed.tobytes(), **tags, t320=(colours.astype(int) * 257).ravel())
    image = read_image(path)
    np.testing.assert_array_equal(image.array, colours.T[indices])
    assert image.bits is None


# ---- depth


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14, 24])
@pytest.mark.parametrize("colours", [(), (3,)])
def test_samples_of_few_bits_are_written_with_their_depth(tmp_path, bits, colours):
    path = tmp_path / "deep.tif"
    white = 2**bits - 1
    dtype = "u1" if bits < 8 else "u2" if bits < 16 else "u4"
    array = (noise(8, 9, *colours, dtype="u4") & white).astype(dtype)
    array[0, 0] = white
    photometric = "rgb" if colours else "minisblack"
    tifffile.imwrite(path, array, photometric=photometric, bitspersample=bits)
    image, page, again = written_again(path)
    assert image.bits == bits
    np.testing.assert_array_equal(image.array, array)
    assert (page.bitspersample, left_out("a.tif", (image,))) == (bits, ())
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize("bits", [10, 12, 14, 20])
def test_packed_samples_of_big_endian_files_are_no_noise(tmp_path, bits):
    path = tmp_path / "deep.tif"
    array = noise(7, 9, dtype="u4") & (2**bits - 1)
    content = imagecodecs.packints_encode(array.astype("u2" if bits < 16 else "u4"), bits, runlen=9)
    sizes = {"t256": 9, "t257": 7, "t258": bits, "t262": 1, "t277": 1, "t278": 7}
    tiff_of(tmp_path / "deep.tif", content, ">", **sizes, t65000=[1, 515])
    image, page, again = written_again(path)
    np.testing.assert_array_equal(image.array, array)
    np.testing.assert_array_equal(again, array)
    assert (page.bitspersample, page.tags[65000].value) == (bits, (1, 515))
    decoded = imagecodecs.tiff_decode((tmp_path / "again.tif").read_bytes())
    np.testing.assert_array_equal(decoded, array)


def test_big_endian_samples_of_24_bits_are_refused(tmp_path):
    sizes = {"t256": 2, "t257": 1, "t258": 24, "t262": 1, "t277": 1, "t278": 1}
    path = tiff_of(tmp_path / "deep.tif", bytes(6), ">", **sizes)
    with pytest.raises(ImageError, match=r"may be valid, but is not supported .*24 bits"):
        read_image(path)


def test_what_is_brighter_than_white_is_white(tmp_path):
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, np.full((8, 9), 4095, "u2"), bitspersample=12)
    image = read_image(path)
    image.array[0, 0] = 5000
    _, _, again = written_again(write_image(tmp_path / "b.tif", image))
    assert again[0, 0] == 4095


def test_compressed_samples_of_few_bits_are_spread_over_the_dtype(tmp_path):
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, np.array([[0, 1, 2048, 4095]], "u2"), bitspersample=12)
    image = read_image(path)
    packed = image.details | {"compression": "lzw"}
    squeezed = type(image)(image.array, "mono", packed, bits=12)
    assert left_out("a.tif", (squeezed,)) == ("compressed samples of 12 bits",)
    with tifffile.TiffFile(write_image(tmp_path / "b.tif", squeezed)) as file:
        # 1 of 4095 is 16.0037 of 65535, 2048 of 4095 is 32775.5
        np.testing.assert_array_equal(file.asarray(), [[0, 16, 32776, 65535]])


@pytest.mark.parametrize("code", [281, 341])
def test_a_tag_tells_of_12_bits_in_16(tmp_path, code):
    path = tmp_path / "camera.tif"
    array = np.array([[0, 1, 4095]], "u2")
    tifffile.imwrite(path, array, extratags=[(code, 3, 1, 4095, True)])
    image, page, again = written_again(path)
    assert image.bits == 12
    assert page.bitspersample == 16
    np.testing.assert_array_equal(again.reshape(array.shape), array)
    assert read_image(tmp_path / "again.tif").bits == 12


def test_a_tag_tells_of_the_bits_of_a_large_file(tmp_path, monkeypatch):
    path = tmp_path / "camera.tif"
    monkeypatch.setattr(series, "MAPPED_FROM", 1)
    tags = [(281, 3, 1, 4095, True)]
    tifffile.imwrite(path, np.full((20, 30), 4095, "u2"), extratags=tags)
    image = read_image(path)
    assert isinstance(image.array, np.memmap)
    assert image.bits == 12
    tifffile.imwrite(path, np.full((20, 30), 4096, "u2"), extratags=tags)
    assert read_image(path).bits is None


@pytest.mark.parametrize("largest", [3000, 65535, 255])
def test_a_largest_value_that_ends_no_depth_tells_nothing(tmp_path, largest):
    path = tmp_path / "camera.tif"
    tags = [(281, 3, 1, largest, True)]
    tifffile.imwrite(path, np.array([[0, 1, 3000]], "u2"), extratags=tags)
    assert read_image(path).bits is None


def test_ome_tells_of_12_bits_in_16(tmp_path):
    path = tmp_path / "camera.ome.tif"
    metadata = {"axes": "CYX", "SignificantBits": 12}
    array = noise(2, 8, 9, dtype="u2") & 4095
    tifffile.imwrite(path, array, photometric="minisblack", metadata=metadata)
    if "SignificantBits" not in tifffile.tiffcomment(path):
        xml = tifffile.tiffcomment(path).replace("<Pixels ", '<Pixels SignificantBits="12" ')
        tifffile.tiffcomment(path, xml.encode())
    image = read_image(path)
    assert image.bits == 12
    again = write_image(tmp_path / "again.ome.tif", image)
    assert read_image(again).bits == 12
    np.testing.assert_array_equal(read_image(again).array, array)


# ---- the order of axes


@pytest.mark.parametrize("shape", [(96, 128, 5), (4, 20, 30, 5)])
def test_channels_stay_last(tmp_path, shape):
    path = tmp_path / "bands.tif"
    array = noise(*shape, dtype="u2")
    options = {"photometric": "minisblack", "planarconfig": "contig"}
    tifffile.imwrite(path, array, **options)
    image, page, again = written_again(path)
    np.testing.assert_array_equal(image.array, np.moveaxis(array, -1, -3))
    assert image.details["axes"][-3:] == "CYX"
    assert (page.samplesperpixel, page.planarconfig) == (5, tifffile.PLANARCONFIG.CONTIG)
    np.testing.assert_array_equal(again, array)


def test_planes_of_colour_stay_apart(tmp_path):
    path = tmp_path / "planar.tif"
    array = noise(3, 20, 30)
    tifffile.imwrite(path, array, photometric="rgb", planarconfig="separate")
    image, page, again = written_again(path)
    np.testing.assert_array_equal(image.array, np.moveaxis(array, 0, -1))
    assert page.planarconfig == tifffile.PLANARCONFIG.SEPARATE
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize(
    ("kinds", "of_alpha"),
    [(["unspecified", "unassalpha"], 4), (["unassalpha", "unspecified"], 3)],
)
def test_samples_besides_colour_and_alpha_stay(tmp_path, kinds, of_alpha, dtype):
    path = tmp_path / "five.tif"
    array = noise(20, 30, 5, dtype=dtype)
    tifffile.imwrite(path, array, photometric="rgb", extrasamples=kinds)
    image, page, again = written_again(path)
    assert image.channels == "rgba"
    np.testing.assert_array_equal(image.array, array[..., [0, 1, 2, of_alpha]])
    assert page.photometric == tifffile.PHOTOMETRIC.RGB
    assert page.extrasamples == tuple({"unspecified": 0, "unassalpha": 2}[kind] for kind in kinds)
    np.testing.assert_array_equal(again, array)


def test_premultiplied_alpha_before_another_sample_is_divided(tmp_path):
    path = tmp_path / "five.tif"
    array = np.array([[[50, 100, 0, 100, 7], [10, 20, 30, 255, 9]]], "u1")
    kinds = ["assocalpha", "unspecified"]
    tifffile.imwrite(path, array, photometric="rgb", planarconfig="contig", extrasamples=kinds)
    image, _, again = written_again(path)
    np.testing.assert_array_equal(image.array, [[[128, 255, 0, 100], [10, 20, 30, 255]]])
    np.testing.assert_array_equal(again.reshape(array.shape), array)


def test_samples_besides_colour_and_alpha_of_a_stack_and_of_a_part(tmp_path):
    path = tmp_path / "five.tif"
    array = noise(3, 20, 30, 5)
    kinds = ["unassalpha", "unspecified"]
    tifffile.imwrite(path, array, photometric="rgb", extrasamples=kinds, metadata=None)
    image, _, again = written_again(path)
    np.testing.assert_array_equal(again, array)
    part = replace(image, array=image.array[:, :10])
    name = "samples besides colour and alpha"
    assert (left_out("a.tif", (image,)), left_out("a.tif", (part,))) == ((), (name,))
    with tifffile.TiffFile(write_image(tmp_path / "part.tif", part)) as file:
        np.testing.assert_array_equal(file.asarray(), array[:, :10, :, :4])


def test_colour_with_samples_of_unknown_kinds_is_channels(tmp_path):
    path = tmp_path / "five.tif"
    array = noise(20, 30, 5)
    tifffile.imwrite(path, array, photometric="rgb", extrasamples=["unspecified"] * 2)
    image, page, again = written_again(path)
    assert (image.channels, image.array.shape) == ("mono", (5, 20, 30))
    assert (page.photometric, page.extrasamples) == (tifffile.PHOTOMETRIC.RGB, (0, 0))
    np.testing.assert_array_equal(again, array)


# ---- other colours


@pytest.fixture
def photo():
    rows, columns = np.mgrid[:32, :48]
    array = np.stack([columns * 5, rows * 8, (rows + columns) * 3], -1).astype(np.uint8)
    return Image.fromarray(array)


def assert_near(path, expected, tolerance):
    image, page, _ = written_again(path)
    assert (image.channels, image.array.dtype) == ("rgb", expected.dtype)
    assert np.abs(image.array.astype(int) - expected).max() <= tolerance
    assert page.photometric in {tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR}
    return image


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_inks_become_light(tmp_path, photo, compression):
    path = tmp_path / "print.tif"
    photo.convert("CMYK").save(path, compression=compression, icc_profile=b"of a press")
    with Image.open(path) as stored:
        image = assert_near(path, np.asarray(stored.convert("RGB")), 1)
    assert "icc_profile" not in image.details
    assert lost((image,)) == ("CMYK",)


@pytest.mark.parametrize(
    ("dtype", "white", "expected"),
    [("f4", 1, [0.375, 0.75, 0.5625]), ("i1", 127, [48, 96, 73]), ("u4", 2**32 - 1, None)],
)
def test_inks_of_other_dtypes(tmp_path, dtype, white, expected):
    # (1 - ink) * (1 - black)
    path = tmp_path / "print.tif"
    array = (np.array([[[0.5, 0, 0.25, 0.25]]]) * white).astype(dtype)
    tifffile.imwrite(path, array, photometric="separated")
    rgb = np.array([0.375, 0.75, 0.5625]) * white if expected is None else expected
    np.testing.assert_allclose(read_image(path).array[0, 0], rgb, rtol=1e-6, atol=0.01)


def test_inks_of_16_bits(tmp_path):
    path = tmp_path / "print.tif"
    inks = np.array([[[0, 0, 0, 0], [65535, 0, 0, 0], [0, 0, 0, 65535], [0, 32768, 0, 0]]], "u2")
    tifffile.imwrite(path, inks, photometric="separated")
    colours = [[[65535] * 3, [0, 65535, 65535], [0, 0, 0], [65535, 32767, 65535]]]
    np.testing.assert_array_equal(read_image(path).array, colours)


def test_lab_becomes_srgb_as_littlecms_does_it(tmp_path, photo):
    path = tmp_path / "lab.tif"
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    there = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    back = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    pale = photo.point(lambda value: 100 + value // 3)  # in the middle, where its tables are exact
    stored = ImageCms.applyTransform(pale, there)
    stored.save(path)
    assert_near(path, np.asarray(ImageCms.applyTransform(stored, back)), 2)


@pytest.mark.parametrize(
    ("dtype", "photometric", "lab"),
    [
        ("u1", 8, [[255, 0, 0], [0, 0, 0], [137, 0, 0]]),
        ("u1", 9, [[255, 128, 128], [0, 128, 128], [137, 128, 128]]),
        ("u2", 8, [[65535, 0, 0], [0, 0, 0], [35209, 0, 0]]),
        ("u2", 9, [[65535, 32768, 32768], [0, 32768, 32768], [35209, 32768, 32768]]),
    ],
)
def test_lab_without_colour_is_grey(tmp_path, dtype, photometric, lab):
    # Of L = 53.7, Y is 0.2163, which is 0.5024 of the display's signal.
    path = tmp_path / "lab.tif"
    tifffile.imwrite(path, np.array([lab], dtype), photometric=photometric, planarconfig=1)
    array = read_image(path).array / np.iinfo(dtype).max
    np.testing.assert_allclose(array, [[[1] * 3, [0] * 3, [0.5026] * 3]], atol=0.003)


def test_red_of_lab_is_red(tmp_path):
    # Red of sRGB, adapted to D50, is L* 54.29, a* 80.81, b* 69.89 (Lindbloom).
    path = tmp_path / "lab.tif"
    lab = [[[round(54.29 * 2.55), 81, 70]]]
    tifffile.imwrite(path, np.array(lab, "u1"), photometric="cielab", planarconfig=1)
    np.testing.assert_allclose(read_image(path).array, [[[255, 0, 0]]], atol=5)


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("subsampling", [1, 2])
def test_brightness_and_colour_apart_become_rgb(tmp_path, orientation, subsampling):
    path = tmp_path / "ycc.tif"
    # One unit of 2x2 pixels is four Y, Cb and Cr; without subsampling each pixel has them.
    left, right = [76, 85, 255], [149, 43, 21]  # JFIF: red and green
    units = [[*([y] * 4), cb, cr] for y, cb, cr in (left, right)]
    plain = [[left, left, right, right]] * 2
    content = bytes(np.array(units if subsampling == 2 else plain, "u1").ravel())
    tags = {"t256": 4, "t257": 2, "t258": (8, 8, 8), "t259": 1, "t262": 6, "t274": orientation}
    tags |= {"t277": 3, "t278": 2, "t530": (subsampling, subsampling)}
    tiff_of(path, content, **tags)
    upright = {
        1: ["rrgg", "rrgg"], 2: ["ggrr", "ggrr"], 3: ["ggrr", "ggrr"], 4: ["rrgg", "rrgg"],
        5: ["rr", "rr", "gg", "gg"], 6: ["rr", "rr", "gg", "gg"],
        7: ["gg", "gg", "rr", "rr"], 8: ["gg", "gg", "rr", "rr"],
    }[orientation]  # fmt: skip
    colours = {"r": (255, 0, 0), "g": (0, 255, 0)}
    expected = [[colours[letter] for letter in row] for row in upright]
    image = read_image(path)
    np.testing.assert_allclose(image.array, expected, atol=3)
    assert lost((image,)) == ("YCbCr",)


def test_measured_light_becomes_linear_rgb(tmp_path):
    # SGI LogL: (log2(Y) + 64) * 256 in 16 bits, first all high bytes, then all low ones, in runs.
    values = [(64 + 0) * 256, (64 - 1) * 256, (64 + 3) * 256]  # Y = 1, 1/2, 8
    high, low = (bytes(v >> shift & 255 for v in values) for shift in (8, 0))
    content = b"".join(bytes([len(part)]) + part for part in (high, low))
    path = tmp_path / "light.tif"
    tags = {"t256": 3, "t257": 1, "t258": 16, "t259": 34676, "t262": 32844, "t277": 1, "t278": 1}
    tiff_of(path, content, **tags, t339=2)
    image, page, again = written_again(path)
    assert (image.channels, image.array.dtype) == ("mono", np.float32)
    np.testing.assert_allclose(image.array, [[1, 0.5, 8]], rtol=0.01)
    np.testing.assert_array_equal(again.reshape(1, 3), image.array)
    assert page.photometric == tifffile.PHOTOMETRIC.MINISBLACK


def test_colours_of_unknown_kinds_are_refused(tmp_path):
    path = tmp_path / "inks.tif"
    tifffile.imwrite(path, noise(8, 9, 5), photometric="separated", planarconfig=1)
    with pytest.raises(ImageError, match=r"may be valid, but .* SEPARATED with 5 samples"):
        read_image(path)


def test_a_photo_of_12_bits_in_a_tiff(tmp_path, photo):
    path = tmp_path / "photo.tif"
    array = np.asarray(photo).astype("u2") * 16
    tifffile.imwrite(path, array, photometric="rgb", compression="jpeg", bitspersample=12)
    image = read_image(path)
    assert image.bits == 12
    assert np.abs(image.array.astype(int) - array).mean() < 40
    again = read_image(write_image(tmp_path / "again.tif", image))
    scale = 65535 / 4095 if again.bits is None else 1
    assert np.abs(again.array - image.array * scale).mean() <= 16 * scale


# ---- orientation


def test_sizes_follow_a_rotation(tmp_path):
    path = tmp_path / "turned.tif"
    tags = [(274, 3, 1, 6, True)]
    options = {"resolution": (300, 100), "resolutionunit": "INCH"}
    tifffile.imwrite(path, noise(8, 9), extratags=tags, **options)
    image, page, _ = written_again(path)
    assert image.array.shape == (9, 8)
    assert page.get_resolution("INCH") == (100, 300)
