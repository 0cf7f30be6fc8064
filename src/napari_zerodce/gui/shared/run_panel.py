"""The panel of a run: a button that starts or cancels, a progress bar and a sentence."""

from __future__ import annotations

from typing import Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_zerodce.engine.forecast import describe_seconds
from napari_zerodce.engine.requests import Progress
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.widgets.labels import Sentence, Tone, text_label
from napari_zerodce.gui.widgets.start_button import StartButton

_STEPS = 1000
State = Literal["idle", "running", "cancelling"]


class RunPanel(QWidget):
    """Shows and cancels the session's run, even if another dock started it.

    Parameters
    ----------
    action : str
        Text of the button when there is no run.
    session : Session
    """

    start_requested = Signal()

    def __init__(self, action: str, session: Session) -> None:
        super().__init__()
        self._action = action
        self._session = session
        self.state: State = "idle"
        self.plan = text_label("plan")
        self.button = StartButton(action, "run_button")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.message = Sentence("message")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.plan, self.button, self.bar, self.message):
            layout.addWidget(part)
        self.bar.hide()
        self.button.clicked.connect(self._on_button_clicked)
        session.events.job.connect(self._on_session_job_changed)
        self._on_session_job_changed(session.job)

    def release(self) -> None:
        """Stop following the session."""
        self._session.events.job.disconnect(self._on_session_job_changed)

    def show_running(self) -> None:
        """Make the button say "Cancel"."""
        self.button.mark_start()
        self._show_state("running", "Cancel")
        self.bar.setValue(0)
        self.say("")

    def show_cancelling(self) -> None:
        """Make the button say "Cancelling…" until the run has stopped."""
        self._show_state("cancelling", "Cancelling…")

    def show_idle(self) -> None:
        """Make the button say the action again."""
        self._show_state("idle", self._action)

    def show_progress(self, progress: Progress) -> None:
        """Move the bar, and show the current step and the remaining time."""
        self.bar.setValue(round(_STEPS * progress.fraction))
        left = progress.seconds_left
        rest = "" if left is None else f", {describe_seconds(left)} left"
        self.say(f"{progress.message}{rest}", "progress")

    def say(self, text: str, tone: Tone = "plain") -> None:
        """Show a sentence below the button.

        Parameters
        ----------
        text : str
        tone : {"plain", "progress", "good", "bad"}
        """
        self.message.say(text, tone)

    def forget_complaint(self) -> None:
        """Remove the shown error, because a new choice may have corrected it."""
        self.message.forget_complaint()

    def _show_state(self, state: State, text: str) -> None:
        self.state = state
        self.button.setText(text)
        self.button.setEnabled(state != "cancelling")
        self.bar.setVisible(state != "idle")

    def _on_button_clicked(self) -> None:
        if self.state == "idle":
            self.start_requested.emit()
        elif self.state == "running" and not self.button.is_double_click:
            self.cancel()

    def cancel(self) -> None:
        """Cancel the run; it stops the next time it checks for that."""
        if self._session.job is not None:
            self._session.job.cancel()
            self.show_cancelling()

    def _on_session_job_changed(self, job: Job | None) -> None:
        if job is None:
            self.show_idle()
            if self.message.tone == "progress":  # the dock that started the run shows its outcome
                self.say("")
            return
        self.show_running()
        job.progressed.connect(self._on_job_progressed)
        job.cancelled.connect(self._on_job_cancelled)

    def _on_job_progressed(self, progress: Progress) -> None:
        if self.state == "running":
            self.show_progress(progress)

    def _on_job_cancelled(self) -> None:
        self.say("Cancelled; nothing was changed.")
