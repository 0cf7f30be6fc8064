"""How the run of a translator is carried out: steps, checkpoints, pictures and events."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Final

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.translators.generators import Generator
from napari_zerodce.counting import counted
from napari_zerodce.device import resolve_device
from napari_zerodce.errors import Cancelled
from napari_zerodce.stopping import ShouldStop, never
from napari_zerodce.training.events import Ending
from napari_zerodce.training.loop import Diverged, StepReport
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.run_process import (
    TRIAL_STEPS,
    StepLog,
    Told,
    Write,
    check_whole,
    has_start,
    occupy_and_run,
    untold,
    with_steps,
)
from napari_zerodce.training.translation.config import TranslationRunConfig
from napari_zerodce.training.translation.crops import read_crops
from napari_zerodce.training.translation.loop import resume, start, train
from napari_zerodce.training.translation.pictures import difference_to
from napari_zerodce.training.translation.saver import TranslationSaver

_LEAST_STEPS: Final = 20


def train_run(folder: RunFolder, *, should_stop: ShouldStop = never, tell: Told = untold) -> Ending:
    """Start or continue the run of a folder until its last step, or until someone stops it.

    The events are those of a fine-tuning. "step" has `TRANSLATION_LOSSES`. Only pix2pix, whose
    targets are known, writes "validation" (the L1 difference of held-aside pairs) and keeps
    ``best.safetensors``; for the others, a checkpoint with a picture every
    `steps_between_checkpoints` lets a user choose. A "notice" with `is_alarm` tells of an inverted
    contrast.

    Parameters
    ----------
    folder : RunFolder
    should_stop, tell : callable, optional
        As in `training.finetune.finetune`.

    Returns
    -------
    {"done", "stopped", "diverged"}

    Raises
    ------
    ZeroDCEError
        If the run cannot start or continue; the last event holds the same message.
    """
    return occupy_and_run(folder, _Run, should_stop=should_stop, tell=tell)


class _Run:
    """The work of one process on a run."""

    def __init__(self, folder: RunFolder, write: Write, should_stop: ShouldStop) -> None:
        self._folder, self._write, self._should_stop = folder, write, should_stop
        config = folder.config_as(TranslationRunConfig)
        self._device = resolve_device(config.device)
        self._crops = read_crops(folder)
        check_whole(folder, config.training.crop, self._crops.side, kept=folder.last)
        self._is_loaded = has_start(folder, config)
        config = with_steps(folder, config, partial(self._try, config), least=_LEAST_STEPS)
        self._every = config.training.steps_between_checkpoints
        self._state = resume(
            config.training, folder.path, device=self._device, loaded=self._generator()
        )
        self._saver = TranslationSaver(folder, config, self._state, crops=self._crops, write=write)
        self._log = StepLog(folder, self._device, write, step=self._state.step)
        self._kept: int | None = None

    def go(self) -> tuple[Ending, str]:
        """Take all remaining steps; return how the run ended, and a sentence about it."""
        state, steps = self._state, self._state.config.steps
        self._log.begin(state.step, steps)
        try:
            if state.step == 0:
                self._begin()
            elif state.step % self._every == 0 or state.step == steps:
                self._keep()  # the process may have been killed before it did this
            while state.step < steps:
                following = min((state.step // self._every + 1) * self._every, steps)
                train(
                    state,
                    self._crops,
                    until=following,
                    report=self._on_step,
                    should_stop=self._should_stop,
                )
                self._keep()
            self._saver.save_for_official_code()
        except Cancelled:
            self._keep()
            self._saver.save_for_official_code()
            return "stopped", f"Stopped after {counted(state.step, 'step')}. {self._verdict()}"
        except Diverged as err:
            return "diverged", str(err)
        finally:
            self._log.close()
        return "done", f"Done: {counted(steps, 'step')}. {self._verdict()}"

    def _begin(self) -> None:
        """Save the first weights and the pictures of the preview, and tell what is frozen."""
        config = self._state.config
        frozen = config.frozen
        if self._is_loaded and frozen:
            told = counted(frozen, "step")
            share = ", a quarter of the run" if frozen < config.frozen_steps else ""
            self._write(
                "notice",
                text="The checkpoint holds no discriminator, so that a new one learns alone: the "
                f"generator stays as it is for the first {told}{share}.",
            )
        self._saver.save_originals()
        self._keep()

    def _keep(self) -> None:
        """Keep a checkpoint, and for pairs measure how far held-aside results are from targets."""
        state = self._state
        if self._kept == state.step:
            return
        self._kept = state.step
        self._saver.keep()
        if state.config.is_paired:
            self._validate()

    def _validate(self) -> None:
        state, notes = self._state, self._state.notes
        found = difference_to(self._crops.held_targets, state.generator, self._crops.held_sources)
        loss = state.config.l1 * found
        best = loss < notes.get("best", math.inf)
        notes.setdefault("first", loss)
        if best:
            notes |= {"best": loss, "best_step": state.step}
            self._saver.save_best()
        self._log.add_validation(state.step, {"l1": loss}, best=best)

    def _verdict(self) -> str:
        """Return a sentence about which checkpoint to use."""
        notes = self._state.notes
        if "best" in notes:
            return (
                f"L1 loss of held-aside pairs {notes['first']:.4g} → {notes['best']:.4g}, the "
                f"lowest at step {notes['best_step']}."
            )
        return "Compare the pictures of the checkpoints: the last one need not be the best."

    # ---- while it runs

    def _on_step(self, report: StepReport) -> None:
        self._log.add_step(report.step, report.terms, report.total)
        self._saver.save_if_due()

    # ---- before it runs

    def _generator(self) -> Generator | None:
        """Return the generator from which the run starts, if it is not random."""
        return load_checkpoint(self._folder.start).generator if self._is_loaded else None

    def _try(self, config: TranslationRunConfig, report: Callable[[StepReport], None]) -> None:
        """Take a few steps that the run does not keep."""
        train(
            start(config.training, device=self._device, loaded=self._generator()),
            self._crops,
            until=TRIAL_STEPS,
            report=report,
            should_stop=self._should_stop,
        )
