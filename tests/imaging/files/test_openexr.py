"""Layers of OpenEXR are images of linear floats; other channels and the header stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import (
    left_out,
    read_image,
    read_images,
    write_image,
    write_images,
)

OpenEXR = pytest.importorskip("OpenEXR")

RAMP = np.linspace(0, 4, 20 * 30 * 3).reshape(20, 30, 3)


def _write(path, channels, **header):
    known = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(known | header, channels).write(str(path))


def _header(path):
    with OpenEXR.File(str(path)) as file:
        return dict(file.header())


def test_what_other_kinds_cannot_hold_is_named(tmp_path):
    corners = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
    depth = np.zeros((20, 30), "f4")
    facts = {"capDate": "2020:01:01 00:00:00", "chromaticities": corners}
    channels = {"RGB": RAMP.astype("f4"), "Z": depth, "id": depth.astype("u4")}
    _write(tmp_path / "a.exr", channels, **facts)
    images = read_images(tmp_path / "a.exr")
    named = {"channel Z", "channel id", "capDate", "chromaticities"}
    assert {*left_out(tmp_path / "a.tif", images)} == named
    assert left_out(tmp_path / "b.exr", images) == ()
    _write(tmp_path / "c.exr", {"Y": depth})
    assert left_out(tmp_path / "c.tif", read_images(tmp_path / "c.exr")) == ()


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_floats_keep_their_depth_and_the_header(tmp_path, dtype):
    depth = np.arange(600, dtype="f4").reshape(20, 30)
    window = (np.array([5, 7], "i4"), np.array([34, 26], "i4"))
    facts = {"owner": "Ann", "dataWindow": window, "pixelAspectRatio": 2.0}
    _write(tmp_path / "a.exr", {"RGB": RAMP.astype(dtype), "Z": depth}, **facts)
    image = read_image(tmp_path / "a.exr")
    assert (image.channels, image.array.dtype) == ("rgb", dtype)
    np.testing.assert_array_equal(image.array, RAMP.astype(dtype))
    write_image(tmp_path / "b.exr", replace(image, array=image.array / 2))
    header = _header(tmp_path / "b.exr")
    assert (header["owner"], header["pixelAspectRatio"]) == ("Ann", 2.0)
    np.testing.assert_array_equal(header["dataWindow"], window)
    np.testing.assert_array_equal(read_image(tmp_path / "b.exr").array, image.array / 2)
    with OpenEXR.File(str(tmp_path / "b.exr")) as file:
        np.testing.assert_array_equal(file.channels()["Z"].pixels, depth)


def test_alpha_is_taken_out_of_the_colours_and_back(tmp_path):
    alpha = np.array([[0.5, 1.0, 0.0]], "f4")
    colours = np.array([[[0.2, 0.1, 0.0], [0.2, 0.1, 0.0], [0.2, 0.1, 0.0]]], "f4")
    _write(tmp_path / "a.exr", {"RGBA": np.dstack([colours, alpha])})
    image = read_image(tmp_path / "a.exr")
    assert image.channels == "rgba"
    # half covered: twice as bright; light without cover: as it is
    np.testing.assert_allclose(image.array[0, :, 0], [0.4, 0.2, 0.2])
    write_image(tmp_path / "b.exr", image)
    with OpenEXR.File(str(tmp_path / "b.exr")) as file:
        np.testing.assert_allclose(file.channels()["RGBA"].pixels[..., :3], colours)


def test_layers_and_parts_are_images(tmp_path):
    layer = RAMP.astype("f4")
    split = {f"diffuse.{name}": np.ascontiguousarray(layer[..., n]) for n, name in enumerate("RGB")}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    parts = [
        OpenEXR.Part({**header}, {"RGB": layer}, "left"),
        OpenEXR.Part({**header}, {"Y": layer[..., 0].copy(), **split}, "right"),
    ]
    OpenEXR.File(parts).write(str(tmp_path / "a.exr"))
    images = read_images(tmp_path / "a.exr")
    assert [each.channels for each in images] == ["rgb", "mono", "rgb"]
    write_images(tmp_path / "b.exr", [replace(each, array=each.array + 1) for each in images])
    with OpenEXR.File(str(tmp_path / "b.exr")) as file:
        assert [part.name() for part in file.parts] == ["left", "right"]
    for image, back in zip(images, read_images(tmp_path / "b.exr"), strict=True):
        np.testing.assert_array_equal(back.array, image.array + 1)


def test_a_part_of_an_image_has_no_other_channels(tmp_path):
    _write(tmp_path / "a.exr", {"RGB": RAMP.astype("f4"), "Z": np.zeros((20, 30), "f4")})
    image = read_image(tmp_path / "a.exr")
    write_image(tmp_path / "b.exr", replace(image, array=image.array[:4, :5]))
    np.testing.assert_array_equal(read_image(tmp_path / "b.exr").array, image.array[:4, :5])


@pytest.mark.parametrize(("shape", "channels"), [((9, 8), "mono"), ((9, 8, 4), "rgba")])
def test_images_of_other_files_are_written(tmp_path, shape, channels):
    array = np.linspace(0.1, 1, int(np.prod(shape)), dtype="f4").reshape(shape)
    write_image(tmp_path / "a.exr", ImageFile(array, channels))
    back = read_image(tmp_path / "a.exr")
    assert back.channels == channels
    np.testing.assert_allclose(back.array, array, rtol=1e-6)


@pytest.mark.parametrize(("shape", "dtype"), [((9, 8), "u1"), ((9, 8), "f8"), ((2, 9, 8), "f4")])
def test_what_the_format_lacks_is_refused(tmp_path, shape, dtype):
    with pytest.raises(ImageError, match="cannot hold"):
        write_image(tmp_path / "a.exr", ImageFile(np.zeros(shape, dtype), "mono"))


def test_channels_without_brightness_are_named(tmp_path):
    ids = np.zeros((9, 8), "u4")
    _write(tmp_path / "a.exr", {"id": ids, "Z": np.zeros((9, 8), "f4")})
    with pytest.raises(ImageError, match=r"has the channels Z, id, but R, G and B, or Y"):
        read_image(tmp_path / "a.exr")


@pytest.mark.parametrize("part", [0.5, 0.98])
@pytest.mark.parametrize("count", [1, 2])
def test_files_that_are_cut_off_are_refused(tmp_path, part, count, capsys):
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    channels = {"RGB": RAMP.astype("f4")}
    parts = [OpenEXR.Part({**header}, channels, str(number)) for number in range(count)]
    OpenEXR.File(parts).write(str(tmp_path / "a.exr"))
    content = (tmp_path / "a.exr").read_bytes()
    (tmp_path / "b.exr").write_bytes(content[: int(part * len(content))])
    with pytest.raises(ImageError, match=r"b\.exr cannot be read: it is damaged"):
        read_image(tmp_path / "b.exr")
    assert capsys.readouterr().out == ""
