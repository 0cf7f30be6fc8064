"""How a run is saved: to go on from, to be used, and, now and then, to be looked at."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import CurveNetwork
from napari_zerodce.imaging.files.images import ImageFile, write_image
from napari_zerodce.training.config import RunConfig
from napari_zerodce.training.loop import TrainingState, diverged, save_state
from napari_zerodce.training.objective import estimate
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.whole_file import write_whole

_GROWTH: Final = 0.02
"""Checkpoints to look at come a fiftieth of the run's time apart: hours do not leave thousands."""


class CheckpointSaver:
    """Saves one run, no more often than its configuration says.

    Parameters
    ----------
    folder : RunFolder
    config : RunConfig
    state : TrainingState
        The run's own, which goes on changing.
    preview : ndarray, shape (3 or 1, h, w), uint16
        The crop that is enhanced with each checkpoint that can be looked at.
    write : callable
        Writes an event.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: RunConfig,
        state: TrainingState,
        *,
        preview: NDArray[np.uint16],
        write: Callable[..., None],
    ) -> None:
        self._folder, self._config, self._state = folder, config, state
        self._preview, self._write = preview, write
        self._saved = self._shown = time.monotonic()

    def save_original(self) -> None:
        """Write the preview crop as it is."""
        write_picture(self._folder, self._preview)

    def save_best(self) -> None:
        """Keep the weights as the best there are."""
        self._save_weights(self._folder.best)

    def save_after_step(self) -> None:
        """Save if so many seconds have passed that more must not be lost."""
        seconds = self._config.checkpoint_seconds
        if time.monotonic() - self._saved >= seconds:
            self._folder.beat()
            # Better after a validation, which says what the checkpoint is worth; unless it is far.
            self.save(shown=self._seconds_overdue() >= seconds)

    def save_after_validation(self) -> None:
        """Save if a checkpoint to be looked at is due."""
        if self._seconds_overdue() >= 0:
            self.save(shown=True)

    def save(self, *, shown: bool) -> None:
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

    def show_best(self) -> None:
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

    def _seconds_overdue(self) -> float:
        """Return for how long a checkpoint to be looked at has been due; below 0: it is not."""
        spent = self._state.notes.get("seconds", 0.0)
        rest = max(self._config.checkpoint_seconds, _GROWTH * spent)
        overdue: float = time.monotonic() - self._shown - rest
        return overdue


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
