"""What the Fine-tune dock's jobs do in their threads."""

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
from napari_zerodce.training.new_run import TrainingWish, prepare

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work


def preparing(wish: TrainingWish, images: Path | None, output: Path) -> Work:
    """Return the work that samples crops and gives a run's `RunFolder`.

    `images` is a folder whose images are added to the wish's pictures, with the window of the first
    one, or the automatic one.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        pictures, notices = list(wish.pictures), list[str]()
        if images is not None:
            found = list(images_below(images, READABLE_SUFFIXES))
            if not found and not pictures:
                raise RequestError(f"There is no image in {images}; choose another folder.")
            window = pictures[0].window if pictures else WindowChoice("auto")
            shared = window if window.kind != "range" else WindowChoice("auto")
            seed = int(wish.changes.get("seed", 0))
            read, notices = read_images(found, shared, seed=seed, should_stop=should_stop)
            pictures += read
        whole = replace(wish, pictures=pictures, notices=notices)
        return prepare(whole, output, should_stop=should_stop)

    return work
