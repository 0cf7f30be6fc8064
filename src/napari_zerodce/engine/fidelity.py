"""The effect of a look on the data, in four numbers for scientists."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np

from napari_zerodce.engine.apply_look import noise_gain
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.view import View
from napari_zerodce.imaging.intensity import outside_of
from napari_zerodce.imaging.rank_correlation import rank_correlation

Array = np.ndarray[Any, Any]

_MOST_PIXELS = 2**18  # half a second of ranking; far fewer give the same numbers


@dataclass(frozen=True)
class Fidelity:
    """How a mono image and its enhanced copy are related.

    Parameters
    ----------
    rank_correlation : float
        Spearman's, of input and output: 1 if the order of intensities is kept. NaN if all pixels
        are equal.
    clipped : float
        Part of the pixels that became exactly black or white of the window, in [0, 1].
    unchanged : float
        Part of the pixels outside the window, NaN included, which stay unchanged, in [0, 1].
    noise_gain : float
        Median of the curves' slopes: how many times stronger noise is; 1 outside the window.
    """

    rank_correlation: float
    clipped: float
    unchanged: float
    noise_gain: float

    def describe(self) -> str:
        """Return the numbers as one line."""
        rank = "-" if np.isnan(self.rank_correlation) else f"{self.rank_correlation:.4f}"
        return (
            f"Rank correlation in-out {rank} · clipped {self.clipped:.2%} · outside the window, "
            f"unchanged {self.unchanged:.2%} · median noise gain x{self.noise_gain:.2f}"
        )


def measure_fidelity(view: View, look: Look, rendered: Array) -> Fidelity:
    """Compare a mono view with its rendered look.

    Parameters
    ----------
    view : View
    look : Look
    rendered : ndarray
        The result of ``view.render(look)``.
    """
    step = max(1, ceil(sqrt(view.samples.size / _MOST_PIXELS)))
    before, after = view.steady[::step, ::step], rendered[::step, ::step]
    outside = outside_of(before, view.window)
    finite = np.isfinite(before)
    alphas = view.alphas_for(look)
    own = alphas if look.global_curve else alphas[..., ::step, ::step]
    gains = noise_gain(view.unit[..., ::step, ::step], own, look)[0, 0]
    return Fidelity(
        rank_correlation=rank_correlation(before[finite], after[finite]),
        clipped=float((_at_an_end(after, view) & ~_at_an_end(before, view)).mean()),
        unchanged=float(outside.mean()),
        noise_gain=float(np.median(np.where(outside, 1, gains))),
    )


def _at_an_end(samples: Array, view: View) -> Array:
    ends: Array = (samples <= view.window.low) | (samples >= view.window.high)
    return ends
