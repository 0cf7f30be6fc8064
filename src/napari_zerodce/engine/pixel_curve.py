"""The tone curve of a pixel, or the mean curve of a region, as numbers to draw and to copy."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

import numpy as np

from napari_zerodce.core.curves import (
    adjust_alphas,
    apply_curves,
    curve_steps,
    trim_exposure,
)
from napari_zerodce.engine.apply_look import noise_gain, tone
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.view import View

Array = np.ndarray[Any, Any]

POINTS: Final = 65
"""Inputs from 0 to 1 at which curves are drawn."""

_MOST_PIXELS: Final = 4096
"""Pixels to use of a region; more would move its mean curve by less than the width of a line."""

_SPREAD: Final = (10, 90)
"""Percentiles of a region's curves that bound its band."""


@dataclass(frozen=True)
class PixelCurve:
    """The tone curves of a pixel.

    Parameters
    ----------
    inputs : ndarray, shape (points,), values in [0, 1]
    steps : ndarray, shape (iterations, C, points), values in [0, 1]
        The composed curve after each iteration, without the exposure trim.
    outputs : ndarray, shape (C, points), values in [0, 1]
    values, results, slopes : ndarray, shape (C,)
        The pixel's input, its output, and its noise gain: the curve's slope there, at most the
        limit to detail.
    alphas : ndarray, shape (iterations, C)
        In the paper's sign, as the look uses them.
    """

    inputs: Array
    steps: Array
    outputs: Array
    values: Array
    results: Array
    slopes: Array
    alphas: Array


@dataclass(frozen=True)
class RegionCurve:
    """The curves of a region's pixels.

    Parameters
    ----------
    inputs : ndarray, shape (points,)
    mean, low, high : ndarray, shape (C, points)
        The mean curve, and the 10th and 90th percentile of all curves.
    values, results : ndarray, shape (C,)
        Means of the pixels' inputs and outputs.
    pixels : int
        Number of pixels of the region; of more than 4096 only a regular part is used.
    """

    inputs: Array
    mean: Array
    low: Array
    high: Array
    values: Array
    results: Array
    pixels: int


def pixel_curve(view: View, row: int, column: int, look: Look) -> PixelCurve:
    """Return the curves of a pixel of a view, and the pixel's result.

    With a limit to detail, the pixel's result may lie beside its curve.

    Parameters
    ----------
    view : View
    row, column : int
        The pixel, in kept pixels of the view.
    look : Look
    """
    alphas = view.alphas_at(row, column, look)[None, ..., None, None]
    values, base = (
        found[None, :, None, None]
        for found in (view.unit_at(row, column), view.base[0, :, row, column])
    )
    adjusted = adjust_alphas(alphas, strength=look.strength, iterations=look.iterations)
    inputs = np.linspace(0, 1, POINTS, dtype=np.float32)
    line = np.broadcast_to(inputs, (1, values.shape[1], 1, POINTS))
    steps = curve_steps(line, adjusted)[0, :, :, 0]
    return PixelCurve(
        inputs=inputs,
        steps=steps,
        outputs=trim_exposure(steps[-1], look.exposure),
        values=values[0, :, 0, 0],
        results=tone(values, alphas, look, base=base)[0, :, 0, 0],
        slopes=noise_gain(values, alphas, look)[0, :, 0, 0],
        alphas=adjusted[0, :, :, 0, 0],
    )


def region_curve(view: View, mask: Array, look: Look) -> RegionCurve | None:
    """Return the mean curve of a region, and the spread of its curves.

    Parameters
    ----------
    view : View
    mask : ndarray of bool, shape (h, w)
        Which pixels of the view belong to the region.
    look : Look

    Returns
    -------
    RegionCurve or None
        None if the region has no pixel in the view.
    """
    rows, columns = np.nonzero(mask)
    pixels = len(rows)
    if not pixels:
        return None
    every = -(-pixels // _MOST_PIXELS)
    chosen = (..., rows[::every], columns[::every])
    unit = view.unit[chosen][..., None]  # (1, C, pixels, 1)
    alphas = view.alphas_for(look)
    if not look.global_curve:
        alphas = alphas[chosen][..., None]
    alphas = adjust_alphas(alphas, strength=look.strength, iterations=look.iterations)
    inputs = np.linspace(0, 1, POINTS, dtype=np.float32)
    line = np.broadcast_to(inputs, (*unit.shape[:3], POINTS))
    image = np.concatenate((line, unit), -1)
    image = trim_exposure(apply_curves(image, alphas), look.exposure)[0]
    curves = image[..., :-1]
    low, high = np.percentile(curves, _SPREAD, axis=1)
    return RegionCurve(
        inputs=inputs,
        mean=_mean(curves),
        low=low,
        high=high,
        values=_mean(unit[0, ..., 0]),
        results=_mean(image[..., -1]),
        pixels=pixels,
    )


def _mean(values: Array) -> Array:
    """Return the mean along the pixels, shape (C, ...); in float32 it is off by 1e-6."""
    mean: Array = values.mean(1, dtype=np.float64).astype(np.float32)
    return mean


def as_csv(curves: Sequence[tuple[str, PixelCurve]], channels: Sequence[str]) -> str:
    """Return curves as a CSV table with a line for each input, curve and channel.

    Parameters
    ----------
    curves : sequence of (str, PixelCurve)
        The name of each pixel, such as "row 12 column 40", and its curves.
    channels : sequence of str
        Names of the channels.
    """
    table = StringIO()
    lines = csv.writer(table, lineterminator="\n")  # it quotes names with commas or quotes
    lines.writerow(["pixel", "channel", "kind", "input", "output"])
    for name, curve in curves:
        for number, channel in enumerate(channels):
            point = f"{curve.values[number]:.6f}", f"{curve.results[number]:.6f}"
            lines.writerow([name, channel, "own value", *point])
            for step, alpha in enumerate(curve.alphas[:, number], start=1):
                lines.writerow([name, channel, f"A_{step}", "", f"{alpha:.6f}"])
            for x, y in zip(curve.inputs, curve.outputs[number], strict=True):
                lines.writerow([name, channel, "curve", f"{x:.6f}", f"{y:.6f}"])
    return table.getvalue()
