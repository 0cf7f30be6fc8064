"""Training batches of simulated fluorescence frames, and the brightness they should reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from simulated_frames import Frame, Signal, record, specimen

from napari_zerodce.imaging.background import Background, find_background
from napari_zerodce.imaging.windows import DEFAULT_PERCENTILES
from napari_zerodce.training.batches import Batch, Goals

IN_FOCUS = 0.015
"""Pixels with at least this light from objects in focus are signal; the dimmest have 0.02."""

NOT_DARK_SHARE = 0.15
"""Share of crops kept although cells cover them: in a frame, such regions have the same window."""

_BINS = 4096


@dataclass(frozen=True)
class Tone:
    """The brightness that light should have: ``top asinh(I / knee) / asinh(1 / knee)``.

    Linear far below the knee and logarithmic above it, so that 2 % and 100 % of the light are
    visible side by side and keep their order.

    Attributes
    ----------
    top : float
        The goal of the brightest objects.
    knee : float
    """

    top: float
    knee: float

    def __call__(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the goal for light in [0, 1]."""
        goal: NDArray[np.float32] = np.arcsinh(light / self.knee) / np.arcsinh(1 / self.knee)
        return (self.top * goal).astype(np.float32)


@dataclass(frozen=True)
class FrameBatches:
    """Source of simulated frames, windowed as the plugin does it: a `BatchSource`.

    Attributes
    ----------
    nuclei : sequence of ndarray, values >= 0
        Clean pictures of nuclei on black.
    tone : Tone
    evenness : float
        A pixel's weight is ``1 / (goal + evenness)``: without it, bright objects decide all.
    """

    nuclei: Sequence[Signal]
    tone: Tone
    evenness: float = 0.05

    def __call__(self, generator: np.random.Generator, *, count: int, side: int) -> Batch:
        """Return new frames with their goals."""
        frames = [self._one(generator, side) for _ in range(count)]
        noisy, goal, weight = (np.stack(part)[:, np.newaxis] for part in zip(*frames, strict=True))
        return Batch(noisy, goals=Goals(goal, weight))

    def _one(self, generator: np.random.Generator, side: int) -> tuple[Signal, Signal, Signal]:
        while True:
            frame = record(generator, specimen(generator, side, self.nuclei))
            low, high, background = window_of(frame.noisy)
            if background.is_dark or generator.random() < NOT_DARK_SHARE:
                break
        noisy, clean = (
            ((light - low) / (high - low)).clip(0, 1).astype(np.float32)
            for light in (frame.noisy, frame.clean)
        )
        goal = self.tone(clean)
        weight = np.where(frame.signal > IN_FOCUS, 1 / (goal + self.evenness), 0)
        return noisy, goal, weight.astype(np.float32)


def window_of(frame: NDArray[np.float32]) -> tuple[float, float, Background]:
    """Return the ends of the automatic window of a frame, and its background."""
    low, high = (float(end) for end in np.percentile(frame, DEFAULT_PERCENTILES))
    width = max(high - low, 1e-6) / (_BINS - 1)
    places, counts = np.unique(np.rint((frame.clip(low, high) - low) / width), return_counts=True)
    background = find_background(low + places * width, counts)
    start = background.end if background.end < high else low
    return start, max(high, start + 1e-6), background


def clean_nuclei(image: NDArray[np.uint8]) -> Signal:
    """Return a photographed frame as a clean specimen: no noise, black background, 1 at its top.

    Parameters
    ----------
    image : ndarray, shape (H, W)
    """
    background = find_background(*np.unique(image, return_counts=True))
    smooth = gaussian_filter(image.astype(np.float32), 0.7)
    light = (smooth - background.level - 2 * background.spread).clip(0, None)
    clean: Signal = light / max(1e-6, float(np.percentile(light, 99.8)))
    return clean


__all__ = ["Frame", "FrameBatches", "Tone", "clean_nuclei", "window_of"]
