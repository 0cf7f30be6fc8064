"""How a run is saved: its state to continue, its weights for use, and sometimes a preview."""

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
from napari_zerodce.checkpoints.names import GIVEN_NAME, STEP
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
"""Least time between previews, as a share of the run's time: a long run saves only hundreds."""


class CheckpointSaver:
    """Saver of one run, at most as often as its configuration states.

    Parameters
    ----------
    folder : RunFolder
    config : RunConfig
    state : TrainingState
        The state that the training changes in place.
    preview : ndarray, shape (3 or 1, h, w), uint16
        The crop that is enhanced for each checkpoint with a preview.
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
        """Write the preview crop unchanged."""
        write_picture(self._folder.original, self._preview)

    def save_best(self) -> None:
        """Save the weights as the best ones of the run."""
        self._save_weights(self._folder.best)

    def save_after_step(self) -> None:
        """Save if the last save is older than the configured number of seconds."""
        seconds = self._config.checkpoint_seconds
        if time.monotonic() - self._saved >= seconds:
            self._folder.beat()
            # A preview is better after a validation, which judges the checkpoint. A preview that is
            # long overdue does not wait for one.
            self.save(shown=self._seconds_overdue() >= seconds)

    def save_after_validation(self) -> None:
        """Save if a checkpoint with a preview is due."""
        if self._seconds_overdue() >= 0:
            self.save(shown=True)

    def save(self, *, shown: bool) -> None:
        """Save the state and the last weights; if `shown`, also a checkpoint with a preview.

        Raises
        ------
        Diverged
            If the weights or the preview are not finite.
        TrainingError
            If the folder no longer holds the run.
        """
        self._folder.check_run()  # a deleted folder must not reappear with some files only
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
        """Save a checkpoint with a preview for the best weights, if they have none yet."""
        step = self._state.notes["best_step"]
        path = self._folder.checkpoint(step)
        if not path.exists():
            write_whole(path, self._folder.best.read_bytes())
            best = load_checkpoint(self._folder.best).curve_network
            picture = enhanced(self._preview, best)
            if picture is not None:
                self._show(step, picture)

    def _show(self, step: int, picture: NDArray[np.uint16]) -> None:
        write_picture(self._folder.preview(step), picture)
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
        """Return the seconds since a checkpoint with a preview became due, below 0 if it is not."""
        spent = self._state.notes.get("seconds", 0.0)
        rest = max(self._config.checkpoint_seconds, _GROWTH * spent)
        overdue: float = time.monotonic() - self._shown - rest
        return overdue


def enhanced(preview: NDArray[np.uint16], network: CurveNetwork) -> NDArray[np.uint16] | None:
    """Return a preview crop, enhanced with a network.

    Parameters
    ----------
    preview : ndarray, shape (3 or 1, h, w), uint16
        65535 stands for 1.
    network : CurveNetwork
        On the CPU.

    Returns
    -------
    ndarray, shape of `preview`, uint16, or None
        None if the result is not finite.
    """
    image = torch.from_numpy(preview.astype(np.float32) / np.float32(65535))[None]
    with torch.no_grad():
        alphas, _ = estimate(network, image)
        result = apply_curves(image, alphas)[0]
    if not bool(torch.isfinite(result).all()):
        return None
    pixels: NDArray[np.uint16] = np.rint(result.numpy() * 65535).astype(np.uint16)
    return pixels


def write_picture(path: Path, preview: NDArray[np.uint16]) -> None:
    """Write a preview image as PNG.

    Parameters
    ----------
    path : Path
    preview : ndarray, shape (3 or 1, h, w), uint16
    """
    pixels = (preview // 257).astype(np.uint8)
    mono = len(pixels) == 1
    array = pixels[0] if mono else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    write_image(path, ImageFile(array, "mono" if mono else "rgb"), overwrite=True)


def provenance(config: RunConfig, state: TrainingState) -> dict[str, str]:
    """Return how the weights of a run were made, for a checkpoint's metadata.

    Parameters
    ----------
    config : RunConfig
    state : TrainingState
    """
    training, weights = config.training, config.training.weights
    facts = {
        GIVEN_NAME: config.name,
        "trained_by": "fine-tuning" if config.checkpoint else "training from scratch",
        "software": config.software,
        "began_with": config.checkpoint or f"random weights, seed {training.seed}",
        "began_with_sha256": config.checkpoint_sha256 or "",
        "images": ", ".join(config.images),
        "preset": config.preset,
        STEP: f"{state.step} of {training.steps}",
        "loss_weights": f"spatial {weights.spatial:g}, exposure {weights.exposure:g}, colour "
        f"{weights.colour:g}, channels {weights.channels:g}, smoothness "
        f"{weights.smoothness_for(training.architecture):g}",
        "configuration": training.model_dump_json(),
    }
    return {name: text for name, text in facts.items() if text}


def _is_finite(state: TrainingState) -> bool:
    return all(bool(torch.isfinite(weight).all()) for weight in state.network.parameters())
