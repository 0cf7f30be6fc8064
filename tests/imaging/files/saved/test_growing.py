"""A growing OME-Zarr is complete or absent, whoever writes it and whatever ends them."""

from __future__ import annotations

import errno
import json
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import zarr

from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.files.saved import SavedImage, read_saved
from napari_zerodce.imaging.files.saved.growing import GrowingImage, begin, is_complete
from napari_zerodce.imaging.files.saved.image import Blank, ChannelDisplay
from napari_zerodce.imaging.files.saved.ngff import NgffVersion
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.levels import coarser_levels

VERSIONS: tuple[NgffVersion, ...] = ("0.4", "0.5")


def image_of(shape: tuple[int, ...], axes: str, **other: Any) -> SavedImage:
    count = len(axes)
    facts: dict[str, Any] = {
        "scale": (1.0,) * count,
        "translate": (0.0,) * count,
        "units": ("pixel",) * count,
        "channels": "mono",
        "key": "a",
    }
    return SavedImage((Blank(shape, np.dtype("u2")),), axes=axes, **(facts | other))


def pixels(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, shape, np.uint16)


@pytest.fixture
def url() -> Iterator[str]:
    """A place behind a URL."""
    yield "memory://bucket/a.ome.zarr"
    fsspec.filesystem("memory").store.clear()


@pytest.fixture(params=["disk", "url"])
def place(request: pytest.FixtureRequest, tmp_path: Path, url: str) -> str:
    return url if request.param == "url" else str(tmp_path / "a.ome.zarr")


def opened(path: str) -> zarr.Group:
    store = zarr.storage.FsspecStore.from_url(path) if "://" in path else path
    return zarr.open_group(store, mode="r")


def ome_of(group: zarr.Group) -> Any:
    return group.attrs.get("ome", group.attrs.asdict())


# ---- the regions


def test_regions_cover_each_pixel_of_each_plane_once(tmp_path: Path) -> None:
    shape = (2, 3, 2049, 4100)
    counted = np.zeros(shape, np.uint8)
    regions = list(begin(tmp_path / "a.zarr", image_of(shape, "TZYX")).regions())
    for region in regions:
        counted[region.key] += 1
    assert (counted == 1).all()
    assert len(regions) == 6 * 2 * 3
    assert len({region.name for region in regions}) == len(regions)
    assert regions[0].index == (0, 0)


def test_region_is_one_file_of_version_0_5(tmp_path: Path) -> None:
    array = pixels((3, 2100, 600))
    grown = begin(tmp_path / "a.zarr", image_of(array.shape, "CYX"))
    for region in grown.regions():
        grown.write(region, array[region.key])
    assert grown.folder.local
    files = [path for path in (grown.folder.local / "0").rglob("*") if path.is_file()]
    assert len(files) == 1 + len(list(grown.regions()))  # and the metadata of the array


def test_colours_of_a_region_are_one_file(tmp_path: Path) -> None:
    array = pixels((40, 50, 3))
    grown = begin(tmp_path / "a.zarr", image_of(array.shape, "YX", channels="rgb"))
    (region,) = grown.regions()
    grown.write(region, array)
    assert grown.folder.local
    assert (grown.folder.local / "0" / "c" / "0" / "0" / "0").is_file()
    grown.finish()
    np.testing.assert_array_equal(read_saved(tmp_path / "a.zarr").levels[0], array)


# ---- complete


@pytest.mark.parametrize("version", VERSIONS)
def test_threads_write_regions_in_any_order(place: str, version: NgffVersion) -> None:
    array = pixels((2, 2, 2100, 30))
    grown = begin(place, image_of(array.shape, "ZTYX"), version=version)
    regions = list(grown.regions())[::-1]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda region: grown.write(region, array[region.key]), regions))
    assert grown.missing() == []
    grown.finish()
    group = opened(place)
    assert [axis["name"] for axis in ome_of(group)["multiscales"][0]["axes"]] == list("tzyx")
    np.testing.assert_array_equal(group["0"][...], array.swapaxes(0, 1))


