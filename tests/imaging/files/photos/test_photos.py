"""PNG, JPEG and BMP of every mode: grey stays grey, colour is RGB, alpha is kept, up is up."""

from __future__ import annotations

import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import ImageFile, read_image, write_image
from napari_zerodce.imaging.files.photos.facts import sensible_dpi

RANDOM = np.random.default_rng(7)
ORIENTATION = 0x0112


def noise(*shape, dtype=np.uint8):
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize(
    ("shape", "dtype", "channels"),
    [
        ((9, 7), np.uint8, "mono"),
        ((9, 7, 3), np.uint8, "rgb"),
        ((9, 7, 4), np.uint8, "rgba"),
        ((9, 7), np.uint16, "mono"),
        ((9, 7), ">u2", "mono"),
        ((9, 7, 3), np.uint16, "rgb"),
        ((9, 7, 4), np.uint16, "rgba"),
        ((1, 1), np.uint8, "mono"),
        ((1, 1, 3), np.uint16, "rgb"),
    ],
)
def test_pngs_survive(tmp_path, shape, dtype, channels):
    array = noise(*shape, dtype=np.dtype(dtype).newbyteorder("=").type).astype(dtype)
    read = read_image(write_image(tmp_path / "image.png", ImageFile(array, channels)))
    assert read.channels == channels
    assert read.array.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(read.array, array)


def test_bmps_survive(tmp_path):
    array = noise(9, 7, 3)
    read = read_image(write_image(tmp_path / "image.bmp", ImageFile(array, "rgb")))
    assert read.channels == "rgb"
    np.testing.assert_array_equal(read.array, array)


def test_jpegs_keep_their_colours_in_full_resolution(tmp_path):
    array = np.zeros((16, 16, 3), np.uint8)
    array[:, ::2, 0] = 255  # subsampled colours would mix these
    read = read_image(write_image(tmp_path / "image.jpg", ImageFile(array, "rgb")))
    assert np.abs(read.array.astype(int) - array).max() < 25


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 2}])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pixels_of_a_jpeg_are_those_that_pillow_gives(tmp_path, mode, options):
    path = tmp_path / "image.jpg"
    Image.fromarray(noise(33, 47, 3)).convert(mode).save(path, **options)
    np.testing.assert_array_equal(read_image(path).array, np.asarray(Image.open(path)))


def test_a_jpeg_may_have_bytes_after_its_end_but_must_have_its_end(tmp_path):
    path = tmp_path / "image.jpg"
    Image.fromarray(noise(33, 47, 3)).save(path)
    content, expected = path.read_bytes(), np.asarray(Image.open(path))
    path.write_bytes(content + b"more")
    np.testing.assert_array_equal(read_image(path).array, expected)
    path.write_bytes(content[:-20])
    with pytest.raises(ImageError, match="truncated"):
        read_image(path)


@pytest.mark.parametrize(
    ("mode", "samples"), [("LA", [0, 0, 0, 1]), ("RGBA", [0, 1, 2, 3]), ("RGB", [0, 1, 2])]
)
def test_what_pillow_wrote_is_read(tmp_path, mode, samples):
    bands = noise(5, 6, len(set(samples)))
    Image.fromarray(bands, mode=None).save(tmp_path / "image.png")
    read = read_image(tmp_path / "image.png")
    assert read.channels == ("rgb" if mode == "RGB" else "rgba")
    np.testing.assert_array_equal(read.array, bands[..., samples])


def test_deep_grey_with_alpha_becomes_colour_with_alpha(tmp_path):
    array = noise(5, 6, 2, dtype=np.uint16)
    (tmp_path / "image.png").write_bytes(imagecodecs.png_encode(array))
    read = read_image(tmp_path / "image.png")
    assert read.channels == "rgba"
    np.testing.assert_array_equal(read.array, array[..., [0, 0, 0, 1]])


def palette_image():
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode=None).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90] + [0] * 759)
    return image


