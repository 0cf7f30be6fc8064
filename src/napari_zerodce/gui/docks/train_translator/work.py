"""The work of the Train translator dock's jobs in their worker threads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.device import resolve_device
from napari_zerodce.engine.requests import Report
from napari_zerodce.gui.shared.training.work import with_folder
from napari_zerodce.stopping import ShouldStop, raise_if_stopped
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.translation.again import create_again
from napari_zerodce.training.translation.config import SIZES, TranslationConfig
from napari_zerodce.training.translation.forecast import forecast, in_words, step_seconds
from napari_zerodce.training.translation.new_run import (
    TranslationRequest,
    create_translation_run,
    settle_translation,
)
from napari_zerodce.training.translation.pairs import in_pairs

if TYPE_CHECKING:
    from napari_zerodce.core.translators.design import GeneratorDesign
    from napari_zerodce.gui.session.jobs import Work
    from napari_zerodce.training.run_folder import RunFolder


@dataclass(frozen=True)
class Folders:
    """The folders of images that are added to those of layers, None if there is none."""

    sources: Path | None = None
    targets: Path | None = None


def preparing(request: TranslationRequest, folders: Folders, output: Path) -> Work:
    """Return the work that samples crops and prepares a run; its result is a `RunFolder`.

    Parameters
    ----------
    request : TranslationRequest
        With the images of layers.
    folders : Folders
    output : Path
        The folder of the run, which is empty or does not exist yet.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        settle_translation(request)  # before images are read, which takes long
        seed = int(request.changes.get("seed", 0))
        notices: list[str] = []
        sets: list[list[TrainingImage]] = []
        for images, folder in (
            (request.sources, folders.sources),
            (request.targets, folders.targets),
        ):
            read, left_out = with_folder(images, folder, seed=seed, should_stop=should_stop)
            sets.append(read)
            notices += left_out
        sources, targets = sets
        if request.method == "pix2pix":
            targets, how = in_pairs(sources, targets, is_complete=not notices)
            notices.append(how)
        whole = replace(request, sources=sources, targets=targets, notices=notices)
        return create_translation_run(whole, output, should_stop=should_stop)

    return work


def starting_again(folder: RunFolder, output: Path) -> Work:
    """Return the work that prepares a run like another one; its result is a `RunFolder`.

    Parameters
    ----------
    folder : RunFolder
        Of the other run.
    output : Path
        The folder of the new run, which is empty or does not exist yet.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        raise_if_stopped(should_stop)
        return create_again(folder, output)

    return work


def forecasting(
    config: TranslationConfig,
    *,
    minutes: float | None,
    device: str,
    design: GeneratorDesign | None,
) -> Work:
    """Return the work that estimates how long a training takes; its result is a sentence.

    Parameters
    ----------
    config : TranslationConfig
    minutes : float, optional
        The length of the training, instead of the number of steps in the configuration.
    device : str
    design : GeneratorDesign, optional
        Of a generator to start from.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        resolved = resolve_device(device)
        raise_if_stopped(should_stop)  # a newer choice need not wait
        if minutes is None:
            return forecast(config, resolved, design=design).sentence
        seconds = step_seconds(config, resolved, design=design)
        return steps_in(minutes, config, seconds, str(resolved))

    return work


def steps_in(minutes: float, config: TranslationConfig, seconds: float, device: str) -> str:
    """Return a sentence about the steps that a time is enough for.

    Parameters
    ----------
    minutes : float
    config : TranslationConfig
        Its number of steps is the usual one for its networks.
    seconds : float
        Of one step.
    device : str
    """
    steps = 60 * minutes / seconds
    told = f"About {_rounded(steps):,} steps in {in_words(60 * minutes)} on {device}"
    if steps >= config.steps // 2:
        return f"{told}."
    needed = in_words(config.steps * seconds)
    advice = "train longer"
    if config.features > SIZES["small"]["features"]:
        advice = "train longer, on a GPU, or a small network"
    return f"{told}, and {config.steps:,} are usual, which take {needed}; {advice}."


def _rounded(number: float) -> int:
    """Return a number with two digits that are not 0, because an estimate knows no more."""
    return int(float(f"{number:.2g}"))
