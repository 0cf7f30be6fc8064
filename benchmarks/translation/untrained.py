"""What needs no training here: a constant, gamma, CLAHE, matching, blur, Zero-DCE's weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from comparison.fluorescence import matching_gamma, with_gamma
from scipy.ndimage import gaussian_filter
from skimage.exposure import equalize_adapthist, match_histograms

from napari_zerodce.api import enhance
from napari_zerodce.engine.look import Look
from translation.toy import Pictures, Task

Method = Callable[[Task], Pictures]
"""Returns the translations of the held-aside sources."""


def untouched(task: Task) -> Pictures:
    """Return the sources."""
    return task.held_sources


def constant(task: Task) -> Pictures:
    """Return the mean colour of the targets everywhere."""
    mean = task.targets.mean(axis=(0, 1, 2))
    return np.broadcast_to(mean, task.held_sources.shape)


def gamma(task: Task) -> Pictures:
    """Return the sources with the one gamma that gives all sources the targets' mean."""
    everything = np.ones(task.sources.shape, bool)
    power = matching_gamma(task.sources, everything, float(task.targets.mean()))
    return with_gamma(task.held_sources, power).astype(np.float32)


def clahe(task: Task) -> Pictures:
    """Return each source with its contrast limited, adaptively equalised (scikit-image)."""
    return _each(equalize_adapthist, task.held_sources)


def mean_and_deviation(task: Task) -> Pictures:
    """Return the sources with the mean and the standard deviation of each colour of the targets."""
    axes = (0, 1, 2)
    mean, deviation = task.sources.mean(axes), task.sources.std(axes)
    unit = (task.held_sources - mean) / deviation
    return (unit * task.targets.std(axes) + task.targets.mean(axes)).clip(0, 1)


def histograms(task: Task) -> Pictures:
    """Return the sources, each colour changed as matches all sources' histogram to the targets'.

    The held-aside sources are matched together with the sources for training: one picture may have
    other objects than the whole set.
    """
    held, known, wanted = (
        pictures.reshape(-1, pictures.shape[-1])
        for pictures in (task.held_sources, task.sources, task.targets)
    )
    matched = match_histograms(np.concatenate((held, known)), wanted, channel_axis=-1)
    return np.asarray(matched[: len(held)], np.float32).reshape(task.held_sources.shape)


def blurred(task: Task) -> Pictures:
    """Return the sources after a Gaussian blur of 1.5 pixels against noise."""
    return _blurred(task.held_sources)


def blurred_and_matched(task: Task) -> Pictures:
    """Return the blurred sources with the targets' mean and standard deviation of each colour."""
    sources, held_sources = _blurred(task.sources), _blurred(task.held_sources)
    return mean_and_deviation(replace(task, sources=sources, held_sources=held_sources))


def _blurred(pictures: Pictures) -> Pictures:
    return gaussian_filter(pictures, (0, 1.5, 1.5, 0))


def _with_weights(name: str, look: Look, task: Task) -> Pictures:
    pictures = task.held_sources
    if pictures.shape[-1] == 1:
        name, pictures = f"{name}-fluo", pictures[..., 0]
    channels = "rgb" if pictures.ndim == 4 else "mono"
    found = enhance(pictures, name, channels=channels, window=(0.0, 1.0), device="cpu", look=look)
    return found.reshape(task.held_sources.shape)


def _each(change: Callable[..., Pictures], pictures: Pictures) -> Pictures:
    results = [change(picture) for picture in pictures]
    return np.stack(results).astype(np.float32)


AGAINST_NOISE: Final[Mapping[str, Method]] = {
    "blur": blurred,
    "blur, mean and deviation": blurred_and_matched,
}
METHODS: Final[Mapping[str, Method]] = {
    "untouched": untouched,
    "constant": constant,
    "gamma": gamma,
    "CLAHE": clahe,
    "mean and deviation": mean_and_deviation,
    "histograms": histograms,
    **AGAINST_NOISE,
    "Zero-DCE": partial(_with_weights, "zero-dce", Look()),
    "Zero-DCE++": partial(_with_weights, "zero-dce-pp", Look()),
}
