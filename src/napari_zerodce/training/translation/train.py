"""How the run of a translator is carried out: steps, checkpoints, pictures and events."""

from __future__ import annotations

from napari_zerodce.stopping import ShouldStop, never
from napari_zerodce.training.events import Ending
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.run_process import Told, untold


def train_run(folder: RunFolder, *, should_stop: ShouldStop = never, tell: Told = untold) -> Ending:
    """Start or continue the run of a folder until its last step, or until someone stops it.

    The events are those of a fine-tuning. "step" has `TRANSLATION_LOSSES`. Only pix2pix, whose
    targets are known, writes "validation" (the L1 difference of held-aside pairs) and keeps
    ``best.safetensors``; for the others, a checkpoint with a picture every
    `steps_between_checkpoints` lets a user choose. A "notice" tells of an inverted contrast.

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
    raise NotImplementedError
