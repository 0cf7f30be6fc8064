"""What a translator sees of the exposure: the same pictures with more and with less light."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch
from comparison.tables import markdown_table

from napari_zerodce.core.translators.generators import make_generator
from translation.arms import FULL, TaskName, Unit
from translation.figures import figures, mean_psnr
from translation.files import generator_file, translations_file
from translation.toy import Pictures, Task
from translation.training import config_for, translated
from translation.untrained import AGAINST_NOISE, METHODS

GAINS: Final = (4.0, 2.0, 1.0, 0.5, 0.1, 0.02, 0.005)

Translate = Callable[[Pictures], Pictures]
"""From pictures in [0, 1], or beyond it, to pictures in [0, 1]."""


def with_gains(translate: Translate, task: Task) -> Iterator[Pictures]:
    """Yield the translations of held-aside pictures times each gain, in floats, not clipped."""
    for gain in GAINS:
        yield translate(task.held_sources * np.float32(gain))


def table_of_gains(task: Task, work: Path) -> str:
    """Return the PSNR, and the mean of the translations in brackets, at each gain.

    Parameters
    ----------
    task : Task
    work : Path
        Folder of the study.
    """
    rows = [
        [name, *(_cell(found, task) for found in with_gains(translate, task))]
        for name, translate in _translators(task, work).items()
    ]
    return markdown_table(("gain", *(f"{gain:g}" for gain in GAINS)), rows)


def table_of_means(task: Task, name: TaskName, work: Path) -> str:
    """Return how much the means of pictures vary in the answers, and in what methods make of them.

    Parameters
    ----------
    task : Task
    name : str
        Of the task.
    work : Path
        Folder of the study.
    """
    found = {"the answers": task.held_targets}
    found |= {method: METHODS[method](task) for method in ("histograms", "Zero-DCE", "Zero-DCE++")}
    files = {arm: translations_file(work, Unit(arm, 0, name)) for arm in FULL}
    found |= {arm: np.load(file) for arm, file in files.items() if file.exists()}
    rows = [[arm, *_spread(each, task.held_targets)] for arm, each in found.items()]
    return markdown_table(
        ("", "deviation of the means", "correlation with those of the answers"), rows
    )


def table_of_wholes(task: Task, work: Path) -> str:
    """Return the figures of networks for photos, trained on crops, on whole photos.

    Parameters
    ----------
    task : Task
        Of whole photos.
    work : Path
        Folder of the study.
    """
    found = {method: METHODS[method](task) for method in METHODS if method not in AGAINST_NOISE}
    for arm in FULL:
        unit = Unit(arm, 0, "photos")
        if generator_file(work, unit).exists():
            found[arm] = _trained(unit, task, work)(task.held_sources)
    measured = {arm: figures(each, task.held_targets) for arm, each in found.items()}
    rows = [
        [arm, f"{each.psnr:.1f}", f"{each.structure:.2f}", f"{each.ssim:.2f}"]
        for arm, each in measured.items()
    ]
    return markdown_table(("", "PSNR, dB", "structure", "SSIM"), rows)


def _spread(found: Pictures, wanted: Pictures) -> tuple[str, str]:
    means = [pictures.mean(axis=(1, 2, 3)) for pictures in (found, wanted)]
    return f"{means[0].std():.3f}", f"{np.corrcoef(means)[0, 1]:.2f}"


def _cell(found: Pictures, task: Task) -> str:
    return f"{mean_psnr(found, task.held_targets):.1f} ({found.mean():.2f})"


def _translators(task: Task, work: Path) -> Mapping[str, Translate]:
    found = {arm: _trained(Unit(arm, 0), task, work) for arm in FULL}
    return {**found, "Zero-DCE": _curves(task)}


def _trained(unit: Unit, task: Task, work: Path) -> Translate:
    generator = make_generator(config_for(unit, task).design)
    generator.load_state_dict(torch.load(generator_file(work, unit), weights_only=True))
    return lambda pictures: translated(generator, pictures)


def _curves(task: Task) -> Translate:
    def translate(pictures: Pictures) -> Pictures:
        given = {**vars(task), "held_sources": pictures.clip(0, 1)}
        return METHODS["Zero-DCE"](Task(**given))

    return translate
