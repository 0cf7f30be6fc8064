"""The work of jobs in the docks that train: read a folder of images, copy a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.checkpoints.named_files import renamed
from napari_zerodce.engine.requests import Report
from napari_zerodce.errors import CheckpointError, RequestError
from napari_zerodce.imaging.files.folders import images_below
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.images import read_images
from napari_zerodce.whole_file import write_whole

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work


def with_folder(
    images: Sequence[TrainingImage], folder: Path | None, *, seed: int, should_stop: ShouldStop
) -> tuple[list[TrainingImage], list[str]]:
    """Return the images of layers and those of a folder, and sentences about invalid files.

    The window of the folder's images is that of the first layer, or the automatic one if there is
    no layer or its window is two numbers.

    Parameters
    ----------
    images : sequence of TrainingImage
        Those of layers.
    folder : Path, optional
        A folder of images, with its subfolders.
    seed : int
        The start of the random numbers that choose among very many files.
    should_stop : callable
        Returns whether the user cancelled.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    RequestError
        If there is no image.
    """
    if folder is None:
        return list(images), []
    from napari_zerodce.imaging.files import READABLE_SUFFIXES

    found = list(images_below(folder, READABLE_SUFFIXES))
    if not found and not images:
        raise RequestError(f"{folder} contains no readable image; choose another folder.")
    window = images[0].window if images else WindowChoice("auto")
    shared = window if window.kind != "range" else WindowChoice("auto")
    read, notices = read_images(found, shared, seed=seed, below=folder, should_stop=should_stop)
    return [*images, *read], notices


def keeping(checkpoint: Path, name: str, target: Path) -> Work:
    """Return the work that copies a checkpoint under a name; its result is a `CheckpointInfo`.

    Parameters
    ----------
    checkpoint : Path
    name : str
        The name inside the new file.
    target : Path
        An existing file is replaced. If it is the checkpoint itself, nothing is written.
    """

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.checkpoints.read import read_info

        if target != checkpoint:
            content = renamed(checkpoint, name)
            try:
                target.parent.mkdir(exist_ok=True)
                write_whole(target, content)
            except OSError as err:
                raise CheckpointError(
                    f"{checkpoint.name} cannot be saved as {target}: "
                    f"{err.strerror or type(err).__name__}; choose another folder."
                ) from err
        return read_info(target)

    return work
