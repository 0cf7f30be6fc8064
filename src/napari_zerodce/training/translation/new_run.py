"""How the run folder of a translator is created: settings are settled and crops sampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.counting import counted, there_are
from napari_zerodce.errors import RequestError
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped
from napari_zerodce.training.crop_sampler import is_one_plane, largest_side, sample_crops
from napari_zerodce.training.crops import CROPS, Crops, TrainingImage
from napari_zerodce.training.layouts import layouts_of
from napari_zerodce.training.new_run import fields_of_any_run, names_of, write_notices
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation.config import (
    SMALLEST_CROP,
    NetworkSize,
    TrainingMethod,
    TranslationConfig,
    TranslationRunConfig,
)
from napari_zerodce.training.translation.configure import (
    check_channels,
    check_family,
    configure,
    crop_multiple,
    taker_of_crops,
)
from napari_zerodce.training.translation.crops import Pixels, TranslationCrops
from napari_zerodce.training.translation.same_images import check_different

MANY_IMAGES: Final = 20
"""Training on fewer images learns them by heart (answers in the official repositories)."""

_MOST_CROPS: Final = 2048
_MOST_BYTES: Final = 2**27
"""Of the crops of a set; 340 colour crops of 256 pixels."""


@dataclass(frozen=True)
class TranslationRequest:
    """The choices of a user for a new run that trains a translator.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    sources, targets : sequence of TrainingImage
        What is translated, and what results should look like. For pix2pix, the same number of both,
        and each source is the same scene as the target at its place; the others need no pairs.
    size : {"small", "full"}
        The networks, their crops and the number of steps; see `config.SIZES`, and
        `forecast.size_for` for the one that suits a device.
    checkpoint : str or Path, optional
        A generator to start from; None for random weights.
    name : str
        The name of the new weights; any text.
    minutes : float, optional
        Length of the run, instead of a number of steps among the changes.
    device : str
    crops : int, optional
        Number of training crops of each set; by default as many as have room in 128 MiB.
    changes : mapping
        Fields of `TranslationConfig` that differ from those of the size.
    notices : sequence of str
        Sentences for the user about the images.
    """

    method: TrainingMethod
    sources: Sequence[TrainingImage]
    targets: Sequence[TrainingImage]
    size: NetworkSize = "small"
    checkpoint: str | Path | None = None
    name: str = ""
    minutes: float | None = None
    device: str = "auto"
    crops: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    notices: Sequence[str] = ()


def settle_translation(
    request: TranslationRequest,
) -> tuple[TranslationConfig, CheckpointInfo | None]:
    """Return the settings of a run before its images are read, and the facts of its checkpoint.

    Torch is not needed.

    Raises
    ------
    CheckpointError
        If the checkpoint is invalid.
    RequestError
        If a setting is invalid, or the method cannot train the checkpoint.
    """
    if request.minutes is not None and "steps" in request.changes:
        raise RequestError("Both steps and minutes are given; give one of them.")
    if request.checkpoint is None:
        return configure(request.method, request.size, **request.changes), None
    info = read_info(request.checkpoint)
    if info.design is None:
        raise RequestError(
            f"{info.label} is {info.title}, which gives curves, and a generator of pix2pix, "
            "CycleGAN or CUT was expected; choose one, or start from random weights."
        )
    return _settled_for(info.design, request), info


def _settled_for(design: GeneratorDesign, request: TranslationRequest) -> TranslationConfig:
    """Return the settings with which a generator of another training continues."""
    check_family(request.method, design)
    return configure(request.method, request.size, loaded=design, **request.changes)


def create_translation_run(
    request: TranslationRequest, output: str | Path, *, should_stop: ShouldStop = never
) -> RunFolder:
    """Sample crops and create the run's folder.

    Parameters
    ----------
    request : TranslationRequest
    output : str or Path
        A folder that is empty or does not exist yet.
    should_stop : callable, optional
        Called again and again; returns whether the user cancelled.

    Returns
    -------
    RunFolder
        Ready for `training.carry_out.carry_out`, or for ``napari-zerodce train --resume``.

    Raises
    ------
    Cancelled
        If `should_stop` returned True; no file is written.
    ZeroDCEError
        If the images, the checkpoint, a setting or the folder is invalid.
    """
    folder = RunFolder(output)
    folder.check_free()
    config, info = settle_translation(request)
    loaded = None if info is None else info.design
    crops = _sample(request, config, loaded, should_stop)
    config = _for_crops(config, crops, loaded)
    if info is not None:
        crops = _with_channels(crops, config)
    run = TranslationRunConfig(
        training=config,
        targets=names_of(request.targets),
        **fields_of_any_run(
            info,
            name=request.name,
            device=request.device,
            minutes=request.minutes,
            images=request.sources,
        ),
    )
    raise_if_stopped(should_stop)
    folder.create_with(run, crops.packed(), start=None if info is None else info.path.read_bytes())
    write_notices(folder, (*request.notices, *_few(request), *crops.notices))
    return folder


def _sample(
    request: TranslationRequest,
    config: TranslationConfig,
    loaded: GeneratorDesign | None,
    should_stop: ShouldStop,
) -> TranslationCrops:
    """Sample crops of one size from both sets: networks may see the size of a crop."""
    for images, noun in ((request.sources, "source"), (request.targets, "target")):
        if not images:
            raise RequestError(f"There is no {noun}; choose one or more images.")
    check_different(request.sources, request.targets)
    if request.crops is not None and request.crops < 1:
        raise RequestError(f"The number of crops is {request.crops}; give 1 or more.")
    count = request.crops or crops_for(config)
    if config.is_paired:
        _check_pairs(request)
    side = min(
        _fitting_side(images, noun, config, loaded)
        for images, noun in ((request.sources, "source"), (request.targets, "target"))
    )
    sample = partial(sample_crops, side=side, count=count, should_stop=should_stop)
    crops = (_pairs_of if config.is_paired else _sets_of)(request, config.seed, sample)
    if side == config.crop:
        return crops
    told = f"The images are small: crops have {side} pixels instead of {config.crop}."
    return replace(crops, notices=(told, *crops.notices))


def _fitting_side(
    images: Sequence[TrainingImage],
    noun: str,
    config: TranslationConfig,
    loaded: GeneratorDesign | None,
) -> int:
    """Return the side of the crops that images of a set have room for, at most the chosen one."""
    layouts = layouts_of(images)
    multiple = crop_multiple(config.method, loaded)
    side = min(config.crop, largest_side(layouts)) // multiple * multiple
    least = max(multiple, SMALLEST_CROP)
    if side >= least:
        return side
    best = max(layouts, key=lambda layout: min(layout.height, layout.width))
    found = f"The largest of the {len(images)} {noun}s" if len(images) > 1 else f"The {noun}"
    needed = f"{noun}s of {least}x{least} pixels or more"
    if is_one_plane(layouts):  # half of it is held back
        needed = f"one of {2 * least}x{least} pixels or more, or several of {least}x{least}"
    raise RequestError(
        f"{found} has {best.width}x{best.height} pixels, which is too small for "
        f"{taker_of_crops(config.method, loaded)} with crops of {least} pixels; choose {needed}."
    )


def _sets_of(
    request: TranslationRequest, seed: int, sample: Callable[..., Crops]
) -> TranslationCrops:
    sources, targets = sample(request.sources, seed=seed), sample(request.targets, seed=seed + 1)
    return TranslationCrops(
        _distinct(sources.training.values),
        _distinct(targets.training.values),
        sources.validation.values,
        targets.validation.values,
        tuple(dict.fromkeys((*sources.notices, *targets.notices))),
    )


def _check_pairs(request: TranslationRequest) -> None:
    if len(request.sources) != len(request.targets):
        raise RequestError(
            f"{_numbers(request)}, and pix2pix needs pairs; give a target for each source, or "
            "choose CycleGAN or CUT."
        )
    layouts_of(_with_partners(request))


def _with_partners(request: TranslationRequest) -> list[TrainingImage]:
    pairs = zip(request.sources, request.targets, strict=True)
    return [replace(source, partner=target) for source, target in pairs]


def _pairs_of(
    request: TranslationRequest, seed: int, sample: Callable[..., Crops]
) -> TranslationCrops:
    crops = sample(_with_partners(request), seed=seed)
    training, held = crops.training, crops.validation
    assert training.partners is not None
    assert held.partners is not None
    return TranslationCrops(
        training.values, training.partners, held.values, held.partners, crops.notices
    )


def crops_for(config: TranslationConfig) -> int:
    """Return the number of crops of a set that have room in memory, at least 128.

    Parameters
    ----------
    config : TranslationConfig
    """
    size = 2 * max(config.inputs, config.outputs) * config.crop**2
    return max(CROPS, min(_MOST_CROPS, _MOST_BYTES // size))


def _distinct(crops: Pixels) -> Pixels:
    """Return each crop once: images as small as a crop would give the same one again and again."""
    first = {crop.tobytes(): number for number, crop in reversed(list(enumerate(crops)))}
    return crops[sorted(first.values())]


def _for_crops(
    config: TranslationConfig, crops: TranslationCrops, loaded: GeneratorDesign | None
) -> TranslationConfig:
    """Return the settings for the crops that the images gave."""
    changes: dict[str, int] = {"crop": crops.side}
    if loaded is None:
        changes |= dict(zip(("inputs", "outputs"), crops.channels, strict=True))
    config = config.model_copy(update=changes)
    check_channels(config)
    return config


def _with_channels(crops: TranslationCrops, config: TranslationConfig) -> TranslationCrops:
    """Return crops with the channels of a loaded generator: mono images are three equal ones."""
    changes: dict[str, Any] = {}
    for name, wanted in (("sources", config.inputs), ("targets", config.outputs)):
        for key in (name, f"held_{name}"):
            values = getattr(crops, key)
            if values.shape[1] not in {1, wanted} or wanted not in {1, 3}:
                found = counted(values.shape[1], "channel")
                raise RequestError(
                    f"The {name} have {found}, and the checkpoint has {wanted}; choose other "
                    "images or another checkpoint."
                )
            changes[key] = np.repeat(values, wanted // values.shape[1], axis=1)
    return replace(crops, **changes)


def _few(request: TranslationRequest) -> list[str]:
    """Return a sentence if there are so few images that a training learns them by heart."""
    if min(len(request.sources), len(request.targets)) >= MANY_IMAGES:
        return []
    effect = f"with less than {MANY_IMAGES} images, results suit only images like them."
    return [f"{_numbers(request)}: {effect}"]


def _numbers(request: TranslationRequest) -> str:
    return there_are((len(request.sources), "source"), (len(request.targets), "target"))
