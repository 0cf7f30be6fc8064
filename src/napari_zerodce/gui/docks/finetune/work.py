"""The work of the Fine-tune dock's jobs in their worker threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.automatic import AutomaticChoice, weights_for
from napari_zerodce.engine.requests import EnhanceRequest, Report
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.finetune.proposal import Material
from napari_zerodce.gui.shared.training.work import with_folder
from napari_zerodce.gui.shared.work import chosen_for
from napari_zerodce.imaging.files.folders import images_below
from napari_zerodce.stopping import ShouldStop
from napari_zerodce.training.new_run import TrainingRequest, create_run

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work


def preparing(request: TrainingRequest, folder: Path | None, output: Path) -> Work:
    """Return the work that samples crops and prepares a run; its result is a `RunFolder`.

    The images of the folder are added to those of the request.

    Parameters
    ----------
    request : TrainingRequest
    folder : Path, optional
        A folder of images.
    output : Path
        The folder of the run, which is empty or does not exist yet.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        seed = int(request.changes.get("seed", 0))
        images, notices = with_folder(request.images, folder, seed=seed, should_stop=should_stop)
        whole = replace(request, images=images, notices=notices)
        return create_run(whole, output, should_stop=should_stop)

    return work


def examining(requests: Sequence[EnhanceRequest], folder: Path | None) -> Work:
    """Return the work that looks at the chosen images; its result is a `Material`.

    Of the folder, only the first image is read, and only if there is no other image.

    Parameters
    ----------
    requests : sequence of EnhanceRequest
        One for each layer.
    folder : Path, optional
        A folder of images.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, kind_of

        files = [] if folder is None else list(images_below(folder, READABLE_SUFFIXES))
        readable = [path for path in files if kind_of(path).is_installed]
        looked_at = list(_choices(requests, [] if requests else readable[:1], should_stop))
        return Material(
            choices=tuple(choice for _, choice in looked_at),
            images=len(requests) + len(files),
            is_colour=any(channels != "mono" for channels, _ in looked_at),
        )

    return work


def _choices(
    requests: Sequence[EnhanceRequest], files: Sequence[Path], should_stop: ShouldStop
) -> Iterator[tuple[str, AutomaticChoice]]:
    """Yield the channels and the choice for each valid image; for others, Start says why."""
    from napari_zerodce.imaging.files.images import read_image

    for request in requests:
        with suppress(ZeroDCEError):
            yield request.channels, chosen_for(request, should_stop)
    for path in files:
        with suppress(ZeroDCEError):
            file = read_image(path)
            found = weights_for(file.array, channels=file.channels, should_stop=should_stop)
            yield file.channels, found
