"""The estimate follows the form in the background, and never runs beside a training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qtpy.QtWidgets import QWidget

from napari_zerodce import device
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.train_translator import forecast_line
from napari_zerodce.gui.docks.train_translator.forecast_line import ForecastLine
from napari_zerodce.gui.docks.train_translator.form import TranslatorForm
from napari_zerodce.gui.docks.train_translator.method_chooser import MethodChooser
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session


class Training:
    is_running = True


class Estimated:
    """A line whose estimates are given, and what was asked for."""

    def __init__(self, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.error: Exception | None = None
        self.has_images = True
        self.session = Session()
        monkeypatch.setattr(forecast_line, "_PATIENCE_MS", 1)
        monkeypatch.setattr(forecast_line.work, "forecasting", self._forecasting)
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        self.methods = MethodChooser()
        self.form = TranslatorForm(self.methods)
        for each in (self.methods, self.form):
            each.setParent(self.parent)
        self.line = ForecastLine(self.session, self.form, lambda: self.has_images)
        self.line.setParent(self.parent)

    def _forecasting(self, config: Any, *, minutes: Any, device: str, design: Any) -> Any:
        def work(_report: Any, _should_stop: Any) -> str:
            self.asked.append((config.method, minutes))
            if self.error is not None:
                raise self.error
            return f"{config.method}: {minutes} minutes"

        return work


@pytest.fixture
def estimated(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estimated]:
    yield (made := Estimated(qtbot, monkeypatch))
    made.line.release()
    qtbot.waitUntil(lambda: not Job._alive)


def rest(estimated: Estimated, qtbot: Any) -> None:
    """Wait until the line measures nothing, and will not soon."""
    timer = estimated.line._timer
    qtbot.waitUntil(lambda: not timer.isActive() and not Job._alive)


def test_the_line_follows_the_form(estimated: Estimated, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: estimated.line.text() == "cut: 3.0 minutes")
    estimated.methods.choose("fastcut")
    qtbot.waitUntil(lambda: estimated.line.text() == "fastcut: 3.0 minutes")
    estimated.form.fields["seed"].value = 9
    rest(estimated, qtbot)
    assert len(estimated.asked) == 2, "a seed costs no time"


def test_nothing_is_measured_without_images_or_beside_a_run(
    estimated: Estimated, qtbot: Any
) -> None:
    qtbot.waitUntil(lambda: len(estimated.asked) == 1)
    estimated.has_images = False
    estimated.methods.choose("fastcut")
    rest(estimated, qtbot)
    estimated.has_images = True
    estimated.session.follow("curves", Training())  # type: ignore[arg-type]
    estimated.line.look()
    rest(estimated, qtbot)
    assert len(estimated.asked) == 1
    estimated.session.runs = {}
    estimated.line.look()
    qtbot.waitUntil(lambda: len(estimated.asked) == 2)


def test_what_cannot_be_estimated_is_left_to_start(estimated: Estimated, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: bool(estimated.line.text()))
    estimated.error = RequestError("There is no such device.")
    estimated.session.change(device="cuda:7")
    qtbot.waitUntil(lambda: estimated.line.text() == "")
    assert estimated.line.isHidden()


def test_missing_torch_is_told_without_an_estimate(
    estimated: Estimated, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: bool(estimated.line.text()))
    monkeypatch.setattr(device, "is_torch_installed", lambda: False)
    estimated.methods.choose("fastcut")
    assert "needs PyTorch, which is not installed" in estimated.line.text()
    rest(estimated, qtbot)
    assert len(estimated.asked) == 1


def test_an_invalid_setting_is_told_without_an_estimate(estimated: Estimated, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: bool(estimated.line.text()))
    estimated.methods.choose("pix2pix")
    estimated.form.fields["crop"].value = 33
    assert "The crop size is 33 px" in estimated.line.text()
    rest(estimated, qtbot)
    assert len(estimated.asked) == 1
    estimated.form.fields["crop"].value = 96
    qtbot.waitUntil(lambda: estimated.line.text() == "pix2pix: 3.0 minutes")
