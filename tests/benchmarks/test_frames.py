"""Frames: pairs in folders, and simulated low exposures that are the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from comparison.frames import LARGEST, frames_of, pairs_of, read_frame, simulated, spread
from PIL import Image


def cells() -> np.ndarray:
    image = np.full((96, 96), 10, np.uint8)
    image[30:60, 30:60] = 200
    return image


def write_pair(folder: Path, name: str) -> None:
    for side in ("low", "high"):
        (folder / side).mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(folder / side / name, cells().astype(np.uint16) + 7)


def test_pairs(tmp_path):
    for name in ("b.tif", "a.tif"):
        write_pair(tmp_path / "W2S", name)
    found = list(pairs_of(tmp_path / "W2S"))
    assert [(frame.group, frame.name) for frame in found] == [("W2S", "a"), ("W2S", "b")]
    assert found[0].image.dtype == np.uint16
    assert found[0].masks.foreground[32:58, 32:58].all()


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_folders_without_pairs(folder, tmp_path):
    (tmp_path / "low").mkdir()
    with pytest.raises(SystemExit, match=r"There (is no folder|are no images)"):
        list(pairs_of(tmp_path / folder))


def test_simulated(tmp_path):
    path = tmp_path / "cells.png"
    Image.fromarray(cells()).save(path)
    frame, again = simulated(path, 100), simulated(path, 100)
    assert np.array_equal(frame.image, again.image)
    assert not np.array_equal(frame.image, simulated(path, 300).image)
    # 2 counts an electron above an offset of 200.
    assert frame.image[32:58, 32:58].mean() == pytest.approx(400, rel=0.02)
    assert frame.image[80:].mean() == pytest.approx(210, rel=0.02)
    assert frame.group == "simulated, 100 electrons"


def test_parts_of_a_data_folder_that_are_missing_are_left_out(tmp_path):
    assert list(frames_of(tmp_path)) == []
    folder = tmp_path / "microscopy" / "dsb2018"
    folder.mkdir(parents=True)
    for number in range(40):
        Image.fromarray(cells()).save(folder / f"{number:02}.png")
    names = {frame.name for frame in frames_of(tmp_path)}
    assert names == {f"{number:02}" for number in range(10, 40)}
    assert len(list(frames_of(tmp_path, count=2))) == 6


def test_only_the_middle_of_a_large_frame(tmp_path):
    image = np.zeros((LARGEST + 6, 40, 3), np.uint8)
    image[3 : LARGEST + 3, :, 1] = 5
    tifffile.imwrite(tmp_path / "large.tif", image)
    frame = read_frame(tmp_path / "large.tif")
    assert frame.shape == (LARGEST, 40)
    assert (frame == 5).all()


def test_spread():
    paths = [Path(str(number)) for number in range(10)]
    assert spread(paths, None) == paths
    assert [int(path.name) for path in spread(paths, 3)] == [0, 4, 9]
