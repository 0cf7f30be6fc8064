"""Tables: every figure is there, means are means, and CSV and JSON are read back."""

from __future__ import annotations

import csv
import io
import json

import pytest

from napari_zerodce.compare.columns import ALL_COLUMNS, MISSING
from napari_zerodce.compare.figures import Figures
from napari_zerodce.compare.report.entries import ImageEntry, ResultEntry
from napari_zerodce.compare.report.tables import as_csv, as_json, mean_rows, mean_table, table_lines


def image(name: str, *results: ResultEntry, problem: str = "") -> ImageEntry:
    return ImageEntry(name, results=results, problem=problem)


IMAGES = (
    image(
        "a.png",
        ResultEntry("source", figures=Figures(0.1, 0.01, 1)),
        ResultEntry("CLAHE", figures=Figures(0.2, 0.02, 0.5, 0.5, float("inf")), seconds=1),
    ),
    image(
        "b, c.png",
        ResultEntry("source", figures=Figures(0.3, 0.01, 1)),
        ResultEntry("CLAHE", figures=Figures(0.4, 0.04, float("nan"), 0.7, 30), seconds=2),
    ),
    image(
        "d.png",
        ResultEntry("source", figures=Figures(0.2, 0.01, 1)),
        ResultEntry("CLAHE", problem="No."),
    ),
    image("e.png", problem="It cannot be read."),
)


EXACT = Figures(0.1, 0.01, 1, 1, float("inf"))


def test_means_leave_out_what_is_not_finite() -> None:
    source, clahe = mean_rows(IMAGES)
    assert (source.title, source.images) == ("source", 3)
    assert source.means == pytest.approx((0.2, 0.01, 1, None, None, None))
    assert (clahe.title, clahe.images) == ("CLAHE", 2)
    assert clahe.means == pytest.approx((0.3, 0.03, 0.5, 0.6, 30, 1.5))


def test_mean_of_nothing_but_exact_matches_is_infinite() -> None:
    (row,) = mean_rows([image("a.png", ResultEntry("source", figures=EXACT))] * 2)
    assert row.means == (0.1, 0.01, 1, 1, float("inf"), None)
    assert "∞" in table_lines([row])[1]
    exact = [image("a.png", ResultEntry("source", figures=EXACT))]
    assert json.loads(as_json(exact))["means"][0]["psnr"] is None


def test_csv_has_a_row_for_each_result_and_each_failure() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(IMAGES))))
    assert [(row["image"], row["candidate"]) for row in rows] == [
        ("a.png", "source"), ("a.png", "CLAHE"),
        ("b, c.png", "source"), ("b, c.png", "CLAHE"),
        ("d.png", "source"), ("d.png", "CLAHE"),
        ("e.png", ""),
    ]  # fmt: skip
    assert {column.name for column in ALL_COLUMNS} < set(rows[0])
    assert float(rows[1]["psnr"]) == float("inf")
    assert rows[0]["psnr"] == rows[3]["rank_correlation"] == ""
    assert (rows[5]["problem"], rows[6]["problem"]) == ("No.", "It cannot be read.")


def test_json_is_valid_and_complete() -> None:
    content = json.loads(as_json(IMAGES, software="this"))
    assert content["software"] == "this"
    assert [each["image"] for each in content["images"]] == [each.name for each in IMAGES]
    clahe = content["images"][0]["results"][1]
    assert (clahe["candidate"], clahe["noise"], clahe["psnr"]) == ("CLAHE", 0.02, None)
    assert content["means"][1]["psnr"] == 30


def test_lines_stand_in_columns() -> None:
    head, source, clahe = table_lines(mean_rows(IMAGES))
    assert len(head) == len(source) == len(clahe)
    assert source.split() == ["source", "3", "0.200", "0.0100", "1.000", *[MISSING] * 3]


def test_figure_that_nobody_has_has_no_column() -> None:
    rows = mean_rows([image("a.png", ResultEntry("source", figures=Figures(0.1, 0.01, 1)))])
    assert mean_table(rows) == [
        ("", "Images", "Brightness", "Noise", "Rank correlation"),
        ("source", "1", "0.100", "0.0100", "1.000"),
    ]


def test_no_image_is_no_row() -> None:
    assert mean_rows(IMAGES[3:]) == ()
    assert len(table_lines(())) == 1
