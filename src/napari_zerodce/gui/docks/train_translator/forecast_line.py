"""The line that says before Start how long the training takes, and what is realistic."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.device import check_torch
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.train_translator import work
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.widgets.labels import Sentence
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    from napari_zerodce.engine.settings import EnhanceSettings
    from napari_zerodce.gui.docks.train_translator.form import TranslatorForm
    from napari_zerodce.gui.session.session import Session

_PATIENCE_MS: Final = 700
"""A user who types changes a setting several times."""


class ForecastLine(Sentence):
    """A sentence that follows the form; it measures in the background, never beside a run.

    Parameters
    ----------
    session : Session
    form : TranslatorForm
    is_needed : callable
        Returns whether there are images to train on: before, torch need not be loaded.
    """

    def __init__(
        self, session: Session, form: TranslatorForm, is_needed: Callable[[], bool]
    ) -> None:
        super().__init__("forecast")
        self._session, self._form, self._is_needed = session, form, is_needed
        self._key: Any = None
        self._job: Job | None = None
        self._released = False
        self._timer = single_shot(self, _PATIENCE_MS, self._measure)
        form.changed.connect(self.look)
        session.events.settings.connect(self._on_settings_changed)
        session.events.job.connect(self.look)
        self.look()

    def release(self) -> None:
        """Stop following, because the dock closes."""
        self._released = True
        self._timer.stop()
        self._session.events.settings.disconnect(self._on_settings_changed)
        self._session.events.job.disconnect(self.look)
        if self._job is not None:
            self._job.cancel()

    def look(self, *_: Any) -> None:
        """Measure soon, unless that is known; say at once what is invalid or missing."""
        try:
            check_torch()
            wanted = self._wanted()
        except ZeroDCEError as err:
            self._key = None
            self._timer.stop()
            self.say(str(err), "bad")
            return
        if self._key is None:
            self.say("")
        if self._is_needed() and wanted != self._key:
            self._timer.start()

    def _wanted(self) -> Any:
        """Return what decides the time; raise a `ZeroDCEError` if a setting is invalid."""
        config = self._form.config()
        generator = self._form.start.generator
        return (
            config.model_copy(update={"seed": 0}),
            self._form.duration().get("minutes"),
            self._session.settings.device,
            None if generator is None else generator.design,
        )

    def _measure(self) -> None:
        if self._session.busy or self._session.kind_in_training or self._job is not None:
            return  # their ends look again
        config, minutes, device, design = self._key = self._wanted()
        made = work.forecasting(config, minutes=minutes, device=device, design=design)
        self._job = job = Job("Zero-DCE: estimating a training", made, quiet=True)
        job.succeeded.connect(self._on_job_succeeded)
        job.failed.connect(self._on_job_failed)
        job.finished.connect(self._on_job_finished)
        job.start()

    def _on_job_succeeded(self, sentence: str) -> None:
        if not self._released and self._key is not None:  # else a setting became invalid
            self.say(sentence)

    def _on_job_failed(self, _: Exception) -> None:
        if not self._released:  # such as a device that is not there: Start says it
            self.say("")

    def _on_job_finished(self) -> None:
        self._job = None
        if not self._released:
            self.look()

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.device != old.device:
            self.look()
