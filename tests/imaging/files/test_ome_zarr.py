"""OME-Zarr of other programs is read lazily, and what is no image is refused with advice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import zarr

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr, read_ome_zarr
from napari_zerodce.imaging.files.saved import SavedImage
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.files.saved.image import ChannelDisplay
from napari_zerodce.imaging.files.saved.ngff import NgffVersion
from napari_zerodce.imaging.files.urls import Url, named

VERSIONS: tuple[NgffVersion, ...] = ("0.4", "0.5")
PIXELS = np.random.default_rng(0).integers(0, 4000, (2, 2, 3, 20, 30), np.uint16)
AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    *({"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"),
]


def metadata(**other: Any) -> dict[str, Any]:
    datasets = [
        {
            "path": "full",
            "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 4, 1, 1]}],
        },
        {
            "path": "half",
            "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 4, 2, 2]}],
        },
    ]
    return {"multiscales": [{"axes": AXES, "datasets": datasets, "name": "cells"} | other]}


def write(path: Path, attributes: dict[str, Any], version: NgffVersion = "0.5") -> Path:
    """Write what another program might: arrays of any names, in any chunks."""
    if version == "0.5":
        attributes = {"ome": {"version": "0.5", **attributes}}
    group = zarr.create_group(path, zarr_format=3 if version == "0.5" else 2, attributes=attributes)
    group.create_array("full", data=PIXELS, chunks=(1, 1, 2, 7, 9))
    group.create_array("half", data=PIXELS[..., ::2, ::2])
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_another_program_says_is_read(tmp_path: Path, version: NgffVersion) -> None:
    whole = [
        {"type": "scale", "scale": [10, 1, 0.5, 0.25, 0.25]},
        {"type": "translation", "translation": [0, 0, 1, 2, 3]},
    ]
    channels = [
        {"label": "GFP", "color": "00FF00", "window": {"min": 0, "max": 99, "start": 1, "end": 9}},
        {"color": "FF0000", "active": False, "window": {"start": 2, "end": 3}},
    ]
    attributes = metadata(coordinateTransformations=whole) | {"omero": {"channels": channels}}
    image = read_ome_zarr(write(tmp_path / "a.zarr", attributes, version))
    assert (image.axes, image.channels, image.name) == ("TCZYX", "mono", "cells")
    assert image.scale == (10, 1, 2, 0.25, 0.25)
    assert image.translate == (0, 0, 1, 2, 3)
    assert image.units == ("second", "pixel", *("micrometer",) * 3)
    assert image.display == (
        ChannelDisplay("00FF00", (1, 9), "GFP", (0, 99)),
        ChannelDisplay("FF0000", (2, 3), "", (2, 3), active=False),
    )
    for level, expected in zip(image.levels, (PIXELS, PIXELS[..., ::2, ::2]), strict=True):
        assert level.dtype == np.uint16
        np.testing.assert_array_equal(level[...], expected)
        np.testing.assert_array_equal(level[1, 0, 2, 3:9, 4:8], expected[1, 0, 2, 3:9, 4:8])
        np.testing.assert_array_equal(level[1, :, 2], expected[1, :, 2])


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", metadata())
    (path / "full" / "c" / "1" / "1" / "0" / "0" / "0").write_bytes(b"damaged")
    level = read_ome_zarr(path).levels[0]
    np.testing.assert_array_equal(level[0], PIXELS[0])
    np.testing.assert_array_equal(level[1, 1, 0, 7:, 9:], PIXELS[1, 1, 0, 7:, 9:])
    with pytest.raises(RuntimeError):
        level[1, 1, 0, 0, 0]


@pytest.fixture
def url() -> Iterator[Url]:
    yield Url("memory://bucket/a.ome.zarr")
    fsspec.filesystem("memory").store.clear()


@pytest.mark.parametrize("version", VERSIONS)
def test_url_and_colours_that_this_program_wrote(url: Url, version: NgffVersion) -> None:
    colours = np.moveaxis(PIXELS[0, 0], 0, -1)
    unit = ("pixel",) * 3
    image = SavedImage((colours[None],), "rgb", "ZYX", (2.0, 1.0, 1.0), (0.0,) * 3, unit, "photo")
    begin(url, image, version=version).fill(image.levels)
    read = read_ome_zarr(url)
    assert (read.axes, read.channels, read.scale) == ("ZYX", "rgb", (2, 1, 1))
    assert read.shape == (1, 20, 30, 3)
    np.testing.assert_array_equal(read.levels[0][0, 3:5, :, 0:2], colours[3:5, :, :2])


@pytest.mark.parametrize(
    ("attributes", "advice"),
    [
        ({"plate": {"wells": [{"path": "B/03"}]}}, "a plate of wells; give .*zarr/B/03/0"),
        ({"well": {"images": [{"path": "2"}]}}, "a well of a plate; give .*zarr/2"),
        ({"labels": ["cells"]}, "no brightness; give the image that they belong to"),
        (metadata() | {"image-label": {}}, "labels, which have no brightness"),
        ({"bioformats2raw.layout": 3}, "a folder of images; give .*zarr/0"),
        ({}, "holds several arrays: full, half; give one of them, such as .*zarr/full"),
        (metadata(version="0.3"), "has version 0.3 of OME-Zarr; convert it to 0.4 or 0.5"),
        (metadata(axes=AXES[2:4]), "has the axes z, y; give an image whose last two are y and x"),
        (metadata(axes=AXES[1:]), "cannot be read"),
        ({"multiscales": [{"axes": AXES}]}, "cannot be read: it is damaged"),
    ],
)
def test_what_is_no_image_is_refused_with_advice(
    tmp_path: Path, attributes: dict[str, Any], advice: str
) -> None:
    path = write(tmp_path / "a.zarr", attributes, "0.4")
    with pytest.raises(ImageError, match=advice):
        read_ome_zarr(path)


def test_missing_folder_file_and_metadata(tmp_path: Path) -> None:
    (tmp_path / "file.zarr").touch()
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(ImageError, match=r"file.zarr is a file, but an OME-Zarr is a folder; if"):
        read_ome_zarr(tmp_path / "file.zarr")
    for name in ("empty.zarr", "missing.zarr"):
        with pytest.raises(ImageError, match=r"There is no OME-Zarr at .*; check the path"):
            read_ome_zarr(tmp_path / name)
    (tmp_path / "empty.zarr" / "zarr.json").write_text("{")
    with pytest.raises(ImageError, match="cannot be read: "):
        read_ome_zarr(tmp_path / "empty.zarr")


def test_missing_and_ragged_levels_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", metadata())
    half = path / "half" / "zarr.json"
    text = half.read_text()
    half.write_text(json.dumps(json.loads(text) | {"shape": [2, 2, 3, 200, 15]}))
    with pytest.raises(ImageError, match=r"Level 'half' of .* \(2, 2, 3, 200, 15\) of uint16"):
        read_ome_zarr(path)
    half.unlink()
    with pytest.raises(ImageError, match="has no level 'half', which its metadata name"):
        read_ome_zarr(path)


def test_names_of_ome_zarr(tmp_path: Path) -> None:
    assert is_ome_zarr(Path("a.ome.zarr"))
    assert is_ome_zarr(Url("s3://bucket/a.zarr/"))
    assert not is_ome_zarr(tmp_path)
    assert not is_ome_zarr(Path("a.tif"))
    assert is_ome_zarr(write(tmp_path / "0", metadata()))
    assert is_ome_zarr(write(tmp_path / "1", metadata(), "0.4"))


def test_urls_and_paths() -> None:
    assert named("s3://bucket/a.zarr") == Url("s3://bucket/a.zarr")
    assert named("file:///a/b.zarr") == Path("/a/b.zarr")
    assert named("a/b.zarr") == Path("a/b.zarr")
    assert Url("s3://bucket/") / "a.zarr" == Url("s3://bucket/a.zarr")
    assert (Url("s3://b/a.ome.zarr").name, Url("s3://b/a.ome.zarr").suffix) == (
        "a.ome.zarr",
        ".zarr",
    )


def test_missing_package_for_a_url_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> Any:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    monkeypatch.setattr("fsspec.url_to_fs", missing)
    url, advice = Url("s3://bucket/a.zarr"), "s3fs to access S3; install it with pip"
    with pytest.raises(ImageError, match=advice):
        read_ome_zarr(url)
    image = SavedImage((PIXELS[0, 0, 0],), "mono", "YX", (1, 1), (0, 0), ("pixel",) * 2)
    with pytest.raises(ImageError, match=advice):
        begin(url, image)


def test_error_of_a_remote_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoCredentialsError(Exception):
        pass

    def refused(*_: Any, **__: Any) -> Any:
        raise NoCredentialsError("Unable to locate credentials")

    monkeypatch.setattr("fsspec.core.url_to_fs", refused)
    url = Url("s3://bucket/a.zarr")
    with pytest.raises(ImageError, match="cannot be read: Unable to locate credentials"):
        read_ome_zarr(url)
    image = SavedImage((PIXELS[0, 0, 0],), "mono", "YX", (1, 1), (0, 0), ("pixel",) * 2)
    with pytest.raises(ImageError, match=r"cannot be written: Unable .*; check the URL and your"):
        begin(url, image)
