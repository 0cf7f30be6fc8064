"""The panel of a run: a button that starts or cancels, a progress bar and a sentence."""

from __future__ import annotations

from typing import Final, Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_zerodce.engine.forecast import describe_progress
from napari_zerodce.engine.requests import Progress
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.widgets.labels import Sentence, Tone
from napari_zerodce.gui.widgets.start_button import StartButton

_STEPS = 1000
State = Literal["idle", "running", "cancelling"]

_CANCEL_TIP: Final = "Stop the run. The finished planes of a stack can then be kept."
_CANCELLING_TIP: Final = "The run stops after the step at which it is now."


class RunPanel(QWidget):
    """Shows and cancels the session's run, and shows its outcome.

    Another dock may have started the run: its outcome is shown here only if it concerns all docks.

    Parameters
    ----------
    action : str
        Text of the button when there is no run.
    session : Session
    tip : str
        Tooltip of the button when there is no run.
    """

    start_requested = Signal()

    def __init__(self, action: str, session: Session, *, tip: str = "") -> None:
        super().__init__()
        self.action = action
        self._tip = tip
        self._session = session
        self._outcome: Outcome | None = None
        self._complaint = ""  # below the button or marked in the plan, which may say it later
        self.state: State = "idle"
        self.plan = Sentence("plan")
        self.button = StartButton(action, "run_button")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setToolTip("How much of the run is done.")
        self.message = Sentence("message")
        self.offer = Sentence("offer")
        self.keep = QPushButton("Keep them")
        self.keep.setToolTip(
            "Add the finished planes as a layer. They need memory until a new run begins, which "
            "removes this offer."
        )
        self._arrange()
        self.button.clicked.connect(self._on_button_clicked)
        self.keep.clicked.connect(self._on_keep_clicked)
        session.events.job.connect(self._on_session_job_changed)
        session.events.outcome.connect(self._on_session_outcome_changed)
        self._on_session_job_changed(session.job)
        known = session.outcome
        if known is not None and (known.action == action or known.keep is not None):
            self._on_session_outcome_changed(known)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.plan, self.button, self.bar, self.message, self.offer, self.keep):
            layout.addWidget(part)
        self.bar.hide()
        self.keep.hide()

    def release(self) -> None:
        """Stop following the session."""
        self._session.events.job.disconnect(self._on_session_job_changed)
        self._session.events.outcome.disconnect(self._on_session_outcome_changed)

    def show_running(self) -> None:
        """Make the button say "Cancel"."""
        self.button.mark_start()
        self._show_state("running", "Cancel", _CANCEL_TIP)
        self.bar.setValue(0)
        self.say("")

    def show_cancelling(self) -> None:
        """Make the button say "Cancelling…" until the run has stopped."""
        self._show_state("cancelling", "Cancelling…", _CANCELLING_TIP)

    def show_idle(self) -> None:
        """Make the button say the action again."""
        self._show_state("idle", self.action, self._tip)

    def show_progress(self, progress: Progress) -> None:
        """Move the bar, and show the current step and the remaining time."""
        self.bar.setValue(round(_STEPS * progress.fraction))
        self.say(describe_progress(progress), "progress")

    def show_plan(self, text: str) -> None:
        """Show above the button what a run would do and cost, or why it cannot start.

        A complaint that the user has seen is marked in the plan as long as the plan says it.

        Parameters
        ----------
        text : str
        """
        self.plan.say(text)
        if self._is_planned(self._complaint):
            self._mark_plan()
        elif self.message.tone != "bad":
            self._complaint = ""

    def say(self, text: str, tone: Tone = "plain") -> None:
        """Show a sentence below the button; a complaint that is in the plan is only marked there.

        Parameters
        ----------
        text : str
        tone : {"plain", "progress", "good", "bad"}
        """
        self._outcome = None
        self._complaint = text if tone == "bad" else ""
        if self._is_planned(self._complaint):
            self._mark_plan()
        else:
            self.message.say(text, tone)

    def _mark_plan(self) -> None:
        self.plan.say(self.plan.said, "bad")
        self.message.say("")

    def tells(self, text: str) -> bool:
        """Return whether the plan on screen says this already.

        Parameters
        ----------
        text : str
        """
        return self.isVisible() and self._is_planned(text)

    def _is_planned(self, text: str) -> bool:
        return bool(text) and text in self.plan.said

    def forget_complaint(self) -> None:
        """Remove the shown error, because a new choice may have corrected it."""
        if self._outcome is not None and self._outcome.tone == "bad":
            self._session.outcome = None
        self._complaint = ""
        self.message.forget_complaint()

    def _show_state(self, state: State, text: str, tip: str) -> None:
        self.state = state
        self.button.setText(text)
        self.button.setToolTip(tip)
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

    def _on_keep_clicked(self) -> None:
        outcome = self._session.outcome
        if outcome is not None and outcome.keep is not None:
            outcome.keep()

    def _on_session_job_changed(self, job: Job | None) -> None:
        if job is None:
            self.show_idle()
            if self.message.tone == "progress":  # the dock that started the run shows its outcome
                self.say("")
            return
        self.show_running()
        if job.progress is not None:  # this panel is opened during the run
            self.show_progress(job.progress)
        job.progressed.connect(self._on_job_progressed)

    def _on_job_progressed(self, progress: Progress) -> None:
        if self.state == "running":
            self.show_progress(progress)

    def _on_session_outcome_changed(self, outcome: Outcome | None) -> None:
        if self._outcome is not None:
            self.say("")  # that is no longer true
        offered = outcome is not None and outcome.keep is not None
        self.keep.setVisible(offered)
        self.offer.say("")
        if outcome is not None and offered:
            self.offer.say(outcome.text, outcome.tone)
        if outcome is None or outcome.action not in {self.action, None}:
            return
        outcome.planned = outcome.planned or self.tells(outcome.text)
        if not offered:
            self.say(outcome.text, outcome.tone)
            self._outcome = outcome
        outcome.seen = outcome.seen or self.isVisible()
