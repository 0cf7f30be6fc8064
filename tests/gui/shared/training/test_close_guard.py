"""The question when a window is closed, in a plain Qt window."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QMainWindow, QMessageBox, QVBoxLayout, QWidget

from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.training.close_guard import CloseGuard


class Training:
    """Stands for a run at step 7 of 30."""

    def __init__(self, *, is_running: bool = True) -> None:
        self.is_running = is_running
        self.history = SimpleNamespace(step=7, planned=30)
        self.folder = self
        self.asked = 0
        self.error: Exception | None = None

    def ask_to_stop(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


class Guarded:
    """A window with a canvas in its middle, and its guard, whose answers are given."""

    def __init__(self, qtbot: Any) -> None:
        self.window = QMainWindow()
        # After the test the window is closed, and nobody is there to answer.
        qtbot.addWidget(self.window, before_close_func=lambda _: self.end())
        centre = QWidget()
        self.canvas = QWidget()
        QVBoxLayout(centre).addWidget(self.canvas)
        self.window.setCentralWidget(centre)
        self.window.show()
        self.session = Session()
        self.guard = CloseGuard(self.window, self.session)

    def end(self) -> None:
        self.session.runs = {}

    def run(self, **options: Any) -> Training:
        training = Training(**options)
        self.session.follow("curves", training)  # type: ignore[arg-type]
        return training

    def answer(self, words: str, questions: list[str]) -> None:
        """Press the button with these words as soon as the question is there."""

        def press() -> None:
            box = QApplication.activeModalWidget()
            if not isinstance(box, QMessageBox) or not box.isVisible():
                QTimer.singleShot(1, press)
                return
            questions.append(box.text())
            buttons = {button.text(): button for button in box.buttons()}
            # A box that nobody answers would block the test for ever.
            buttons.get(words, box.buttons()[-1]).click()
            assert words in buttons

        QTimer.singleShot(0, press)


@pytest.fixture
def guarded(qtbot: Any) -> Guarded:
    return Guarded(qtbot)


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if anything is asked."""

    def ask(*_: Any) -> str:
        raise AssertionError("nobody is there to be asked")

    monkeypatch.setattr(CloseGuard, "_ask", ask)


@pytest.mark.parametrize(
    ("words", "closes", "asked"),
    [("Continue the run", True, 0), ("Stop the run", True, 1), ("Keep napari open", False, 0)],
)
def test_answer_decides_about_window_and_run(
    guarded: Guarded, words: str, closes: bool, asked: int
) -> None:
    training = guarded.run()
    questions: list[str] = []
    guarded.answer(words, questions)
    assert guarded.window.close() is closes
    assert questions == ["A training run is in progress (step 7 of 30)."]
    assert guarded.window.isVisible() is not closes
    assert training.asked == asked


def test_run_whose_folder_has_gone_does_not_keep_the_window_open(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = guarded.run()
    training.error = FileNotFoundError("stop")
    monkeypatch.setattr(CloseGuard, "_ask", lambda *_: "stop")
    assert guarded.window.close()
    assert training.asked == 1


@pytest.mark.usefixtures("unasked")
def test_nothing_is_asked_where_nothing_runs(guarded: Guarded) -> None:
    assert guarded.window.close()
    guarded.window.show()
    guarded.run(is_running=False)
    assert guarded.window.close()


@pytest.mark.usefixtures("unasked")
def test_nothing_is_asked_when_a_script_closes_the_viewer(guarded: Guarded) -> None:
    guarded.run()
    guarded.canvas.hide()  # as napari does before it closes the window
    assert guarded.window.close()


@pytest.mark.usefixtures("unasked")
def test_window_without_a_middle_is_closed_by_a_script(qtbot: Any) -> None:
    window, session = QMainWindow(), Session()
    qtbot.addWidget(window)
    CloseGuard(window, session)
    session.follow("curves", Training())  # type: ignore[arg-type]
    assert window.close()


@pytest.mark.usefixtures("unasked")
def test_other_events_and_other_windows_pass(guarded: Guarded) -> None:
    guarded.run()
    guard = guarded.guard
    assert not guard.eventFilter(guarded.window, QEvent(QEvent.Type.Show))
    assert not guard.eventFilter(guarded.window, None)
    assert not guard.eventFilter(guarded.canvas, QCloseEvent())


def test_guard_goes_with_its_window(qtbot: Any) -> None:
    window = QMainWindow()
    guard = CloseGuard(window, Session())
    with qtbot.waitSignal(guard.destroyed):
        window.deleteLater()
