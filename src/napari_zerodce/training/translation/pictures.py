"""What a generator makes of crops, and whether it inverts them."""

from __future__ import annotations

import numpy as np

from napari_zerodce.core.translators.generators import Generator
from napari_zerodce.core.translators.statistics import MeasuredGenerator
from napari_zerodce.training.translation.crops import Pixels
from napari_zerodce.training.translation.loop import as_picture


def translate(generator: Generator, crops: Pixels) -> Pixels | None:
    """Return what a generator makes of crops, one by one.

    The generator is used as on whole images, and does not change itself.

    Parameters
    ----------
    generator : Generator
        On any device, in any mode.
    crops : ndarray, shape (N, C, H, W), uint16

    Returns
    -------
    ndarray, shape (N, outputs, H, W), uint16, or None
        None if a result is not finite.
    """
    used = MeasuredGenerator(generator)
    device = next(generator.parameters()).device
    made = [used(as_picture(crop).to(device))[0][0].cpu().numpy() for crop in crops]
    if not all(np.isfinite(each).all() for each in made):
        return None
    pixels: Pixels = np.rint((np.stack(made) + 1) * (65535 / 2)).astype(np.uint16)
    return pixels


def difference_to(targets: Pixels, generator: Generator, sources: Pixels) -> float:
    """Return the mean absolute difference of results to their targets, NaN if one is not finite.

    Parameters
    ----------
    targets : ndarray, shape (N, outputs, H, W), uint16
    generator : Generator
    sources : ndarray, shape (N, inputs, H, W), uint16

    Returns
    -------
    float
        In the units of networks, in which pictures reach from -1 to 1.
    """
    results = translate(generator, sources)
    if results is None:
        return float("nan")
    differences = np.abs(results.astype(np.float32) - targets.astype(np.float32))
    return float(differences.mean() / (65535 / 2))


def brightness_correlation(sources: Pixels, results: Pixels) -> float:
    """Return the mean correlation of the brightness of results with that of their sources.

    Parameters
    ----------
    sources, results : ndarray, shape (N, C, H, W), uint16

    Returns
    -------
    float
        From -1, if bright and dark are exchanged, to 1. Even pictures do not count; 0 without any.
    """
    found = []
    for source, result in zip(sources, results, strict=True):
        pair = np.stack(
            [np.mean(each, axis=0, dtype=np.float64).ravel() for each in (source, result)]
        )
        if np.ptp(pair, axis=1).all():
            found.append(float(np.corrcoef(*pair).flat[1]))
    return float(np.mean(found)) if found else 0.0


def side_by_side(pictures: Pixels) -> Pixels:
    """Return pictures in a row as one, shape (C, H, N * W).

    Parameters
    ----------
    pictures : ndarray, shape (N, C, H, W), uint16
    """
    return np.concatenate(list(pictures), axis=2)