COLOURS = np.array([[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [40, 50, 60]]], np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_palettes_are_looked_up(tmp_path, suffix):
    palette_image().save(tmp_path / f"image{suffix}")
    read = read_image(tmp_path / f"image{suffix}")
    assert read.channels == "rgb"
    np.testing.assert_array_equal(read.array, COLOURS)


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 255])])
def test_transparent_colours_become_alpha(tmp_path, transparency):
    palette_image().save(tmp_path / "image.png", transparency=transparency)
    read = read_image(tmp_path / "image.png")
    assert read.channels == "rgba"
    np.testing.assert_array_equal(read.array[..., :3], COLOURS)
    assert read.array[..., 3].tolist() == [[255, 0], [255, 0]]


def test_a_deep_animation_is_refused(tmp_path):
    content = imagecodecs.apng_encode(noise(3, 4, 5, dtype=np.uint16))
    (tmp_path / "moving.png").write_bytes(content)
    with pytest.raises(ImageError, match=r"moving\.png is an animation of 16 bits"):
        read_image(tmp_path / "moving.png")


def test_a_transparent_grey_becomes_alpha(tmp_path):
    array = np.array([[5, 6]], np.uint8)
    Image.fromarray(array).save(tmp_path / "image.png", transparency=6)
    read = read_image(tmp_path / "image.png")
    assert read.array.tolist() == [[[5, 5, 5, 255], [6, 6, 6, 0]]]


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_a_bilevel_image_is_a_mask(tmp_path, suffix):
    Image.fromarray(np.eye(4) > 0).save(tmp_path / f"image{suffix}")
    with pytest.raises(ImageError, match="mask"):
        read_image(tmp_path / f"image{suffix}")


def test_a_print_photo_becomes_rgb_without_its_profile(tmp_path):
    ink = np.full((8, 8, 4), (0, 255, 255, 0), np.uint8)
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"CMYK"
    Image.fromarray(ink, "CMYK").save(tmp_path / "image.jpg", icc_profile=bytes(profile))
    read = read_image(tmp_path / "image.jpg")
    assert read.channels == "rgb"
    assert "icc_profile" not in read.details
    np.testing.assert_allclose(read.array, np.broadcast_to((254, 0, 0), (8, 8, 3)), atol=3)


UPRIGHT = np.array([[1, 2, 3], [4, 5, 6]], np.uint8) * 40
# How the file stores that picture: EXIF 2.32, tag Orientation, "the 0th row is the visual ...".
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.T,
    6: np.array([[3, 6], [2, 5], [1, 4]], np.uint8) * 40,
    7: np.array([[6, 3], [5, 2], [4, 1]], np.uint8) * 40,
    8: np.array([[4, 1], [5, 2], [6, 3]], np.uint8) * 40,
}


@pytest.mark.parametrize("orientation", [*STORED, 0, 9])
def test_photos_are_turned_once(tmp_path, orientation):
    stored = STORED.get(orientation, UPRIGHT).repeat(16, 0).repeat(16, 1)
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x010F] = orientation, "a camera"
    Image.fromarray(stored).save(tmp_path / "image.jpg", exif=exif, quality=100)
    expected = UPRIGHT.repeat(16, 0).repeat(16, 1)
    first = read_image(tmp_path / "image.jpg")
    np.testing.assert_allclose(first.array, expected, atol=2)
    for name in ("again.jpg", "again.png"):
        write_image(tmp_path / name, first)
        np.testing.assert_allclose(read_image(tmp_path / name).array, expected, atol=4)
        with Image.open(tmp_path / name) as photo:
            assert ORIENTATION not in photo.getexif()
            assert photo.getexif()[0x010F] == "a camera"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_profile_resolution_and_exif_survive(tmp_path, dtype):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    details = {"icc_profile": profile, "dpi": (300.0, 150.0), "exif": exif.tobytes()}
    image = ImageFile(noise(9, 7, 3, dtype=dtype), "rgb", details)
    path = write_image(tmp_path / "image.png", image)
    read = read_image(path)
    assert read.details["icc_profile"] == profile
    assert read.details["dpi"] == pytest.approx((300, 150), abs=0.02)
    with Image.open(path) as photo:
        photo.load()
        assert photo.getexif()[0x010F] == "a camera"


