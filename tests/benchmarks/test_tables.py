"""Tables in Markdown, and which rows a card takes from them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from comparison.card_figures import figures_of, write_figures
from comparison.fluorescence import fluorescence
from comparison.fluorescence_tables import meets, tables
from comparison.frames import Frame
from comparison.masks import masks_of
from comparison.methods import simple_methods
from comparison.tables import Column, Table, written

from napari_zerodce.checkpoints.cards import DataSource, Figures, ModelCard, read_card
from napari_zerodce.checkpoints.registry import BUNDLED

TABLE = Table(
    "3 pictures",
    (Column("ratio", 2), Column("ring before", 3), Column("rank", 4)),
    tuple(
        (name, (1.234, 0.5, np.nan))
        for name in ("source", "published zero-dce", "published zero-dce-pp", "zero-dce", "other")
    ),
)


def test_markdown():
    lines = TABLE.markdown().splitlines()
    assert lines[0] == "3 pictures"
    assert lines[2] == "|  | ratio | ring before | rank |"
    assert lines[4] == "| source | 1.23 | 0.500 | - |"
    assert len(lines) == 9


def test_numbers():
    assert [written(number, 1) for number in (0.25, -1, np.inf, np.nan)] == [
        "0.2",
        "-1.0",
        "inf",
        "-",
    ]


def test_a_card_takes_its_own_row_and_what_it_is_compared_with():
    (figures,) = figures_of(BUNDLED[0], [TABLE])
    assert figures.columns == ("ratio", "rank")
    assert [row[0] for row in figures.rows] == ["source", "published zero-dce", "zero-dce"]
    assert figures.rows[0] == ("source", "1.23", "-")


def test_figures_replace_those_of_the_card(tmp_path):
    path = tmp_path / "card.json"
    facts = {
        "family": "photos",
        "purpose": "für Photos",
        "data": [{"name": "a", "licence": "CC0", "used": "all"}],
        "settings": [],
        "limits": ["none"],
    }
    path.write_text(json.dumps(facts), encoding="utf-8")
    for title in ("old", "new"):
        write_figures(path, "ab", [Figures(title, ("x",), (("source", "1"),))])
    assert read_card(path) == ModelCard(
        family="photos",
        purpose="für Photos",
        data=(DataSource("a", "CC0", "all"),),
        settings=(),
        limits=("none",),
        sha256="ab",
        figures=(Figures("new", ("x",), (("source", "1"),)),),
    )


def test_tables_of_frames():
    image = np.random.default_rng(0).normal(300, 5, (80, 80))
    image[20:40, 20:40] += 2000
    counts = image.round().astype(np.uint16)
    frame = Frame("group", "name", counts, masks_of(image))
    kept: list[str] = []
    methods = simple_methods(fitting=False)
    (table,) = tables([frame, frame], methods, keep=lambda name, *_: kept.append(name))
    assert table.title.startswith("group: 2 frames, foreground 6 %")
    rows = dict(table.rows)
    titles = [column.title for column in table.columns]
    source = dict(zip(titles, rows["source"], strict=True))
    assert (source["ratio"], source["rank"], source["background rise"]) == pytest.approx((1, 1, 0))
    assert source["meets, %"] == 0
    assert dict(zip(titles, rows["gamma 0.4"], strict=True))["background rise"] > 0.02
    assert kept[0] == "group name source"
    assert len(kept) == 6


def test_what_meets_the_limits():
    image = np.random.default_rng(0).normal(300, 30, (80, 80))
    image[20:40, 20:40] += 700
    image[60:70, 60:70] += 2000
    masks = masks_of(image)
    better = np.where((image > 600) & (image < 1500), image + 500, image)
    assert meets(fluorescence(better, image, masks.foreground, masks.background))
    assert not meets(fluorescence(image, image, masks.foreground, masks.background))
