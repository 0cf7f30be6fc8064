"""The controls of a training run: Start, Stop, Resume, its progress and its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.engine.forecast import describe_seconds
from napari_zerodce.gui.widgets.labels import Sentence, Tone, text_label
from napari_zerodce.gui.widgets.start_button import StartButton
from napari_zerodce.gui.widgets.tool_tips import tool_tip

if TYPE_CHECKING:
    from pathlib import Path

    from napari_zerodce.training.events import History

State = Literal["idle", "preparing", "running", "stopping"]

_TEXTS: dict[State, str] = {
    "idle": "Start",
    "preparing": "Cancel",
    "running": "Stop",
    "stopping": "Stopping…",
}


class TrainingControls(QWidget):
    """Buttons, a progress bar and two sentences; independent of processes."""

    start_requested = Signal()
    stop_requested = Signal()
    resume_requested = Signal()
    open_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.state: State = "idle"
        self._run_name = ""
        self.button = StartButton("Start", "training_button")
        self.button.setToolTip(
            tool_tip(
                "Start, Cancel or Stop",
                "Train in another process. Stop saves the weights, and Resume continues the run.",
            )
        )
        self.resume_button = QPushButton("Resume")
        self.resume_button.setToolTip(
            tool_tip("Resume", "Continue the shown run from its last saved state.")
        )
        self.open_button = QPushButton("Open run…")
        self.open_button.setToolTip(
            tool_tip("Open run", "Show a run that is in progress or has ended, and its settings.")
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setToolTip(tool_tip("Progress", "The share of the steps that are done."))
        self.status = text_label("training_status")
        self.message = Sentence("training_message")
        row = QHBoxLayout()
        row.addWidget(self.resume_button)
        row.addWidget(self.open_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addLayout(row)
        for part in (self.bar, self.status, self.message):
            layout.addWidget(part)
            part.hide()
        self.resume_button.hide()
        self.button.clicked.connect(self._on_button_clicked)
        self.resume_button.clicked.connect(self.resume_requested)
        self.open_button.clicked.connect(self.open_requested)

    def show_state(self, state: State, *, resumable: bool = False) -> None:
        """Show the buttons that are valid in a state.

        Parameters
        ----------
        state : {"idle", "preparing", "running", "stopping"}
        resumable : bool
            Whether the shown run can be resumed.
        """
        self.state = state
        self.button.setText(_TEXTS[state])
        self.resume_button.setVisible(state == "idle" and resumable)
        self.open_button.setEnabled(state == "idle")
        self.bar.setVisible(state != "idle")
        if state == "preparing":
            self.bar.setRange(0, 0)

    def show_run(self, name: str, folder: Path) -> None:
        """Say from now on which run the progress is of.

        Parameters
        ----------
        name : str
            The name of its weights, which may be empty.
        folder : Path
        """
        self._run_name = name
        self.status.setToolTip(f"Run: {folder}")

    def show_history(self, history: History) -> None:
        """Show the progress of a run."""
        self.bar.setRange(0, max(1, history.planned))
        self.bar.setValue(history.step)
        planned = history.planned
        waiting = "Loading torch…" if self.state == "running" else "No step yet"
        facts = [f"Step {history.step} of {planned}" if planned else waiting]
        if history.steps_per_second:
            facts.append(f"{history.steps_per_second:.3g} steps/s")
        left = history.seconds_left
        if self.state == "running" and left is not None and left > 0:
            facts.append(f"{describe_seconds(left)} left")
        if history.device:
            facts.append(history.device)
        if history.memory:
            facts.append(f"{history.memory:.1f} GiB")
        self.status.setText(" · ".join(filter(None, [self._run_name, *facts])))
        self.status.show()

    def offer_to_end(self) -> None:
        """Offer to end a run at once that does not stop within a few seconds."""
        if self.state == "stopping":
            self.button.setText("End it at once")

    def say(self, text: str, tone: Tone = "plain") -> None:
        """Show a sentence.

        Parameters
        ----------
        text : str
        tone : {"plain", "progress", "good", "bad"}
        """
        self.message.say(text, tone)

    def forget_complaint(self) -> None:
        """Remove the shown error, because a new choice may have corrected it."""
        self.message.forget_complaint()

    def _on_button_clicked(self) -> None:
        if self.state == "idle":
            self.button.mark_start()
            self.start_requested.emit()
        elif not self.button.is_double_click:
            self.stop_requested.emit()
