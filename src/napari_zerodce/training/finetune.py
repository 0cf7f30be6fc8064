"""How the run of a folder is carried out: steps, validations, checkpoints and events."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import psutil
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.device import Device, resolve_device
from napari_zerodce.errors import Cancelled, TrainingError, ZeroDCEError
from napari_zerodce.stopping import ShouldStop, never
from napari_zerodce.training.batches import CropBatches, validation_batches
from napari_zerodce.training.checkpoint_saver import CheckpointSaver
from napari_zerodce.training.config import RunConfig
from napari_zerodce.training.crops import Crops
from napari_zerodce.training.events import TOTAL, Ending, EventWriter
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
from napari_zerodce.training.run_folder import RunFolder, written_or_told
from napari_zerodce.training.tensorboard import TensorBoardLog

Told = Callable[[Mapping[str, Any]], None]

_VALIDATIONS: Final = 20
_STEPS_BETWEEN_VALIDATIONS: Final = 50
_SPEED_SECONDS: Final = 5.0
_TRIAL_STEPS: Final = 4
_OVERHEAD: Final = 1.15
"""Time of a step with its share of validation and saving, divided by the time of the step alone."""


def finetune(
    folder: RunFolder, *, should_stop: ShouldStop = never, tell: Told = lambda _: None
) -> Ending:
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
    folder.check_run()
    with folder.occupied(), written_or_told(folder.path), EventWriter(folder.events) as writer:

        def write(event: str, **facts: Any) -> None:
            writer.write(event, **facts)
            tell({"event": event, **facts})

        try:
            with written_or_told(folder.path):
                ending, message = _Run(folder, write, should_stop).go()
        except Cancelled:
            ending, message = "stopped", "Stopped before the first step."
        except ZeroDCEError as err:
            with suppress(OSError):  # a full disk has no room for this event, either
                write("ended", ending="failed", message=str(err))
            raise
        write("ended", ending=ending, message=message)
        return ending


class _Run:
    """The work of one process on a run."""

    def __init__(
        self, folder: RunFolder, write: Callable[..., None], should_stop: ShouldStop
    ) -> None:
        self._folder, self._write = folder, write
        self._asked = should_stop
        config = folder.config()
        self.device = resolve_device(config.device)
        self._weights = _start_weights(folder, config)
        crops, preview = folder.crops()
        _check_whole(folder, config, crops)
        self._config = self._with_steps(config, crops)
        training = self._config.training
        self._batches = CropBatches(crops, training)
        self._held_back = validation_batches(crops, training)
        self._state = resume(training, folder.path, device=self.device, weights=self._weights)
        self._every = max(1, min(_STEPS_BETWEEN_VALIDATIONS, training.steps // _VALIDATIONS))
        self._saver = CheckpointSaver(
            folder, self._config, self._state, preview=preview, write=write
        )
        self._stepped: deque[float] = deque()
        self._board = TensorBoardLog(folder.path / "tensorboard", step=self._state.step)

    def go(self) -> tuple[Ending, str]:
        """Take all remaining steps; return how the run ended, and a sentence about it."""
        state = self._state
        self._write(
            "started",
            step=state.step,
            steps=state.config.steps,
            device=str(self.device),
            time=_now(),
        )
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
            return "stopped", f"Stopped after {state.step} steps. {self._verdict()}"
        except Diverged as err:
            return "diverged", str(err)
        finally:
            self._board.close()
        return "done", f"Done: {state.step} steps. {self._verdict()}"

    def _begin(self) -> None:
        """Validate and save the first weights, which may remain the best ones."""
        self._validate()
        self._saver.save_original()
        self._saver.save(shown=True)

    def _should_stop(self) -> bool:
        return self._asked() or self._folder.shall_stop

    # ---- after each step

    def _on_step(self, report: StepReport) -> None:
        now = time.monotonic()
        self._stepped.append(now)
        while now - self._stepped[0] > _SPEED_SECONDS and len(self._stepped) > 2:
            self._stepped.popleft()
        self._write(
            "step",
            step=report.step,
            losses=dict(report.terms),
            total=report.total,
            steps_per_second=round(self._speed(), 3),
            memory=round(_memory(self.device), 3),
        )
        self._board.write("training", report.step, {**report.terms, TOTAL: report.total})
        self._notice_smaller_batch()
        self._saver.save_after_step()

    def _speed(self) -> float:
        if len(self._stepped) < 2:
            return 0.0
        return (len(self._stepped) - 1) / max(1e-6, self._stepped[-1] - self._stepped[0])

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
        self._write("validation", step=state.step, losses=losses, total=total, best=best)
        self._board.write("validation", state.step, {**losses, TOTAL: total})
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

    # ---- minutes

    def _with_steps(self, config: RunConfig, crops: Crops) -> RunConfig:
        """Turn minutes into a fixed number of steps, from the measured time of a few steps."""
        if config.minutes is None:
            return config
        trial = start(config.training, device=self.device, weights=self._weights)
        moments = [time.perf_counter()]
        with suppress(Diverged):  # the run itself raises the error later
            train(
                trial,
                CropBatches(crops, config.training),
                until=_TRIAL_STEPS,
                report=lambda _: moments.append(time.perf_counter()),
                should_stop=self._should_stop,
            )
        seconds = min(np.diff(moments), default=1.0) * _OVERHEAD
        steps = max(_VALIDATIONS, int(60 * config.minutes / seconds))
        training = config.training.model_copy(update={"steps": steps})
        config = config.model_copy(update={"training": training, "minutes": None})
        self._folder.write_config(config)
        return config


def _check_whole(folder: RunFolder, config: RunConfig, crops: Crops) -> None:
    """Refuse a run with missing or changed files, which would silently start again or differ."""
    expected = config.training.crop
    if crops.side != expected:
        raise TrainingError(
            f"config.json of {folder.path} states crops of {expected} pixels, but the crops in "
            f"crops.npz have {crops.side}; start a new run for other crops."
        )
    if not folder.state.exists() and folder.best.exists() and folder.history().step > 0:
        raise TrainingError(
            f"{folder.state} is missing, so the run cannot continue; start a new run from "
            f"{folder.best}."
        )


def _start_weights(folder: RunFolder, config: RunConfig) -> Mapping[str, torch.Tensor] | None:
    if not folder.start.exists():
        if config.checkpoint is not None and not folder.state.exists():
            raise TrainingError(
                f"{folder.start} with the weights from which the run starts is missing; start a "
                "new run."
            )
        return None
    return load_checkpoint(folder.start).network.state_dict()


def _memory(device: Device) -> float:
    """Return the memory in GiB that the run needs on its device."""
    if device.kind == "cuda":
        return torch.cuda.max_memory_allocated(device.name) / 2**30
    return float(psutil.Process().memory_info().rss) / 2**30


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")
