"""What is said about a training run that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_zerodce.gui.session.training_process import TrainingProcess
    from napari_zerodce.gui.widgets.labels import Tone


def ending_of(training: TrainingProcess) -> tuple[str, Tone]:
    """Return a sentence about the ending of a run, and whether it is good or bad.

    Parameters
    ----------
    training : TrainingProcess
        A run that is not in progress.
    """
    history, folder = training.history, training.folder
    where = f" Folder: {folder.path}"
    if not folder.is_run and history.ending != "failed":
        return f"The folder of this run was deleted: {folder.path}", "bad"
    if history.ending in {"done", "stopped"}:
        return f"{history.message}{where}", "good"
    if history.ending is not None:
        return history.message, "bad"
    return f"This run was interrupted; press Resume to continue it.{where}", "bad"
