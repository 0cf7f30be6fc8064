"""The line that says what every dock computes with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel

from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.engine.look import Look
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import settings_line
from napari_zerodce.gui.shared.settings_line import SettingsLine, checkpoint_title
from napari_zerodce.imaging.windows import WindowChoice


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def shown(model: ViewerModel, session: Session, qtbot: Any) -> SettingsLine:
    widget = SettingsLine(model, session)
    qtbot.addWidget(widget)
    return widget


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Automatic · window auto"),
        (
            {"checkpoint": "zero-dce-pp", "scale_factor": 4, "device": "cpu"},
            "Zero-DCE++ · window auto · cpu · scale 4",
        ),
        (
            {"checkpoint": Path("some") / "mine.pth", "window": WindowChoice("contrast")},
            "mine.pth · window contrast limits",
        ),
        (
            {"window": WindowChoice("range", 5, 900)},
            "Automatic · window 5,900",
        ),
        ({"look": Look(strength=0)}, "Automatic · window auto"),
    ],
)
def test_line_says_what_is_computed_with(
    session: Session, shown: SettingsLine, changes: dict[str, Any], text: str
) -> None:
    session.change(**changes)
    assert shown.text.text() == text


def test_automatic_weights_are_told_once_they_are_known(
    session: Session, shown: SettingsLine
) -> None:
    shown.show_choice(AutomaticChoice("fluorescence", "82 % of the image is background"))
    assert shown.text.text() == "Automatic: fluorescence weights · window auto"
    assert shown.text.toolTip() == (
        "Fluorescence weights, because 82 % of the image is background."
    )
    session.change(checkpoint="zero-dce-pp")
    assert shown.text.text() == "Zero-DCE++ · window auto"
    assert shown.text.toolTip() == ""
    session.change(checkpoint="auto")
    shown.show_choice(None)
    assert shown.text.text() == "Automatic · window auto"


def test_a_title_of_a_dock_replaces_the_active_checkpoint(
    session: Session, shown: SettingsLine
) -> None:
    session.change(checkpoint="zero-dce-pp", scale_factor=4, device="cpu")
    shown.show_title("Starts from cells of November")
    assert shown.text.text() == "Starts from cells of November · window auto · cpu"
    session.change(device="auto", checkpoint="zero-dce", scale_factor=None)
    assert shown.text.text() == "Starts from cells of November · window auto"


def test_checkpoints_have_the_titles_people_know() -> None:
    assert checkpoint_title("auto") == "Automatic"
    assert checkpoint_title("zero-dce-fluo") == "Zero-DCE, fluorescence"
    assert checkpoint_title("published-zero-dce-pp") == "Zero-DCE++, published weights"
    assert checkpoint_title(Path("a") / "zero-dce") == "zero-dce", "a file of that name"


def test_button_opens_the_dock_where_settings_are_chosen(
    model: ViewerModel, shown: SettingsLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Any, str]] = []
    monkeypatch.setattr(
        settings_line, "open_dock", lambda viewer, name: opened.append((viewer, name))
    )
    shown.change.click()
    assert opened == [(model, "Enhance")]


def test_released_line_follows_no_longer(session: Session, shown: SettingsLine) -> None:
    text = shown.text.text()
    shown.release()
    session.change(device="cpu")
    assert shown.text.text() == text
    assert len(session.events.settings) == 0
