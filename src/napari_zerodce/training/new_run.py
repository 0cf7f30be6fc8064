"""How a new run folder is created: settings are settled and crops sampled before any training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.checkpoints.registry import DEFAULT_START
from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE_PP, Architecture
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.intensity import normalise, resolve_window
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped
from napari_zerodce.training.config import RunConfig, TrainingConfig
from napari_zerodce.training.crop_sampler import sample_crops
from napari_zerodce.training.crops import CROPS, TrainingImage
from napari_zerodce.training.events import EventWriter
from napari_zerodce.training.owned_folder import written_or_told
from napari_zerodce.training.presets import Preset, at_crop, configure
from napari_zerodce.training.run_folder import RunFolder

PREVIEW_SIDE: Final = 384
YOURS: Final = "that of the images' owner (trained from scratch)"
"""The licence of weights that began as random numbers."""


@dataclass(frozen=True)
class TrainingRequest:
    """The choices of a user for a new run.

    Parameters
    ----------
    images : sequence of TrainingImage
    checkpoint : str or Path, optional
        A name in the registry or a file with the weights to start from; None for random weights.
    architecture : Architecture
        Architecture of random weights. A checkpoint has its own.
    preset : {"photo", "few-photos", "photo-without-facets", "fluorescence", "published"}
    name : str
        The name of the new weights; any text.
    steps, minutes : int, float, optional
        Length of the run: at most one of the two. By default the preset's number of steps.
    device : str
    crops : int
        Number of training crops.
    changes : mapping
        Fields of `TrainingConfig` that differ from the preset.
    preview : tuple of TrainingImage, int, int, optional
        The image, row and column of the preview crop's middle. By default the middle of the first
        image.
    notices : sequence of str
        Sentences for the user about the images.
    """

    images: Sequence[TrainingImage]
    checkpoint: str | Path | None = DEFAULT_START
    architecture: Architecture = ZERO_DCE_PP
    preset: Preset = "photo"
    name: str = ""
    steps: int | None = None
    minutes: float | None = None
    device: str = "auto"
    crops: int = CROPS
    changes: Mapping[str, Any] = field(default_factory=dict)
    preview: tuple[TrainingImage, int, int] | None = None
    notices: Sequence[str] = ()


def settle(request: TrainingRequest) -> tuple[TrainingConfig, CheckpointInfo | None]:
    """Return the settings of a run before its images are read, and the facts of its checkpoint.

    Raises
    ------
    CheckpointError
        If the checkpoint is invalid.
    RequestError
        If a setting is invalid.
    """
    if request.steps is not None and request.minutes is not None:
        raise RequestError("Both steps and minutes are given; give one of them.")
    info = None if request.checkpoint is None else read_info(request.checkpoint)
    architecture = request.architecture if info is None else info.curve_architecture
    changes = dict(request.changes)
    if request.steps is not None:
        changes["steps"] = request.steps
    config = configure(
        request.preset,
        architecture,
        scale_factor=_scale_factor(architecture, info),
        from_scratch=info is None,
        **changes,
    )
    return config, info


def create_run(
    request: TrainingRequest, output: str | Path, *, should_stop: ShouldStop = never
) -> RunFolder:
    """Sample crops and create the run's folder.

    Parameters
    ----------
    request : TrainingRequest
    output : str or Path
        A folder that is empty or does not exist yet.
    should_stop : callable, optional
        Called again and again; returns whether the user cancelled.

    Returns
    -------
    RunFolder
        Ready for `training.finetune.finetune`.

    Raises
    ------
    Cancelled
        If `should_stop` returned True; no file is written.
    ZeroDCEError
        If the images, the checkpoint, a setting or the folder is invalid.
    """
    folder = RunFolder(output)
    folder.check_free()
    config, info = settle(request)
    crops = sample_crops(
        request.images,
        side=config.crop,
        seed=config.seed,
        count=request.crops,
        should_stop=should_stop,
    )
    config = at_crop(config, crops.side)
    image, row, column = request.preview or _middle(request.images[0])
    run = RunConfig(
        training=config,
        scale_factor=_scale_factor(config.architecture, info),
        preset=request.preset,
        **fields_of_any_run(
            info,
            name=request.name,
            device=request.device,
            minutes=request.minutes,
            images=request.images,
        ),
    )
    preview = preview_crop(image, row, column, should_stop=should_stop)
    raise_if_stopped(should_stop)
    folder.create(run, crops, preview, start=None if info is None else info.path.read_bytes())
    write_notices(folder, (*request.notices, *crops.notices))
    return folder


def fields_of_any_run(
    info: CheckpointInfo | None,
    *,
    name: str,
    device: str,
    minutes: float | None,
    images: Iterable[TrainingImage],
) -> dict[str, Any]:
    """Return the fields that configurations of all kinds of runs have, without the training.

    Parameters
    ----------
    info : CheckpointInfo, optional
        Of the checkpoint from which the run starts; None for random weights.
    name, device, minutes, images
        As in `TrainingRequest`.
    """
    return {
        "name": name,
        "device": device,
        "checkpoint": None if info is None else info.label,
        "checkpoint_sha256": None if info is None else info.sha256,
        "licence": YOURS if info is None else info.licence,
        "minutes": minutes,
        "images": names_of(images),
        "software": software(),
    }


def names_of(images: Iterable[TrainingImage]) -> tuple[str, ...]:
    """Return names that JSON can hold, because file names may contain any bytes."""
    return tuple(image.name.encode(errors="backslashreplace").decode() for image in images)


def software() -> str:
    """Return the name and the version of this package, for the facts of a run."""
    return f"napari-zerodce {version('napari-zerodce')}"


def write_notices(folder: RunFolder, notices: Iterable[str]) -> None:
    """Write sentences for the user into the events of a new run.

    Parameters
    ----------
    folder : RunFolder
    notices : iterable of str
    """
    with written_or_told(folder.path), EventWriter(folder.events) as events:
        for notice in notices:
            events.write("notice", text=notice)


def preview_crop(
    image: TrainingImage,
    row: int,
    column: int,
    *,
    side: int = PREVIEW_SIDE,
    should_stop: ShouldStop = never,
) -> NDArray[np.uint16]:
    """Return a crop around a place of an image, moved inside the plane.

    Parameters
    ----------
    image : TrainingImage
    row, column : int
        Middle of the crop in pixels of the plane.
    side : int
        Side of the crop in pixels. A smaller plane gives a smaller crop.
    should_stop : callable, optional
        Called while the window is found; returns whether the user cancelled.

    Returns
    -------
    ndarray, shape (3 or 1, h, w), uint16
        65535 stands for 1.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    layout = layout_of(image.array, channels=image.channels)
    index = image.index
    if index is None:
        index = tuple(length // 2 for length in layout.leading)
    rows, columns = (
        slice(start, start + side)
        for start in (
            max(0, min(place - side // 2, length - side))
            for place, length in ((row, layout.height), (column, layout.width))
        )
    )
    window = resolve_window(
        image.array,
        image.window,
        channels=image.channels,
        should_stop=should_stop,
        bits=image.bits,
    )
    crop = normalise(layout.read(image.array, index, rows, columns), window)
    pixels: NDArray[np.uint16] = np.rint(crop * 65535).astype(np.uint16)
    return pixels


def _middle(image: TrainingImage) -> tuple[TrainingImage, int, int]:
    layout = layout_of(image.array, channels=image.channels)
    return image, layout.height // 2, layout.width // 2


def _scale_factor(architecture: Architecture, info: CheckpointInfo | None) -> int:
    return ARCHITECTURES[architecture].default_scale_factor if info is None else info.scale_factor
