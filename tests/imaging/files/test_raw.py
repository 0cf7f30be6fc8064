"""RAW photos become linear, upright, in the camera's white balance, with their EXIF."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import raw
from napari_zerodce.imaging.files.images import outline_images, read_image

pytest.importorskip("rawpy")

BLACK, WHITE = 100, 4100
SCENE = np.array([0.5, 0.25, 0.125])
_SRGB_TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def _rationals(values):
    return tuple(part for value in np.ravel(values) for part in (round(value * 10_000), 10_000))


def _write_dng(path, *, orientation=1, neutral=(1, 1, 1)):
    """Write a Bayer image of 64x96 pixels, whose left half has a tenth of the light."""
    light = np.where(np.arange(96) < 48, 0.1, 1.0)[:, np.newaxis] * SCENE * neutral
    samples = np.empty((64, 96), "u2")
    for row, column, colour in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        values = BLACK + (WHITE - BLACK) * light[column::2, colour]
        samples[row::2, column::2] = np.rint(values)
    tags = [
        (271, "s", 0, "Maker", True),
        (272, "s", 0, "Camera", True),
        (274, "H", 1, orientation, True),
        (306, "s", 0, "2024:01:02 03:04:05", True),
        (33421, "H", 2, (2, 2), True),  # a pattern of 2x2 pixels: red, green, green, blue
        (33422, "B", 4, bytes([0, 1, 1, 2]), True),
        (50706, "B", 4, bytes([1, 4, 0, 0]), True),  # the version of DNG
        (50708, "s", 0, "Maker Camera", True),
        (50714, "H", 1, BLACK, True),
        (50717, "H", 1, WHITE, True),
        (50721, "2i", 9, _rationals(np.linalg.inv(_SRGB_TO_XYZ)), True),
        (50728, "2I", 3, _rationals(neutral), True),  # the camera's white
        (50778, "H", 1, 21, True),  # daylight
    ]
    tifffile.imwrite(
        path, samples, photometric=32803, extratags=tags, metadata=None, software=False
    )
    return path


def test_samples_are_linear_with_16_bits(tmp_path):
    image = read_image(_write_dng(tmp_path / "a.dng"))
    assert (image.array.shape, image.array.dtype, image.channels) == ((64, 96, 3), "uint16", "rgb")
    np.testing.assert_allclose(image.array[32, 80] / 65535, SCENE, atol=0.001)
    np.testing.assert_allclose(image.array[32, 16] / 65535, SCENE / 10, atol=0.001)


def test_viewers_show_linear_samples_as_they_are_meant(tmp_path):
    profile = read_image(_write_dng(tmp_path / "a.dng")).details["icc_profile"]
    linear = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    assert ImageCms.getProfileDescription(linear).startswith("Linear sRGB")
    photo = Image.new("RGB", (1, 1), (55, 55, 55))
    shown = ImageCms.profileToProfile(photo, linear, ImageCms.createProfile("sRGB"))
    # 55 / 255 = 0.2157 is 1.055 * 0.2157 ** (1 / 2.4) - 0.055 = 0.502 in sRGB
    np.testing.assert_allclose(shown.getpixel((0, 0)), 128, atol=1)


def test_the_white_of_the_camera_is_white(tmp_path):
    image = read_image(_write_dng(tmp_path / "a.dng", neutral=(0.5, 1, 0.8)))
    # LibRaw scales the brightest channel to white, so only ratios are those of the scene.
    red, green, blue = image.array[32, 80].astype(float)
    np.testing.assert_allclose((red / green, blue / green), (2, 0.5), rtol=0.01)


def test_photos_are_upright(tmp_path):
    image = read_image(_write_dng(tmp_path / "a.dng", orientation=6))
    assert image.array.shape == (96, 64, 3)
    assert image.array[10, 32, 0] < image.array[80, 32, 0]  # the dark left half is above


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_outlines_need_no_development(tmp_path, monkeypatch, orientation):
    read = read_image(_write_dng(tmp_path / "a.dng", orientation=orientation))
    monkeypatch.setattr(raw, "_developed", pytest.fail)
    (outline,) = outline_images(tmp_path / "a.dng")
    assert (outline.array.shape, outline.array.dtype) == (read.array.shape, read.array.dtype)
    assert (outline.channels, outline.details) == (read.channels, read.details)


def test_exif_is_kept_without_facts_about_raw_samples(tmp_path):
    image = read_image(_write_dng(tmp_path / "a.dng", orientation=6))
    exif = Image.Exif()
    exif.load(image.details["exif"])
    assert dict(exif) == {271: "Maker", 272: "Camera", 306: "2024:01:02 03:04:05"}


@pytest.mark.parametrize("part", [0.5, 0.9, 0.99])
def test_files_that_are_cut_off_are_refused(tmp_path, part, capfd):
    content = _write_dng(tmp_path / "a.dng").read_bytes()
    (tmp_path / "b.dng").write_bytes(content[: int(part * len(content))])
    with pytest.raises(ImageError, match=r"b\.dng cannot be read: it ends before its last pixel"):
        read_image(tmp_path / "b.dng")


@pytest.mark.parametrize(("suffix", "other"), [(".nef", "DNG"), (".dng", "TIFF in the program")])
def test_other_files_are_told(tmp_path, suffix, other):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(
        ImageError, match=f"no RAW photo that LibRaw .* knows; convert it to {other}"
    ):
        read_image(path)