@pytest.mark.parametrize("version", VERSIONS)
def test_large_plane_gets_coarser_levels_by_averaging(place: str, version: NgffVersion) -> None:
    array = pixels((2, 2500, 1301))
    told: list[float] = []
    grown = begin(place, image_of(array.shape, "TYX", scale=(5.0, 2.0, 2.0)), version=version)
    assert grown.shapes == ((2, 2500, 1301), (2, 1250, 650), (2, 625, 325))
    grown.fill([array], told.append)
    group = opened(place)
    first, second = group["1"][...], group["2"][...]
    np.testing.assert_array_equal(first, coarser_levels(array, [first.shape])[0])
    np.testing.assert_array_equal(second, coarser_levels(first, [second.shape])[0])
    assert abs(second.mean() / array.mean() - 1) < 0.001
    assert told == sorted(told)
    assert (told[0], told[-1], len(told)) == (1 / 8, 1.0, 8)
    coarse = ome_of(group)["multiscales"][0]["datasets"][1]["coordinateTransformations"]
    assert coarse[0]["scale"] == [5.0, 4.0, 2 * 1301 / 650]
    # Its first pixel covers the first two of the finest level, whose centres are at 0 and 2.
    assert coarse[1]["translation"] == [0.0, 1.0, 1301 / 650 - 1]


def test_pyramid_is_not_made_for_small_planes_masks_and_given_levels(tmp_path: Path) -> None:
    small = image_of((9, 1024, 1024), "TYX")
    mask = replace(small, levels=(Blank((2000, 3000), np.dtype("?")),), axes="YX")
    levels = replace(small, levels=(Blank((2000, 3000), np.dtype("u2")),) * 2, axes="YX")
    for image in (small, mask, levels):
        assert len(GrowingImage("a", image).shapes) == len(image.levels)


def test_layer_comes_back_without_the_levels_for_other_programs(tmp_path: Path) -> None:
    array = pixels((1100, 1030))
    for name, facts, count in (("layer", {"layer": {}}, 1), ("result", {}, 2)):
        grown = begin(tmp_path / f"{name}.zarr", image_of(array.shape, "YX", facts=facts))
        grown.fill([array])
        levels = read_saved(tmp_path / f"{name}.zarr").levels
        assert len(levels) == count
        np.testing.assert_array_equal(levels[0], array)


@pytest.mark.parametrize("version", VERSIONS)
def test_channels_have_names_colours_and_windows(tmp_path: Path, version: NgffVersion) -> None:
    shown = (
        ChannelDisplay("00FF00", (10.0, 900.0), "GFP", bounds=(0.0, 4095.0)),
        ChannelDisplay("FF0000", (5.0, 7.5), active=False),
    )
    image = image_of((2, 9, 8), "CYX", display=shown)
    begin(tmp_path / "a.zarr", image, version=version).fill([pixels((2, 9, 8))])
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert ome_of(group)["omero"]["channels"] == [
        {
            "label": "GFP",
            "active": True,
            "color": "00FF00",
            "window": {"min": 0.0, "max": 4095.0, "start": 10.0, "end": 900.0},
        },
        {
            "active": False,
            "color": "FF0000",
            "window": {"min": 5.0, "max": 7.5, "start": 5.0, "end": 7.5},
        },
    ]


# ---- absent


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_complete_is_absent_and_goes_on(place: str, version: NgffVersion) -> None:
    array = pixels((3, 30, 40))
    image = image_of(array.shape, "TYX")
    grown = begin(place, image, version=version)
    first = next(grown.regions())
    grown.write(first, array[first.key])
    with pytest.raises(ImageError, match="not complete: 2 of 3 regions are missing; start again"):
        grown.finish()
    with pytest.raises(FileNotFoundError):
        opened(place)
    again = begin(place, image, version=version)
    assert [region.index for region in again.missing()] == [(1,), (2,)]
    zeros = np.zeros_like(array)
    zeros[1:] = array[1:]
    again.fill([zeros])  # reads only what is missing
    np.testing.assert_array_equal(opened(place)["0"][...], array)


def test_complete_image_leaves_nothing_else(tmp_path: Path) -> None:
    array = pixels((3, 30, 40))
    begin(tmp_path / "a.zarr", image_of(array.shape, "TYX")).fill([array])
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
    assert sorted(path.name for path in (tmp_path / "a.zarr").iterdir()) == ["0", "zarr.json"]


def test_other_key_or_version_is_not_mixed_in(place: str) -> None:
    array = pixels((3, 30, 40))
    image = image_of(array.shape, "TYX", key={"strength": 1})
    grown = begin(place, image)
    grown.write(next(grown.regions()), array[:1])
    other = replace(image, key={"strength": 2})
    for beginning in (lambda: begin(place, other), lambda: begin(place, image, version="0.4")):
        with pytest.raises(ImageError, match=r"\.part is the beginning of an image with another"):
            beginning()
    assert len(begin(place, image).missing()) == 2
    assert len(begin(place, other, restart=True).missing()) == 3