def test_an_exif_block_that_jpeg_cannot_hold_is_left_out(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "long" * 20000
    image = ImageFile(noise(9, 7), "mono", {"exif": exif.tobytes()})
    assert read_image(write_image(tmp_path / "image.jpg", image)).array.shape == (9, 7)


@pytest.mark.parametrize("dpi", [(0, 0), (1e9, 1e9), (float("nan"), 72)])
def test_a_resolution_that_makes_no_sense_is_left_out(dpi):
    assert sensible_dpi(dpi) == ()


def test_damaged_exif_does_not_keep_a_photo_from_being_read(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(noise(16, 8)).save(tmp_path / "image.jpg", exif=exif.tobytes()[:-7])
    assert read_image(tmp_path / "image.jpg").array.size == 128


def test_the_content_counts_and_not_the_suffix(tmp_path):
    array = noise(9, 7)
    Image.fromarray(array).save(tmp_path / "image.png")
    (tmp_path / "image.png").rename(tmp_path / "image.jpg")
    np.testing.assert_array_equal(read_image(tmp_path / "image.jpg").array, array)


def interlaced_png(array):
    """Adam7, which neither Pillow nor imagecodecs writes."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    passes.append((1, 0, 2, 1))
    rows = b""
    for top, left, down, right in passes:
        part = array[top::down, left::right].astype(">u2")
        rows += b"".join(b"\0" + row.tobytes() for row in part if row.size)

    def chunk(name, content):
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    header = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 16, 2, 0, 0, 1)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_a_deep_interlaced_png_is_read(tmp_path):
    array = noise(19, 21, 3, dtype=np.uint16)
    (tmp_path / "image.png").write_bytes(interlaced_png(array))
    np.testing.assert_array_equal(read_image(tmp_path / "image.png").array, array)


def test_a_large_photo_of_one_colour_is_small_and_read(tmp_path):
    array = np.zeros((3000, 4000), np.uint8)
    for suffix in (".png", ".jpg"):
        path = write_image(tmp_path / f"dark{suffix}", ImageFile(array, "mono"))
        assert read_image(path).array.shape == (3000, 4000)
    assert (tmp_path / "dark.png").stat().st_size < 20_000


def test_what_libpng_thinks_of_a_colour_profile_is_not_told(tmp_path, caplog):
    array = noise(9, 7, 3, dtype=np.uint16)
    path = write_image(tmp_path / "image.png", ImageFile(array, "rgb", {"icc_profile": b"none"}))
    np.testing.assert_array_equal(read_image(path).array, array)
    assert not caplog.records
    imagecodecs.png_decode(path.read_bytes())
    assert "iCCP" in caplog.text  # others still hear of it


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp", ".tga", ".pgm"])
def test_white_of_few_bits_is_white(tmp_path, suffix):
    """0, 5, 15 of 4 bits are 0, 85, 255; what is above the white of 4 bits is white."""
    levels = np.repeat(np.array([[0, 5, 15, 200]], np.uint8), 4, axis=0)
    path = write_image(tmp_path / f"grey{suffix}", ImageFile(levels, "mono", bits=4))
    if suffix == ".webp":  # may lose some
        assert np.abs(pixels_of(path)[0, -1].astype(int) - 255).max() < 20
    else:
        np.testing.assert_array_equal(pixels_of(path)[0], [0, 85, 255, 255])


def test_white_of_few_bits_is_white_in_a_jpeg(tmp_path):
    path = write_image(
        tmp_path / "grey.jpg", ImageFile(np.full((8, 8), 15, np.uint8), "mono", bits=4)
    )
    assert pixels_of(path).min() >= 254


@pytest.mark.parametrize(("suffix", "white"), [(".png", 65535), (".pgm", 4095), (".jp2", 4095)])
def test_deep_samples_above_white_do_not_wrap(tmp_path, suffix, white):
    array = np.full((16, 16), 5000, np.uint16)
    path = write_image(tmp_path / f"grey{suffix}", ImageFile(array, "mono", bits=12))
    assert read_image(path).array.min() == white


def pixels_of(path):
    with Image.open(path) as photo:
        return np.asarray(photo.convert("L"))


def test_a_bmp_of_an_unsupported_kind_may_be_valid(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.bmp")
    content = bytearray((tmp_path / "a.bmp").read_bytes())
    content[28:30] = b"\2\0"  # bits of a pixel
    (tmp_path / "a.bmp").write_bytes(content)
    with pytest.raises(ImageError, match=r"may be valid, but is not supported \(.*depth \(2\)\)"):
        read_image(tmp_path / "a.bmp")
