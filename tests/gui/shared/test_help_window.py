"""The help window shows the pages of the docks, their pictures, and what their links lead to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices, QImage
from qtpy.QtWidgets import QWidget

from napari_zerodce.gui.shared.help_window import HelpWindow, Pages, pages_folder, show_help

REPOSITORY = Path(__file__).parents[3]
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))


@pytest.fixture
def pages(qtbot: Any) -> Pages:
    pages = Pages()
    qtbot.addWidget(pages)
    pages.resize(600, 400)
    return pages


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that the web browser was asked to open."""
    addresses: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: addresses.append(url.toString()))
    return addresses


@pytest.mark.parametrize("name", ["enhance.md", "adjust.md", "look-inside.md", "fine-tune.md"])
def test_page_of_a_dock_is_shown(pages: Pages, name: str) -> None:
    pages.show_page(name)
    heading = (pages_folder() / name).read_text(encoding="utf-8").splitlines()[0]
    assert pages.toPlainText().startswith(heading.removeprefix("# "))
    assert "|---|" not in pages.toPlainText(), "tables are tables"


def test_pictures_are_as_wide_as_the_window(pages: Pages) -> None:
    pages.show_page("enhance.md")
    image = pages.loadResource(2, QUrl("images/enhance.png"))
    assert isinstance(image, QImage)
    assert image.width() == 560


def test_link_to_a_page_is_followed_back_and_forth(pages: Pages, opened: list[str]) -> None:
    pages.show_page("look-inside.md")
    pages.follow(QUrl("adjust.md"))
    assert pages.source().fileName() == "adjust.md"
    assert pages.toPlainText().startswith("Adjust")
    pages.backward()
    assert pages.toPlainText().startswith("A look inside")
    assert opened == []


def test_link_to_a_heading_scrolls(pages: Pages) -> None:
    pages.show()
    pages.show_page("command-line.md")
    pages.follow(QUrl("adjust.md#the-default"))
    assert pages.textCursor().block().text() == "The default"
    assert pages.verticalScrollBar().value() > 0


def test_other_links_open_in_the_web_browser(pages: Pages, opened: list[str]) -> None:
    pages.show_page("adjust.md")
    pages.follow(QUrl("https://napari.org"))
    pages.follow(QUrl("../benchmarks/README.md#detail"))
    assert opened[0] == "https://napari.org"
    assert opened[1].endswith("/blob/main/benchmarks/README.md")
    assert pages.source().fileName() == "adjust.md"


def test_links_are_legible(pages: Pages) -> None:
    pages.show_page("look-inside.md")
    position = pages.toPlainText().index("Adjust changes")
    cursor = pages.textCursor()
    cursor.setPosition(position + 1)
    assert cursor.charFormat().isAnchor()
    assert cursor.charFormat().foreground().color().name() == "#3b8eea"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_pages_lead_somewhere(page: Path, pages: Pages) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, heading = target.partition("#")
        if target.startswith("http"):
            continue
        assert (page.parent / name).resolve().exists() or not name, target
        if heading and (not name or name.endswith(".md")) and not name.startswith(".."):
            pages.show_page(page.name)
            pages.follow(QUrl(target))
            assert pages.textCursor().block().blockFormat().headingLevel(), target


def test_window_is_opened_once_for_all_docks(qtbot: Any) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    first, second = QWidget(window), QWidget(window)
    opened = show_help(first, "enhance.md")
    assert isinstance(opened, HelpWindow)
    assert show_help(second, "fine-tune.md") is opened
    assert opened.pages.source().fileName() == "fine-tune.md"
    assert opened.back.isEnabled()
    opened.back.click()
    assert opened.pages.source().fileName() == "enhance.md"