def test_without_a_key_nothing_goes_on(tmp_path: Path) -> None:
    array = pixels((3, 30, 40))
    image = image_of(array.shape, "TYX", key=None)
    grown = begin(tmp_path / "a.zarr", image)
    grown.write(next(grown.regions()), array[:1])
    assert len(begin(tmp_path / "a.zarr", image).missing()) == 3


def test_existing_image_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    array = pixels((3, 30, 40))
    image = image_of(array.shape, "TYX")
    begin(tmp_path / "a.zarr", image).fill([array])
    with pytest.raises(ImageError, match="exists already; choose another name, or replace it"):
        begin(tmp_path / "a.zarr", image)
    grown = begin(tmp_path / "a.zarr", image, overwrite=True)

    def stop(part: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        grown.fill([array * 0], stop)
    np.testing.assert_array_equal(read_saved(tmp_path / "a.zarr").levels[0], array)
    begin(tmp_path / "a.zarr", image, overwrite=True).fill([array * 0])
    assert not read_saved(tmp_path / "a.zarr").levels[0].any()


@pytest.mark.parametrize("version", VERSIONS)
def test_finish_can_be_repeated_when_its_end_was_lost(
    place: str, version: NgffVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = pixels((2, 1100, 40))
    image = image_of(array.shape, "TYX")
    grown = begin(place, image, version=version)
    for region in grown.regions():
        grown.write(region, array[region.key])
    with monkeypatch.context() as killed:
        killed.setattr(Place, "remove", lambda _: None)  # after the image got its name
        grown.finish()
    assert grown.part.names()
    assert grown.missing() == []
    pickle.loads(pickle.dumps(grown)).finish()
    assert not grown.part.names()
    grown.finish()
    np.testing.assert_array_equal(opened(place)["0"][...], array)


@pytest.mark.parametrize("overwrite", [False, True])
def test_same_command_after_a_lost_end_keeps_or_makes_a_complete_image(
    place: str, overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = pixels((3, 30, 40))
    image = image_of(array.shape, "TYX")
    grown = begin(place, image)
    with monkeypatch.context() as killed:
        killed.setattr(Place, "remove", lambda _: None)
        grown.fill([array])
    again = begin(place, image, overwrite=overwrite, restart=overwrite)
    assert len(again.missing()) == (3 if overwrite else 0)
    again.fill([array])
    np.testing.assert_array_equal(opened(place)["0"][...], array)
    assert not grown.part.names()


@pytest.mark.parametrize("version", VERSIONS)
def test_two_that_write_the_same_image_at_once_do_no_harm(place: str, version: NgffVersion) -> None:
    array = pixels((3, 1100, 40))
    image = image_of(array.shape, "TYX")
    first, second = (begin(place, image, version=version) for _ in range(2))
    faster = iter([lambda: first.fill([array])])

    class Pixels:
        def __getitem__(self, key: Any) -> np.ndarray:
            next(faster, lambda: None)()  # the other one ends before this region is written
            return array[key]

    second.fill([Pixels()])
    np.testing.assert_array_equal(opened(place)["0"][...], array)
    assert opened(place)["1"].shape == (3, 550, 20)
    assert not first.part.names()


@pytest.mark.parametrize("averaged", [1, 3])
def test_two_that_finish_the_same_image_at_once_do_no_harm(place: str, averaged: int) -> None:
    array = pixels((3, 1100, 40))
    first, second = (begin(place, image_of(array.shape, "TYX")) for _ in range(2))
    for region in second.regions():
        second.write(region, array[region.key])
    told: list[float] = []

    def end_the_other(part: float) -> None:
        told.append(part)
        if len(told) == averaged:
            first.finish()

    second.finish(end_the_other)
    made = [opened(place)[name][...] for name in "01"]
    np.testing.assert_array_equal(made[0], array)
    np.testing.assert_array_equal(made[1], coarser_levels(array, [(3, 550, 20)])[0])


def test_arrays_that_are_lost_are_made_again(tmp_path: Path) -> None:
    array = pixels((3, 30, 40))
    image = image_of(array.shape, "TYX")
    grown = begin(tmp_path / "a.zarr", image)
    for region in grown.regions():
        grown.write(region, array[region.key])
    shutil.rmtree(tmp_path / "a.zarr.part" / "image")
    with pytest.raises(ImageError, match="3 of 3 regions are missing"):
        grown.finish()
    begin(tmp_path / "a.zarr", image).fill([array])
    np.testing.assert_array_equal(opened(str(tmp_path / "a.zarr"))["0"][...], array)


def test_complete_image_is_known_by_its_key(place: str) -> None:
    image = image_of((2, 3), "YX", key=["cells.tif", 1])
    assert not is_complete(place, image)
    begin(place, image).fill([pixels((2, 3))])
    assert is_complete(place, image)
    assert not is_complete(place, image, version="0.4")
    assert not is_complete(place, replace(image, key=["cells.tif", 2]))


def test_damaged_metadata_are_not_complete(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"attributes": 3}'):
        (tmp_path / "zarr.json").write_text(text)
        assert not is_complete(tmp_path, image_of((2, 3), "YX"))


def test_full_disk_is_one_sentence_and_the_part_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = pixels((3, 30, 40))
    image = image_of(array.shape, "TYX")
    grown = begin(tmp_path / "a.zarr", image)
    regions = list(grown.regions())
    grown.write(regions[0], array[:1])
    with monkeypatch.context() as full:
        error = OSError(errno.ENOSPC, "No space left on device")
        full.setattr(
            "zarr.storage._local._atomic_write", lambda *_, **__: (_ for _ in ()).throw(error)
        )
        with pytest.raises(
            ImageError, match=r"No space left on device; .* it goes on where it was"
        ):
            grown.write(regions[1], array[1:2])
    assert len(begin(tmp_path / "a.zarr", image).missing()) == 2


# ---- other processes


def test_growing_image_can_be_sent_to_other_processes(place: str) -> None:
    array = pixels((3, 30, 40))
    grown = begin(place, image_of(array.shape, "TYX"))
    grown.write(next(grown.regions()), array[:1])
    sent = pickle.dumps(grown)
    assert len(sent) < 2000
    pickle.loads(sent).fill([array])
    np.testing.assert_array_equal(opened(place)["0"][...], array)


SLOW_WRITER = """
import json, sys, time
import numpy as np
from napari_zerodce.imaging.files.saved import SavedImage
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.files.saved.image import Blank

path, version = sys.argv[1:]
shape = (12, 1200, 1100)
facts = ((1.0,) * 3, (0.0,) * 3, ("pixel",) * 3)
image = SavedImage((Blank(shape, np.dtype("u2")),), "mono", "TYX", *facts, key="killed")

class Source:
    def __getitem__(self, key):
        frame = np.random.default_rng(key[0].start).integers(0, 60_000, (1, *shape[1:]), np.uint16)
        return frame[:, key[1], key[2]]

print("ready", flush=True)
def follow(part):
    print(part, flush=True)
    sys.stdin.readline()  # permission for the next region

begin(path, image, version=version).fill([Source()], follow)
"""


@pytest.mark.parametrize(("version", "delay"), [("0.4", 0.013), ("0.5", 0.0)])
def test_killed_writer_goes_on_and_the_result_is_the_same(
    tmp_path: Path, version: NgffVersion, delay: float
) -> None:
    command = [sys.executable, "-c", SLOW_WRITER, str(tmp_path / "a.zarr"), version]
    kills = 0
    for steps in (2, 3, 9):  # the last one in the coarser levels
        with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, bufsize=1) as writer:
            assert writer.stdin
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
            for _ in range(steps):
                writer.stdout.readline()
                writer.stdin.write("go on\n")
            time.sleep(delay)
            writer.kill()
        kills += writer.returncode != 0
        assert not (tmp_path / "a.zarr").exists()
    assert kills == 3
    permitted = "go on\n" * 99
    finished = subprocess.run(
        command, check=True, capture_output=True, text=True, input=permitted
    ).stdout
    assert 0 < len(finished.split()) - 1 < 24 - 6, "it does not start from nothing"
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    for index in range(12):
        frame = np.random.default_rng(index).integers(0, 60_000, (1200, 1100), np.uint16)
        np.testing.assert_array_equal(group["0"][index], frame)
        np.testing.assert_array_equal(group["1"][index], coarser_levels(frame, [(600, 550)])[0])
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
    assert list((tmp_path / "a.zarr").rglob("*.partial")) == []
    assert json.dumps(ome_of(group))
