"""Carry out the run of a folder: train, validate, save, and say what happens."""

from __future__ import annotations

import copy
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import CurveNetwork
from napari_zerodce.device import Device, resolve_device
from napari_zerodce.errors import Cancelled, TrainingError, ZeroDCEError
from napari_zerodce.imaging.files.images import ImageFile, write_image
from napari_zerodce.stopping import ShouldStop, never
from napari_zerodce.training.batches import CropBatches, validation_batches
from napari_zerodce.training.config import RunConfig
from napari_zerodce.training.crops import Crops
from napari_zerodce.training.events import TOTAL, Ending, EventWriter
from napari_zerodce.training.loop import (
    Diverged,
    StepReport,
    TrainingState,
    diverged,
    resume,
    save_state,
    start,
    train,
    validate,
)
from napari_zerodce.training.objective import estimate
from napari_zerodce.training.run_folder import RunFolder, written_or_told
from napari_zerodce.training.tensorboard import TensorBoardLog
from napari_zerodce.whole_file import write_whole

Told = Callable[[Mapping[str, Any]], None]

_VALIDATIONS: Final = 20
_STEPS_BETWEEN_VALIDATIONS: Final = 50
_GROWTH: Final = 0.02
"""Checkpoints to look at come a fiftieth of the run's time apart: hours do not leave thousands."""

_SPEED_SECONDS: Final = 5.0
_TRIAL_STEPS: Final = 4
_OVERHEAD: Final = 1.15
"""Of validation and saving, on top of the steps."""


