"""The command compares methods on anybody's pairs, and its tables have a row a method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import quality
from PIL import Image


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    ramp = np.linspace(30, 220, 64)[None, :, None].repeat(48, 0).repeat(3, 2)
    texture = np.random.default_rng(0).normal(0, 20, (48, 64, 1))
    bright = (ramp + texture).clip(0, 255)
    for side, photo in (("low", bright / 6), ("high", bright)):
        (tmp_path / "LOL" / side).mkdir(parents=True)
        Image.fromarray(photo.astype(np.uint8)).save(tmp_path / "LOL" / side / "1.png")
    return tmp_path / "LOL"


def test_photos(pairs, tmp_path):
    words = ["photos", "--pairs", str(pairs), "--no-fitting", "--checkpoint", "zero-dce-pp"]
    options = quality.parser().parse_args([*words, "--pictures", str(tmp_path / "kept")])
    (table,) = quality.compare(options, "photos")
    assert table.title == "1 dark photos with a reference: LOL"
    rows = dict(table.rows)
    assert list(rows) == ["source", "gamma to the reference", "gamma 0.4", "CLAHE", "zero-dce-pp"]
    titles = [column.title for column in table.columns]
    source, enhanced = (
        dict(zip(titles, rows[name], strict=True)) for name in ("source", "zero-dce-pp")
    )
    assert enhanced["brightness"] > source["brightness"]
    assert enhanced["PSNR"] > source["PSNR"]
    assert source["tint"] == 0
    assert len(list((tmp_path / "kept").glob("*.png"))) == 4


def test_frames(pairs):
    words = ["fluorescence", "--frames", str(pairs), "--no-fitting", "--checkpoint", "zero-dce-pp"]
    dim, frames = quality.compare(quality.parser().parse_args(words), "fluorescence")
    assert dim.title.startswith("Cells at 2, 5, 20 and 100 %")
    assert [name for name, _ in frames.rows] == ["source", "gamma 0.4", "CLAHE", "zero-dce-pp"]
    assert len(frames.rows[0][1]) == len(frames.columns)


def test_nothing_to_compare():
    options = quality.parser().parse_args(["photos", "--no-fitting"])
    with pytest.raises(SystemExit, match="There is nothing to compare"):
        quality.compare(options, "photos")


def test_every_bundled_checkpoint_has_a_family():
    entries = [entry for family in quality.COMPARISONS for entry, _ in quality.cards_of(family)]
    assert {entry.name for entry in entries} == {entry.name for entry in quality.BUNDLED}


def test_page_of_the_cards_as_they_are(tmp_path):
    page = tmp_path / "cards.md"
    quality.write_cards(quality.parser().parse_args(["cards", "--page", str(page)]))
    assert page.read_text(encoding="utf-8") == quality.PAGE.read_text(encoding="utf-8")
