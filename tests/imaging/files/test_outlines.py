"""An outline is all that a header tells: shape, dtype, channels, axes and bits, without pixels."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.ImageFile import ImageFile as Photo

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import outline_images, read_images, write_image

WIDE, HIGH = 13, 8
TURNED = Image.Exif()
TURNED[0x0112] = 6

PHOTOS = {
    "rgb.jpg": "RGB",
    "grey.jpg": "L",
    "inks.jpg": "CMYK",
    "rgb.png": "RGB",
    "alpha.png": "RGBA",
    "grey.png": "L",
    "grey_alpha.png": "LA",
    "sixteen.png": "I;16",
    "rgb.webp": "RGB",
    "alpha.webp": "RGBA",
    "rgb.bmp": "RGB",
    "grey.tga": "L",
    "rgb.jp2": "RGB",
}
DEEP = {"mono": (HIGH, WIDE), "rgb": (HIGH, WIDE, 3), "rgba": (HIGH, WIDE, 4)}
TIFFS = {
    "grey": ((HIGH, WIDE), {}),
    "stack": ((3, HIGH, WIDE), {"photometric": "minisblack", "metadata": {"axes": "TYX"}}),
    "packed": ((3, HIGH, WIDE), {"photometric": "minisblack", "compression": "zlib"}),
    "rgb": ((HIGH, WIDE, 3), {"photometric": "rgb", "compression": "zlib"}),
    "planar": ((3, HIGH, WIDE), {"photometric": "rgb", "planarconfig": "separate"}),
    "turned": ((HIGH, WIDE, 3), {"photometric": "rgb", "extratags": [(274, "H", 1, 6, True)]}),
    "big_endian": ((HIGH, WIDE), {"byteorder": ">"}),
}


def facts(images):
    return [
        (each.array.shape, each.array.dtype, each.channels, each.details.get("axes"), each.bits)
        for each in images
    ]


@pytest.fixture
def undecoded(monkeypatch):
    """Fails if pixels are decoded."""

    def forbidden(*_given, **_named):
        pytest.fail("pixels are decoded")

    def forbid():
        monkeypatch.setattr(Photo, "load", forbidden)
        monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", forbidden)
        monkeypatch.setattr(np, "fromfile", forbidden)
        monkeypatch.setattr("imagecodecs.png_decode", forbidden)

    return forbid


def assert_outlined(path, undecoded):
    read = facts(read_images(path))
    undecoded()
    images = outline_images(path)
    assert facts(images) == read
    assert all(set(image.array.strides) == {0} for image in images)  # no memory


@pytest.mark.parametrize("name", PHOTOS)
def test_photos(tmp_path, undecoded, name):
    Image.new(PHOTOS[name], (WIDE, HIGH)).save(tmp_path / name)
    assert_outlined(tmp_path / name, undecoded)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_turned_photos(tmp_path, undecoded, suffix):
    path = tmp_path / f"photo{suffix}"
    Image.new("RGB", (WIDE, HIGH)).save(path, exif=TURNED)
    assert read_images(path)[0].array.shape == (WIDE, HIGH, 3)
    assert_outlined(path, undecoded)


@pytest.mark.parametrize("channels", DEEP)
def test_photos_of_16_bits(tmp_path, undecoded, channels):
    image = ImageFile(np.zeros(DEEP[channels], np.uint16), channels)
    assert_outlined(write_image(tmp_path / "deep.png", image), undecoded)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_heic(tmp_path, monkeypatch, mode):
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is an extra")
    heif.from_pillow(Image.new(mode, (WIDE, HIGH))).save(tmp_path / "photo.heic")
    read = facts(read_images(tmp_path / "photo.heic"))
    monkeypatch.setattr(heif.HeifFile, "__array_interface__", property(pytest.fail))
    assert facts(outline_images(tmp_path / "photo.heic")) == read


@pytest.mark.parametrize("name", TIFFS)
def test_tiffs(tmp_path, undecoded, name):
    shape, options = TIFFS[name]
    tifffile.imwrite(tmp_path / "image.tif", np.zeros(shape, np.uint16), **options)
    assert_outlined(tmp_path / "image.tif", undecoded)


@pytest.mark.parametrize(("shape", "dtype"), [((HIGH, WIDE), "f4"), ((2, HIGH, WIDE, 3), ">u2")])
def test_arrays(tmp_path, undecoded, shape, dtype):
    np.save(tmp_path / "array.npy", np.zeros(shape, dtype))
    assert_outlined(tmp_path / "array.npy", undecoded)


@pytest.mark.parametrize("colours", [[0] * 3 + [255] * 3, [9, 0, 0, 255, 7, 7]])
def test_palettes_of_which_only_the_pixels_tell_are_read(tmp_path, colours):
    photo = Image.new("P", (WIDE, HIGH))
    photo.putpalette(colours)
    photo.save(tmp_path / "palette.png")
    tifffile.imwrite(tmp_path / "miniswhite.tif", np.zeros((3, 4), "u1"), photometric="miniswhite")
    for name in ("palette.png", "miniswhite.tif"):
        assert facts(outline_images(tmp_path / name)) == facts(read_images(tmp_path / name))


def test_formats_without_outlines_are_read(tmp_path):
    np.savez(tmp_path / "array.npz", image=np.full((3, 4), 7))
    (image,) = outline_images(tmp_path / "array.npz")
    np.testing.assert_array_equal(image.array, np.full((3, 4), 7))


def test_what_is_refused_when_it_is_read_is_refused_before(tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    np.save(tmp_path / "mask.npy", np.ones((3, 4), bool))
    for name in ("no.png", "mask.npy", "missing.tif"):
        with pytest.raises(ImageError) as early:
            outline_images(tmp_path / name)
        with pytest.raises(ImageError) as late:
            read_images(tmp_path / name)
        assert str(early.value) == str(late.value)
