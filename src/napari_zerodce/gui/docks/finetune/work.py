"""The work of the Fine-tune dock's jobs in their worker threads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.requests import Report
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files import READABLE_SUFFIXES
from napari_zerodce.imaging.files.folders import images_below
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop
from napari_zerodce.training.images import read_images
from napari_zerodce.training.new_run import TrainingRequest, create_run

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work


def preparing(request: TrainingRequest, folder: Path | None, output: Path) -> Work:
    """Return the work that samples crops and prepares a run; its result is a `RunFolder`.

    The images of the folder are added to those of the request. Their window is that of the first
    image of the request, or the automatic one if there is no such image or it is two numbers.

    Parameters
    ----------
    request : TrainingRequest
    folder : Path, optional
        A folder of images.
    output : Path
        The folder of the run, which is empty or does not exist yet.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        images, notices = list(request.images), list[str]()
        if folder is not None:
            found = list(images_below(folder, READABLE_SUFFIXES))
            if not found and not images:
                raise RequestError(f"{folder} contains no readable image; choose another folder.")
            window = images[0].window if images else WindowChoice("auto")
            shared = window if window.kind != "range" else WindowChoice("auto")
            seed = int(request.changes.get("seed", 0))
            read, notices = read_images(found, shared, seed=seed, should_stop=should_stop)
            images += read
        whole = replace(request, images=images, notices=notices)
        return create_run(whole, output, should_stop=should_stop)

    return work
