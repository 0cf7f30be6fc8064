"""The report: a page with pictures that exist, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from napari_zerodce.compare.report.place import is_replaceable
from napari_zerodce.compare.report.writer import ReportWriter, write_report
from napari_zerodce.errors import RequestError


class Page(HTMLParser):
    """Collects what a page refers to, its text, and elements that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.links, self.tags, self.text = [], [], set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in {"src", "href"}]
        if tag not in {"meta", "img", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def report(comparison, tmp_path):
    folder = tmp_path / "report"
    writer = ReportWriter(folder)
    writer.add("a <b>.tif", comparison, reference_name="good.tif")
    writer.add("second.tif", comparison)
    writer.add_problem("bad.png", "bad.png cannot be read.")
    writer.write(command="napari-zerodce compare 'a <b>.tif'")
    return folder


def test_page_is_whole_and_needs_nothing_from_elsewhere(report) -> None:
    page = Page((report / "index.html").read_text("utf-8"))
    assert not page.open
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all((report / link).is_file() for link in page.links)
    assert not re.search(r"url\(|@import|https?://", (report / "index.html").read_text("utf-8"))


def test_page_says_everything(report) -> None:
    text = Page((report / "index.html").read_text("utf-8")).text
    for part in (
        "2 images", "a <b>.tif", "plane 2", "5 x 4 pixels", "uint16", "window 100 to 300",
        "zero-dce-pp <1>", "It failed & why.", "A notice.", "bad.png cannot be read.",
        "zero-dce-pp <1>: Enhanced for looking at; do not measure", "reference", "good.tif",
        "Brighter is not better", "SHA-256", "left out of its mean",
        "napari-zerodce compare 'a <b>",
    ):  # fmt: skip
        assert part in text, part


def test_page_suits_phones_and_dark_screens(report) -> None:
    text = (report / "index.html").read_text("utf-8")
    assert 'name="viewport"' in text
    assert "prefers-color-scheme: dark" in text


def test_pictures_have_the_same_contrast_limits(report) -> None:
    source, result, reference = (
        np.asarray(Image.open(report / "pictures" / f"0001-{which}.png")).astype(int)
        for which in ("00", "01", "reference")
    )
    expected = np.minimum(source + 20 / 200 * 255, 255)
    np.testing.assert_allclose(result, expected, atol=1)
    assert reference.max() == 255


def test_figures_name_checkpoint_and_pictures(report) -> None:
    content = json.loads((report / "figures.json").read_text("utf-8"))
    first = content["images"][0]
    assert first["source"]["window"] == [100, 300]
    assert first["source"]["index"] == [2]
    assert first["reference"]["name"] == "good.tif"
    made = first["results"][1]["provenance"]
    assert made["checkpoint"] == "zero-dce-pp"
    assert made["checkpoint_sha256"] in (report / "index.html").read_text("utf-8")
    assert made["checkpoint_sha256"] in (report / "figures.csv").read_text("utf-8")


def test_large_image_has_details_and_its_reference_only_if_it_fits(comparison, tmp_path) -> None:
    wide = np.tile(comparison.source.samples, (1, 300))
    large = replace(
        comparison,
        source=replace(comparison.source, samples=wide),
        compared=(replace(comparison.compared[0], image=wide), *comparison.compared[2:]),
    )
    writer = ReportWriter(tmp_path / "report")
    writer.add("other size", large)
    writer.add("same size", replace(large, reference=large.source))
    writer.write()
    page = Page((tmp_path / "report" / "index.html").read_text("utf-8"))
    assert all((tmp_path / "report" / link).is_file() for link in page.links)
    details = sorted(path.name for path in (tmp_path / "report" / "pictures").glob("*-detail.png"))
    assert details == ["0001-00-detail.png", "0002-00-detail.png", "0002-reference-detail.png"]
    assert not page.open


def test_only_a_report_is_replaceable(report, tmp_path) -> None:
    assert is_replaceable(report)
    (report / ".DS_Store").touch()
    assert is_replaceable(report)
    (report / "notes.txt").touch()
    assert not is_replaceable(report)
    (tmp_path / "empty").mkdir()
    assert is_replaceable(tmp_path / "empty")
    (tmp_path / "file").touch()
    assert not is_replaceable(tmp_path / "file")
    assert not is_replaceable(tmp_path)


@pytest.mark.parametrize(
    "mine",
    [".secret", ".git/config", "pictures/my-notes.txt", "pictures/.hidden", "pictures/sub/a.png",
     "pictures/pictures/0001-00.png", "more/0001-00.png"],
)  # fmt: skip
def test_report_with_a_file_of_the_user_is_not_replaceable(report, mine) -> None:
    (report / mine).parent.mkdir(parents=True, exist_ok=True)
    (report / mine).touch()
    assert not is_replaceable(report)


def test_links_in_a_report_are_of_the_user(report, tmp_path) -> None:
    (report / "pictures").rename(tmp_path / "moved")
    (report / "pictures").symlink_to(tmp_path / "moved")
    assert not is_replaceable(report)


def test_folder_with_the_name_of_a_file_is_of_the_user(report) -> None:
    (report / "index.html").unlink()
    (report / "index.html").mkdir()
    assert not is_replaceable(report)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": 3}', '{"files": [[]]}'])
def test_other_figures_are_no_report(tmp_path, text) -> None:
    (tmp_path / "figures.json").write_text(text)
    assert not is_replaceable(tmp_path)


def test_folder_with_a_hidden_file_is_not_empty(tmp_path) -> None:
    (tmp_path / ".git").mkdir()
    assert not is_replaceable(tmp_path)


def test_report_of_one_comparison_appears_whole(comparison, tmp_path, monkeypatch) -> None:
    target = tmp_path / "report"
    write_report(target, "first", comparison)
    assert is_replaceable(target)

    def fail(*_, **__):
        raise OSError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(ReportWriter, "write", fail)
        with pytest.raises(OSError, match="full"):
            write_report(target, "second", comparison)
    (target / "mine.txt").touch()
    with pytest.raises(RequestError, match="is no report"):
        write_report(target, "third", comparison)
    assert (target / "mine.txt").exists()
    assert "first" in (target / "index.html").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