def finetune(
    folder: RunFolder, *, should_stop: ShouldStop = never, tell: Told = lambda _: None
) -> Ending:
    """Begin or continue the run of a folder, until its last step or until somebody stops it.

    Parameters
    ----------
    folder : RunFolder
    should_stop : callable, optional
        Asked before each step, as is the folder.
    tell : callable, optional
        Gets each event after it is written.

    Returns
    -------
    {"done", "stopped", "diverged"}

    Raises
    ------
    ZeroDCEError
        If the run cannot begin or go on; its events say so, too.
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
            with suppress(OSError):  # a full disk has no room for that, either
                write("ended", ending="failed", message=str(err))
            raise
        write("ended", ending=ending, message=message)
        return ending


class _Run:
    """One process' work on a run."""

    def __init__(
        self, folder: RunFolder, write: Callable[..., None], should_stop: ShouldStop
    ) -> None:
        self._folder, self._write = folder, write
        self._asked = should_stop
        config = folder.config()
        self.device = resolve_device(config.device)
        self._weights = _start_weights(folder, config)
        crops, self._preview = folder.crops()
        _check_whole(folder, config, crops)
        self._config = self._with_steps(config, crops)
        training = self._config.training
        self._batches = CropBatches(crops, training)
        self._held_back = validation_batches(crops, training)
        self._state = resume(training, folder.path, device=self.device, weights=self._weights)
        self._every = max(1, min(_STEPS_BETWEEN_VALIDATIONS, training.steps // _VALIDATIONS))
        self._saved = self._shown = time.monotonic()
        self._stepped: deque[float] = deque()
        self._board = TensorBoardLog(folder.path / "tensorboard", step=self._state.step)

    def go(self) -> tuple[Ending, str]:
        """Take all steps that are left; return how it ended, and the sentence for it."""
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
                self._validate()  # the process may have been killed just before
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
                if self._seconds_overdue() >= 0:
                    self._save(shown=True)
            self._save(shown=True)
            self._show_best()
        except Cancelled:
            self._validate()
            self._save(shown=True)
            self._show_best()
            return "stopped", f"Stopped after {state.step} steps. {self._verdict()}"
        except Diverged as err:
            return "diverged", str(err)
        finally:
            self._board.close()
        return "done", f"Done: {state.step} steps. {self._verdict()}"

    def _begin(self) -> None:
        """Judge what the run begins with: it may stay the best there is."""
        self._validate()
        write_picture(self._folder, self._preview)
        self._save(shown=True)

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
        self._tell_of_batch()
        if now - self._saved >= self._config.checkpoint_seconds:
            self._folder.beat()
            # Better after a validation, which says what the checkpoint is worth; unless it is far.
            self._save(shown=self._seconds_overdue() >= self._config.checkpoint_seconds)

    def _seconds_overdue(self) -> float:
        """Return for how long a checkpoint to be looked at has been due; below 0: it is not."""
        spent = self._state.notes.get("seconds", 0.0)
        rest = max(self._config.checkpoint_seconds, _GROWTH * spent)
        overdue: float = time.monotonic() - self._shown - rest
        return overdue

    def _speed(self) -> float:
        if len(self._stepped) < 2:
            return 0.0
        return (len(self._stepped) - 1) / max(1e-6, self._stepped[-1] - self._stepped[0])

    def _tell_of_batch(self) -> None:
        told = self._state.notes.get("batch", self._state.config.batch)
        if self._state.batch < told:
            self._state.notes["batch"] = self._state.batch
            self._write(
                "notice",
                text=f"The device had no memory for {told} crops a step; it goes on with "
                f"{self._state.batch}.",
            )

    def _validate(self) -> None:
        """Measure the losses on what was held back, and keep the weights if they are the best."""
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
            self._save_weights(self._folder.best)
        self._write("validation", step=state.step, losses=losses, total=total, best=best)
        self._board.write("validation", state.step, {**losses, TOTAL: total})
        if best:
            # Now, so that who goes on after a kill knows how good that file is.
            save_state(state, self._folder.path)

    def _verdict(self) -> str:
        """Say whether it was worth it."""
        notes = self._state.notes
        first, best, step = notes["first"], notes["best"], notes["best_step"]
        if step == 0:
            return f"Nothing was better than what it began with (validation loss {first:.4g})."
        return f"Validation loss {first:.4g} → {best:.4g}, the lowest at step {step}."

    # ---- saving

    def _save(self, *, shown: bool) -> None:
        """Save what is needed to go on, and, to be looked at, the weights and their picture."""
        self._folder.check_run()  # it may have been deleted, and is not to come back in part
        state, now = self._state, time.monotonic()
        picture = enhanced(self._preview, self._for_use()) if shown else None
        if not _is_finite(state) or (shown and picture is None):
            raise diverged(state.step)
        state.notes["seconds"] = state.notes.get("seconds", 0.0) + now - self._saved
        self._saved = now
        save_state(state, self._folder.path)
        self._save_weights(self._folder.last)
        if picture is None:
            return
        self._shown = now
        self._save_weights(self._folder.checkpoint(state.step))
        self._show(state.step, picture)

    def _show_best(self) -> None:
        """Let the best weights be among those that can be looked at."""
        step = self._state.notes["best_step"]
        path = self._folder.checkpoint(step)
        if not path.exists():
            write_whole(path, self._folder.best.read_bytes())
            best = load_checkpoint(self._folder.best).network
            picture = enhanced(self._preview, best)
            if picture is not None:
                self._show(step, picture)

    def _show(self, step: int, picture: NDArray[np.uint16]) -> None:
        write_picture(self._folder, picture, step=step)
        self._write(
            "checkpoint",
            step=step,
            file=self._folder.checkpoint(step).name,
            preview=self._folder.preview(step).name,
        )

    def _save_weights(self, path: Path) -> None:
        """Write a checkpoint for use on whole images."""
        facts = provenance(self._config, self._state)
        save_checkpoint(path, self._for_use(), licence=self._config.licence, provenance=facts)

    def _for_use(self) -> CurveNetwork:
        """Return the network as it is used on whole images."""
        network = copy.deepcopy(self._state.network).cpu()
        network.scale_factor = self._config.scale_factor
        return network

    # ---- minutes

    def _with_steps(self, config: RunConfig, crops: Crops) -> RunConfig:
        """Turn minutes into steps, once and for all, by trying how long a step takes here."""
        if config.minutes is None:
            return config
        trial = start(config.training, device=self.device, weights=self._weights)
        moments = [time.perf_counter()]
        with suppress(Diverged):  # the run itself will say so
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


def enhanced(preview: NDArray[np.uint16], network: CurveNetwork) -> NDArray[np.uint16] | None:
    """Return a preview crop, shape (3 or 1, h, w), as a network enhances it.

    None if that is not made of numbers any more.
    """
    image = torch.from_numpy(preview.astype(np.float32) / np.float32(65535))[None]
    with torch.no_grad():
        alphas, _ = estimate(network, image)
        result = apply_curves(image, alphas)[0]
    if not bool(torch.isfinite(result).all()):
        return None
    pixels: NDArray[np.uint16] = np.rint(result.numpy() * 65535).astype(np.uint16)
    return pixels


def write_picture(
    folder: RunFolder, preview: NDArray[np.uint16], *, step: int | None = None
) -> None:
    """Write the preview crop as PNG: the original, or what a step makes of it."""
    pixels = (preview // 257).astype(np.uint8)
    mono = len(pixels) == 1
    array = pixels[0] if mono else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    path = folder.original if step is None else folder.preview(step)
    write_image(path, ImageFile(array, "mono" if mono else "rgb"), overwrite=True)


def provenance(config: RunConfig, state: TrainingState) -> dict[str, str]:
    """Say how weights came to be, for a checkpoint's metadata."""
    training, weights = config.training, config.training.weights
    facts = {
        "trained_by": "fine-tuning" if config.checkpoint else "training from scratch",
        "software": config.software,
        "began_with": config.checkpoint or f"random weights, seed {training.seed}",
        "began_with_sha256": config.checkpoint_sha256 or "",
        "images": ", ".join(config.images),
        "preset": config.preset,
        "step": f"{state.step} of {training.steps}",
        "loss_weights": f"spatial {weights.spatial:g}, exposure {weights.exposure:g}, colour "
        f"{weights.colour:g}, smoothness {weights.smoothness_for(training.architecture):g}",
        "configuration": training.model_dump_json(),
    }
    return {name: text for name, text in facts.items() if text}


def _is_finite(state: TrainingState) -> bool:
    return all(bool(torch.isfinite(weight).all()) for weight in state.network.parameters())


def _check_whole(folder: RunFolder, config: RunConfig, crops: Crops) -> None:
    """Refuse a run of which something is missing: it would silently begin anew, or otherwise."""
    wanted = config.training.crop
    if crops.side != wanted:
        raise TrainingError(
            f"config.json of {folder.path} asks for crops of {wanted} pixels, and those in "
            f"crops.npz have {crops.side}; start a new run for other crops."
        )
    if not folder.state.exists() and folder.best.exists() and folder.history().step > 0:
        raise TrainingError(
            f"{folder.state} is missing: the run cannot go on where it was; start a new run from "
            f"{folder.best}."
        )


def _start_weights(folder: RunFolder, config: RunConfig) -> Mapping[str, torch.Tensor] | None:
    if not folder.start.exists():
        if config.checkpoint is not None and not folder.state.exists():
            raise TrainingError(
                f"{folder.start}, the weights that the run begins with, is missing; start a new "
                "run."
            )
        return None
    return load_checkpoint(folder.start).network.state_dict()


def _memory(device: Device) -> float:
    """Return the GiB the run takes on its device."""
    if device.kind == "cuda":
        return torch.cuda.max_memory_allocated(device.name) / 2**30
    return float(psutil.Process().memory_info().rss) / 2**30


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")
