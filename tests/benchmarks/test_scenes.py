"""Dark photos and their references."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.scenes import as_bytes, dark_scenes, pairs_of, photos_of, well_exposed
from PIL import Image


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "photos" / "kodak"
    folder.mkdir(parents=True)
    photo = np.random.default_rng(0).integers(60, 200, (40, 56, 3), np.uint8)
    for stem in ("kodim19", "kodim01"):
        Image.fromarray(photo).save(folder / f"{stem}.png")
    return tmp_path


def test_scenes_are_those_that_the_training_leaves_out(data):
    scenes = list(dark_scenes(data))
    assert [scene.name for scene in scenes] == [f"kodim19-0 {stops}" for stops in (-4, -3, -2)]
    assert [scene.dark.dtype for scene in scenes] == [np.uint8] * 3
    levels = [scene.dark.mean() for scene in scenes]
    assert levels == sorted(levels)
    assert scenes[2].reference.mean() > levels[2] / 255
    ((name, bright),) = well_exposed(data)
    assert name == "kodim19-0"
    assert np.array_equal(bright, as_bytes(scenes[0].reference))


def test_no_data(tmp_path):
    assert list(dark_scenes(tmp_path)) == []
    assert list(photos_of(tmp_path / "photos" / "dicm")) == []


def test_grey_pairs_become_colour(tmp_path):
    for side in ("low", "high"):
        (tmp_path / side).mkdir()
        Image.fromarray(np.full((8, 9), 51, np.uint8)).save(tmp_path / side / "a.png")
    (scene,) = pairs_of(tmp_path)
    assert scene.dark.shape == scene.reference.shape == (8, 9, 3)
    assert scene.reference == pytest.approx(0.2)


def test_deep_photos_are_refused(tmp_path):
    Image.fromarray(np.full((8, 9), 5000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(SystemExit, match="is not an 8-bit photo"):
        list(photos_of(tmp_path))
