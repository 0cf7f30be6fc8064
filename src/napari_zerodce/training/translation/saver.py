"""How a translator's run is saved: its state to continue, its generators for use, and pictures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import torch

from napari_zerodce.checkpoints.names import GIVEN_NAME, STEP
from napari_zerodce.checkpoints.save import save_checkpoint, save_official
from napari_zerodce.training.checkpoint_saver import write_picture
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.run_process import Write
from napari_zerodce.training.translation.config import TRAINING_TITLES, TranslationRunConfig
from napari_zerodce.training.translation.crops import TranslationCrops
from napari_zerodce.training.translation.loop import TranslationState, diverged, save_state
from napari_zerodce.training.translation.official import official_options
from napari_zerodce.training.translation.pictures import (
    brightness_correlation,
    side_by_side,
    translate,
)
from napari_zerodce.whole_file import write_whole

OPTIONS_NAME: Final = "options.txt"
"""Beside the official files: what the official programs need to load them."""

PICTURES: Final = 4
"""Held-aside crops in a preview."""

_EARLY: Final = 0.2
_INVERTED: Final = -0.25
"""Correlation of brightness below which results are inverted.

Measured at each tenth of small runs on dark and bright photographs, from a fifth of the steps on:
an inverted CycleGAN without identity loss has -0.5 to -0.8, in other runs -0.3 to -0.4,
and runs that are not inverted have 0.4 to 0.9, and CUT once -0.03 in the middle of a good run.
"""

_LEAST_REST: Final = 20.0
"""Least time between two saves, in times that a save takes: full-size states have 500 MB."""


class TranslationSaver:
    """Saver of one run.

    Parameters
    ----------
    folder : RunFolder
    config : TranslationRunConfig
    state : TranslationState
        The state that the training changes in place.
    crops : TranslationCrops
        The previews are made of the first held-aside ones.
    write : callable
        Writes an event.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: TranslationRunConfig,
        state: TranslationState,
        *,
        crops: TranslationCrops,
        write: Write,
    ) -> None:
        self._folder, self._config, self._state, self._write = folder, config, state, write
        self._shown = crops.held_sources[:PICTURES]
        self._wanted = crops.held_targets[:PICTURES] if config.training.is_paired else None
        self._saved, self._rest = time.monotonic(), 0.0

    def save_originals(self) -> None:
        """Write the pictures of the preview unchanged, and their targets if they are known."""
        write_picture(self._folder.original, side_by_side(self._shown))
        if self._wanted is not None:
            write_picture(self._folder.target, side_by_side(self._wanted))

    def save_if_due(self) -> None:
        """Save the state and the last weights, if enough time has passed."""
        rest = max(self._config.checkpoint_seconds, self._rest)
        if time.monotonic() - self._saved >= rest:
            self._folder.beat()
            self.save()

    def save(self) -> None:
        """Save the state and the last weights.

        Raises
        ------
        Diverged
            If the weights are not finite.
        TrainingError
            If the folder no longer holds the run.
        """
        self._folder.check_run()  # a deleted folder must not reappear with some files only
        begun = time.monotonic()
        if not _is_finite(self._state):
            raise diverged(self._state.step)
        save_state(self._state, self._folder.path)
        for name in self._state.generators:
            self._save_weights(self._last(name), name)
        self._saved = time.monotonic()
        self._rest = _LEAST_REST * (self._saved - begun)

    def save_best(self) -> None:
        """Save the weights as the best ones of the run, and the state that knows their loss."""
        self._save_weights(self._folder.best, self._state.trainer.forward_name)
        save_state(self._state, self._folder.path)

    def keep(self) -> None:
        """Save, and keep a checkpoint with a preview from which users can choose.

        Raises
        ------
        Diverged
            If the weights or the preview are not finite.
        """
        step = self._state.step
        self.save()
        results = translate(self._state.generator, self._shown)
        if results is None:
            raise diverged(step)
        path, preview = self._folder.checkpoint(step), self._folder.preview(step)
        self._save_weights(path, self._state.trainer.forward_name)
        write_picture(preview, side_by_side(results))
        self._write("checkpoint", step=step, file=path.name, preview=preview.name)
        if self._wanted is None:
            self._warn_of_inversion(brightness_correlation(self._shown, results))

    def save_for_official_code(self) -> None:
        """Save the generators as the official programs do, and the options to load them there."""
        folder = self._folder.path / "official"
        folder.mkdir(exist_ok=True)
        told = []
        for name, generator in self._state.generators.items():
            path = save_official(folder / f"latest_net_{name}.pth", generator)
            told.append(f"{path.name}: {official_options(generator.design)}\n")
        write_whole(folder / OPTIONS_NAME, "".join(told).encode())

    def _warn_of_inversion(self, correlation: float) -> None:
        """Tell when results become dark where sources are bright, and when this ends.

        Random weights may begin inverted; nothing is wrong in the first fifth of a run, nor while
        a loaded generator does not change.
        """
        notes, step, config = self._state.notes, self._state.step, self._state.config
        frozen = config.frozen if self._state.is_loaded else -1
        was_inverted = notes.get("inverted", False)
        inverted = correlation < (0 if was_inverted else _INVERTED)
        if step < _EARLY * config.steps or step <= frozen or inverted == was_inverted:
            return
        notes["inverted"] = inverted
        found = f"At step {step}, the correlation of brightness is {correlation:.2f}"
        if inverted:
            self._write(
                "notice",
                text=f"{found}: results are dark where their sources are bright. If this stays, "
                f"start again with another seed{_ADVICE.get(config.method, '')}.",
                is_alarm=True,
            )
        else:
            self._write("notice", text=f"{found}: results are no longer inverted.", is_alarm=False)

    def _last(self, name: str) -> Path:
        """Return the path of the last weights of a generator."""
        suffix = "_B" if name == "G_B" else ""
        return self._folder.last.with_stem(f"{self._folder.last.stem}{suffix}")

    def _save_weights(self, path: Path, name: str) -> None:
        facts = _provenance(self._config, self._state, backwards=name == "G_B")
        generator = self._state.generators[name]
        save_checkpoint(path, generator, licence=self._config.licence, provenance=facts)


_ADVICE: Final = {
    "cyclegan": ", or with a higher identity weight",
    "cut": ", or with a higher PatchNCE weight",
    "fastcut": ", or with a higher PatchNCE weight",
}


def _provenance(
    config: TranslationRunConfig, state: TranslationState, *, backwards: bool
) -> dict[str, str]:
    """Return how the weights of a run were made, for a checkpoint's metadata."""
    training = config.training
    ways = ", ".join(config.images), ", ".join(config.targets)
    sources, targets = reversed(ways) if backwards else ways
    loaded = None if backwards else config.checkpoint  # the way back is in no checkpoint
    facts = {
        GIVEN_NAME: f"{config.name}, backwards" if backwards and config.name else config.name,
        "trained_by": f"{TRAINING_TITLES[training.method]} training",
        "software": config.software,
        "began_with": loaded or f"random weights, seed {training.seed}",
        "began_with_sha256": config.checkpoint_sha256 or "" if loaded else "",
        "images": sources,
        "targets": targets,
        STEP: f"{state.step} of {training.steps}",
        "configuration": training.model_dump_json(),
    }
    return {name: text for name, text in facts.items() if text}


def _is_finite(state: TranslationState) -> bool:
    weights = (each for network in state.generators.values() for each in network.parameters())
    return all(bool(torch.isfinite(each).all()) for each in weights)
