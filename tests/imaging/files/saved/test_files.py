"""Saved images come back bit for bit, whole or not at all, plane by plane."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.files import read_image
from napari_zerodce.imaging.files.saved import SavedImage, read_saved, write_saved
from napari_zerodce.imaging.files.saved.files import SAVED_FORMATS, is_saved
from napari_zerodce.imaging.planes import Channels

NAMES = ("a.zerodce.tif", "a.ome.zarr")
DTYPES = (
    "u1", "i1", "u2", ">u2", "i2", "u4", "i8", "u8", "f2", "f4", ">f4", "f8", "?", "c8",
)  # fmt: skip


def image_of(array: Any, axes: str = "YX", channels: Channels = "mono", **other: Any) -> SavedImage:
    count = len(axes)
    facts = {"scale": (1.0,) * count, "translate": (0.0,) * count, "units": ("pixel",) * count}
    return SavedImage((array,), channels, axes, **(facts | other))


def pixels(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    values = np.random.default_rng(0).random(shape) * 200
    values.flat[0] = np.nan if np.dtype(dtype).kind in "fc" else 1
    return values.astype(dtype)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_pixels_come_back_bit_for_bit(tmp_path: Path, name: str, dtype: str) -> None:
    array = pixels((2, 3, 9, 7), dtype)
    facts = {"any": ["plain", 1.5, None, {"é": True}]}
    image = image_of(array, "TZYX", facts=facts, name="ü", limits=(0.5, 90.0))
    write_saved(tmp_path / name, image)
    assert is_saved(tmp_path / name)
    read = read_saved(tmp_path / name)
    (found,) = read.levels
    assert found.astype(array.dtype).tobytes() == array.tobytes()
    assert (found.dtype.name, found.shape) == (array.dtype.name, array.shape)
    assert replace(read, levels=()) == replace(image, levels=())


@settings(max_examples=40)
@given(data=st.data())
def test_any_shape_comes_back(tmp_path_factory: Any, data: st.DataObject) -> None:
    axes = "".join(data.draw(st.permutations("TCZ")))[: data.draw(st.integers(0, 3))] + "YX"
    colour = ("C" not in axes and data.draw(st.sampled_from(["mono", "rgb", "rgba"]))) or "mono"
    samples = {"mono": (), "rgb": (3,), "rgba": (4,)}[colour]
    shape = tuple(data.draw(st.integers(1, 5)) for _ in axes) + samples
    array = pixels(shape, data.draw(st.sampled_from(["u1", "u2", "f4"])))
    for name in NAMES:
        path = tmp_path_factory.mktemp("any") / name
        write_saved(path, image_of(array, axes, colour))
        read = read_saved(path)
        assert read.channels == colour
        np.testing.assert_array_equal(read.levels[0], array)


def test_more_axes_than_any_program_knows_come_back_from_tiff(tmp_path: Path) -> None:
    array = pixels((2, 1, 2, 3, 4, 5), "u2")
    image = image_of(array, "QQQQYX")
    write_saved(tmp_path / "a.zerodce.tif", image)
    np.testing.assert_array_equal(read_saved(tmp_path / "a.zerodce.tif").levels[0], array)
    with pytest.raises(ImageError, match=r"cannot hold the 6 axes of .*save a \.zerodce\.tif file"):
        write_saved(tmp_path / "a.zarr", image)
    assert not (tmp_path / "a.zarr").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_and_other_programs_read_it(tmp_path: Path, name: str) -> None:
    array = pixels((2, 9, 7), "u2")
    image = image_of(
        array,
        "ZYX",
        scale=(2.0, 0.5, 0.25),
        translate=(1.0, 2.0, 3.0),
        units=("micrometer",) * 3,
        limits=(0.0, 99.0),
    )
    write_saved(tmp_path / name, image)
    if name.endswith(".tif"):
        np.testing.assert_array_equal(read_image(tmp_path / name).array, array)
        sizes = read_image(tmp_path / name).details["metadata"]
        assert sizes == {
            "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.5,
            "PhysicalSizeYUnit": "µm", "PhysicalSizeZ": 2.0, "PhysicalSizeZUnit": "µm",
        }  # fmt: skip
        return
    group = zarr.open_group(tmp_path / name, mode="r")
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    (image_entry,) = ome["multiscales"]
    assert image_entry["axes"] == [
        {"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"
    ]
    assert image_entry["datasets"] == [
        {
            "path": "0",
            "coordinateTransformations": [
                {"type": "scale", "scale": [2.0, 0.5, 0.25]},
                {"type": "translation", "translation": [1.0, 2.0, 3.0]},
            ],
        }
    ]
    assert ome["omero"]["channels"][0]["window"]["end"] == 99
    assert group["0"].metadata.dimension_names == ("z", "y", "x")
    np.testing.assert_array_equal(group["0"][...], array)


def test_colour_is_a_channel_before_z_in_ome_zarr(tmp_path: Path) -> None:
    array = pixels((2, 9, 7, 3), "u1")
    write_saved(tmp_path / "a.zarr", image_of(array, "ZYX", "rgb", limits=(0.0, 255.0)))
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][...], np.moveaxis(array, -1, 0))
    assert [each["name"] for each in group.attrs["ome"]["multiscales"][0]["axes"]] == list("czyx")
    colours = [channel["color"] for channel in group.attrs["ome"]["omero"]["channels"]]
    assert colours == ["FF0000", "00FF00", "0000FF"]


def test_levels_of_a_pyramid_have_their_own_scale(tmp_path: Path) -> None:
    array = pixels((2, 8, 12), "u2")
    image = replace(
        image_of(array, "TYX", scale=(5.0, 1.0, 2.0)), levels=(array, array[:, ::2, ::4])
    )
    write_saved(tmp_path / "a.zarr", image)
    entry = zarr.open_group(tmp_path / "a.zarr", mode="r").attrs["ome"]["multiscales"][0]
    scales = [each["coordinateTransformations"][0]["scale"] for each in entry["datasets"]]
    assert scales == [[5.0, 1.0, 2.0], [5.0, 2.0, 8.0]]
    for found, level in zip(read_saved(tmp_path / "a.zarr").levels, image.levels, strict=True):
        np.testing.assert_array_equal(found, level)


class Lazy:
    """A stack that computes what is asked for, and remembers how much that was."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.dtype, self.asked = shape, np.dtype("u2"), []

    def __getitem__(self, key: Any) -> np.ndarray:
        part = np.broadcast_to(np.uint16(7), self.shape)[key]
        self.asked.append(part.size)
        return part


