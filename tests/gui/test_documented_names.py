"""Menu items, buttons and fields that README and docs name do exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QMenu

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
DOCK_PAGES = [REPOSITORY / "README.md"] + [
    REPOSITORY / "docs" / f"{name}.md"
    for name in ("enhance", "adjust", "look-inside", "fine-tune", "train-translators")
]

EMPHASISED = {
    "2 unless you change it", "A > 0 brightens", "B", "Balanced on a period", "Balanced on noise",
    "Before and after", "Charbonnier", "For viewing, not for measuring.",
    "Noise is amplified with the signal.", "See what is in your dark images.",
    "The curve of a pixel", "The limit cannot tell noise from fine texture.", "edge-aware",
    "invents", "memory budget", "napari-zerodce", "published weights are not part of it",
    "Install", "Refresh", "Uninstall",
}  # fmt: skip
"""What is bold in the pages without being the text of a control."""


def _paths(menu: QMenu, above: str) -> Iterator[str]:
    """Yield the paths of a menu's items and submenus, as a user reads them."""
    for action in menu.actions():
        text = action.text().replace("&", "").replace("...", "…").removesuffix(" (Zero-DCE)")
        path = f"{above} > {text}"
        yield path
        if action.menu() is not None:
            yield from _paths(action.menu(), path)


def test_menu_items_exist(viewer: Any) -> None:
    bar = viewer.window._qt_window.menuBar()
    menus = [(action.menu(), action.text().replace("&", "")) for action in bar.actions()]
    present = {path for menu, text in menus for path in _paths(menu, text)}
    named = {
        re.sub(r"\s+", " ", path)
        for page in PAGES
        for path in re.findall(r"(?<!\*)\*([A-Z][\w ]*(?: > [^*>]+)+)\*", page.read_text("utf-8"))
    }
    assert len(named) >= 8
    assert named <= present


@pytest.mark.parametrize("page", DOCK_PAGES, ids=lambda page: page.name)
def test_texts_of_controls_exist(page: Path) -> None:
    package = REPOSITORY / "src" / "napari_zerodce"
    sources = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    bold = re.findall(r"\*\*([^*]+)\*\*", page.read_text("utf-8"))
    named = {re.sub(r"\s+", " ", text) for text in bold} - EMPHASISED
    assert {text for text in named if f'"{text}"' not in sources} == set()
