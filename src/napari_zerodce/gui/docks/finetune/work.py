"""The work of the Fine-tune dock's jobs in their worker threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.checkpoints.named_files import renamed
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.engine.automatic import AutomaticChoice, weights_for
from napari_zerodce.engine.requests import EnhanceRequest, Report
from napari_zerodce.errors import CheckpointError, RequestError, ZeroDCEError
from napari_zerodce.gui.docks.finetune.proposal import Material
from napari_zerodce.gui.shared.work import chosen_for
from napari_zerodce.imaging.files import READABLE_SUFFIXES
from napari_zerodce.imaging.files.folders import images_below
from napari_zerodce.imaging.files.images import read_image
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop
from napari_zerodce.training.images import read_images
from napari_zerodce.training.new_run import TrainingRequest, create_run
from napari_zerodce.whole_file import write_whole

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
        files = [] if folder is None else list(images_below(folder, READABLE_SUFFIXES))
        looked_at = list(_choices(requests, [] if requests else files[:1], should_stop))
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
    for request in requests:
        with suppress(ZeroDCEError):
            yield request.channels, chosen_for(request, should_stop)
    for path in files:
        with suppress(ZeroDCEError):
            file = read_image(path)
            found = weights_for(file.array, channels=file.channels, should_stop=should_stop)
            yield file.channels, found


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
