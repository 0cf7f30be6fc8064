"""How the run of a folder is carried out: steps, validations, checkpoints and events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.counting import counted
from napari_zerodce.device import resolve_device
from napari_zerodce.errors import Cancelled
from napari_zerodce.stopping import ShouldStop, never
from napari_zerodce.training.batches import CropBatches, validation_batches
from napari_zerodce.training.checkpoint_saver import CheckpointSaver
from napari_zerodce.training.config import RunConfig
from napari_zerodce.training.crops import Crops
from napari_zerodce.training.events import Ending
from napari_zerodce.training.loop import (
    Diverged,
    StepReport,
    diverged,
    resume,
    save_state,
    start,
    train,
    validate,
)
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

_VALIDATIONS: Final = 20
_STEPS_BETWEEN_VALIDATIONS: Final = 50


def finetune(folder: RunFolder, *, should_stop: ShouldStop = never, tell: Told = untold) -> Ending:
    """Start or continue the run of a folder until its last step, or until someone stops it.

    Parameters
    ----------
    folder : RunFolder
    should_stop : callable, optional
        Called before each step; returns whether the user stopped the run. A request to stop in the
        folder has the same effect.
    tell : callable, optional
        Called with each event after it is written.

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
        config = folder.config()
        self.device = resolve_device(config.device)
        self._weights = _start_weights(folder, config)
        crops, preview = folder.crops()
        check_whole(folder, config.training.crop, crops.side, kept=folder.best)
        self._config = with_steps(
            folder, config, partial(self._try, config, crops), least=_VALIDATIONS
        )
        training = self._config.training
        self._batches = CropBatches(crops, training)
        self._held_back = validation_batches(crops, training)
        self._state = resume(training, folder.path, device=self.device, weights=self._weights)
        self._every = max(1, min(_STEPS_BETWEEN_VALIDATIONS, training.steps // _VALIDATIONS))
        self._saver = CheckpointSaver(
            folder, self._config, self._state, preview=preview, write=write
        )
        self._log = StepLog(folder, self.device, write, step=self._state.step)

    def go(self) -> tuple[Ending, str]:
        """Take all remaining steps; return how the run ended, and a sentence about it."""
        state = self._state
        self._log.begin(state.step, state.config.steps)
        try:
            if "best" not in state.notes:
                self._begin()
            elif state.step % self._every == 0 or state.step == state.config.steps:
                self._validate()  # the process may have been killed before this validation
            while state.step < state.config.steps:
                following = (state.step // self._every + 1) * self._every
                train(
                    state,
                    self._batches,
                    until=following,
                    report=self._on_step,
                    should_stop=self._should_stop,
                )
                self._validate()
                self._saver.save_after_validation()
            self._saver.save(shown=True)
            self._saver.show_best()
        except Cancelled:
            self._validate()
            self._saver.save(shown=True)
            self._saver.show_best()
            return "stopped", f"Stopped after {counted(state.step, 'step')}. {self._verdict()}"
        except Diverged as err:
            return "diverged", str(err)
        finally:
            self._log.close()
        return "done", f"Done: {counted(state.step, 'step')}. {self._verdict()}"

    def _begin(self) -> None:
        """Validate and save the first weights, which may remain the best ones."""
        self._validate()
        self._saver.save_original()
        self._saver.save(shown=True)

    # ---- after each step

    def _on_step(self, report: StepReport) -> None:
        self._log.add_step(report.step, report.terms, report.total)
        self._notice_smaller_batch()
        self._saver.save_after_step()

    def _notice_smaller_batch(self) -> None:
        earlier = self._state.notes.get("batch", self._state.config.batch)
        if self._state.batch < earlier:
            self._state.notes["batch"] = self._state.batch
            self._write(
                "notice",
                text=f"The device had too little memory for {earlier} crops per step; the run "
                f"continues with {self._state.batch}.",
            )

    def _validate(self) -> None:
        """Measure the losses on the crops for validation, and save the weights if they are best."""
        state = self._state
        if state.notes.get("validated") == state.step:
            return
        losses = validate(state, self._held_back)
        total = sum(losses.values())
        if not math.isfinite(total):
            raise diverged(state.step)
        best = total < state.notes.get("best", math.inf)
        state.notes["validated"] = state.step
        state.notes.setdefault("first", total)
        if best:
            state.notes |= {"best": total, "best_step": state.step}
            self._saver.save_best()
        self._log.add_validation(state.step, losses, best=best)
        if best:
            # Now, so that a run that continues after a kill knows the loss of this file.
            save_state(state, self._folder.path)

    def _verdict(self) -> str:
        """Return a sentence about the change of the validation loss."""
        notes = self._state.notes
        first, best, step = notes["first"], notes["best"], notes["best_step"]
        if step == 0:
            return f"The first weights stayed the best ones (validation loss {first:.4g})."
        return f"Validation loss {first:.4g} → {best:.4g}, the lowest at step {step}."

    def _try(self, config: RunConfig, crops: Crops, report: Callable[[StepReport], None]) -> None:
        """Take a few steps that the run does not keep."""
        train(
            start(config.training, device=self.device, weights=self._weights),
            CropBatches(crops, config.training),
            until=TRIAL_STEPS,
            report=report,
            should_stop=self._should_stop,
        )


def _start_weights(folder: RunFolder, config: RunConfig) -> Mapping[str, torch.Tensor] | None:
    if not has_start(folder, config):
        return None
    return load_checkpoint(folder.start).network.state_dict()