@pytest.mark.parametrize("name", NAMES)
def test_lazy_stack_is_read_plane_by_plane_and_the_progress_is_told(
    tmp_path: Path, name: str
) -> None:
    stack, told = Lazy((4, 5, 6)), []
    write_saved(tmp_path / name, image_of(stack, "TYX"), told.append)
    assert max(stack.asked) == 30
    assert sum(stack.asked) == 120
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_large_plane_is_written_block_by_block_to_ome_zarr(tmp_path: Path) -> None:
    plane = Lazy((2050, 4097))
    write_saved(tmp_path / "a.zarr", image_of(plane))
    assert max(plane.asked) == 2048 * 2048
    np.testing.assert_array_equal(read_saved(tmp_path / "a.zarr").levels[0], 7)


@pytest.mark.parametrize("name", NAMES)
def test_large_pixels_stay_on_disk(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tiff", "ome_zarr"):
        monkeypatch.setattr(f"napari_zerodce.imaging.files.saved.{module}.MAPPED_FROM", 100)
    array = pixels((3, 9, 7, 3), "u2")
    write_saved(tmp_path / name, image_of(array, "TYX", "rgb"))
    (level,) = read_saved(tmp_path / name).levels
    assert isinstance(level, np.memmap | da.Array)
    np.testing.assert_array_equal(level, array)


# ---- whole or not at all


@pytest.mark.parametrize("name", NAMES)
def test_stopped_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path, name: str) -> None:
    array = pixels((3, 5, 6), "u2")
    write_saved(tmp_path / name, image_of(array, "TYX"))

    def stop(part: float) -> None:
        if part > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_saved(tmp_path / name, image_of(array * 0, "TYX"), stop)
    np.testing.assert_array_equal(read_saved(tmp_path / name).levels[0], array)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_an_image_replaces_the_file_it_is_read_from(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tiff", "ome_zarr"):
        monkeypatch.setattr(f"napari_zerodce.imaging.files.saved.{module}.MAPPED_FROM", 100)
    array = pixels((3, 9, 7), "u2")
    write_saved(tmp_path / name, image_of(array, "TYX"))
    lazy = read_saved(tmp_path / name)
    write_saved(tmp_path / name, lazy)
    np.testing.assert_array_equal(lazy.levels[0], array)
    np.testing.assert_array_equal(read_saved(tmp_path / name).levels[0], array)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.zarr", "a.ome.zarr"])
def test_other_folders_and_files_are_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.txt").write_text("years of work")
    with pytest.raises(ImageError, match="exists and is not a Zarr folder; choose another name"):
        write_saved(tmp_path / name, image_of(pixels((5, 6), "u1")))
    assert (tmp_path / name / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", NAMES)
def test_where_no_file_can_be_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match="cannot be written: "):
        write_saved(tmp_path / "file" / name, image_of(pixels((5, 6), "u1")))


@pytest.mark.parametrize("name", NAMES)
def test_image_without_pixels_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError, match="has no pixels"):
        write_saved(tmp_path / name, image_of(np.zeros((0, 5), "u1")))


def test_name_that_no_format_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"ends with \.zerodce\.tif, "):
        write_saved(tmp_path / "a.png", image_of(pixels((5, 6), "u1")))


# ---- the mark


@pytest.mark.parametrize("name", NAMES)
def test_unmarked_or_damaged_files_are_not_ours(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert not is_saved(path)
    if name.endswith(".tif"):
        path.write_bytes(b"II*")
        assert not is_saved(path)
        tifffile.imwrite(path, pixels((5, 6), "u1"))
    else:
        path.mkdir()
        for text in ("{", "[]", "{}", '{"attributes": 3}', '{"attributes": {"napari-zerodce": 3}}'):
            (path / "zarr.json").write_text(text)
            assert not is_saved(path)
    assert not is_saved(path)
    with pytest.raises(ImageError, match=r"cannot be read: "):
        read_saved(path)


def test_pixels_that_another_program_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    write_saved(path, image_of(pixels((5, 6), "u1")))
    text = json.loads((path / "zarr.json").read_text())
    text["attributes"]["napari-zerodce"]["saved"]["shape"] = [6, 5]
    (path / "zarr.json").write_text(json.dumps(text))
    with pytest.raises(ImageError, match="another program has changed its pixels"):
        read_saved(path)


def test_suffixes_belong_to_one_format() -> None:
    suffixes = [suffix for form in SAVED_FORMATS for suffix in form.SUFFIXES]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix == suffix.lower() for suffix in suffixes)
