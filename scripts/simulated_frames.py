"""Simulated fluorescence frames: specimens of known light, seen by a microscope's camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

Signal = NDArray[np.float32]

DIMMEST = 0.02
"""Brightness of the dimmest objects, relative to the brightest."""

PHOTONS = (3.0, 2000.0)
"""Photons per pixel from the brightest object, from the darkest frame to the brightest."""

OFFSET = 100.0
"""What a camera adds to all pixels, so that noise does not fall below 0."""


@dataclass(frozen=True)
class Frame:
    """A frame in units of the camera.

    Attributes
    ----------
    noisy, clean : ndarray, shape (side, side), float32
        As the camera sees it, and without its noise.
    signal : ndarray, shape (side, side), float32
        The light of the objects in focus alone; the brightest has about 1.
    """

    noisy: Signal
    clean: Signal
    signal: Signal


def specimen(generator: np.random.Generator, side: int, nuclei: Sequence[Signal]) -> Signal:
    """Return objects on black: real nuclei, or drawn cells, filaments or spots.

    Parameters
    ----------
    generator : numpy.random.Generator
    side : int
        In pixels.
    nuclei : sequence of ndarray, values >= 0
        Clean pictures of nuclei on black. They are magnified 0.6 to 3 times.
    """
    kind = generator.random()
    if kind < 0.5:
        light = _magnified(generator, side, nuclei[int(generator.integers(len(nuclei)))])
        if generator.random() < 0.3:
            light = light * _log_uniform(generator, 0.05, 1)
        if generator.random() < 0.3:
            light = np.maximum(light, cells(generator, side))
    elif kind < 0.7:
        light = cells(generator, side)
    else:
        light = filaments(generator, side) if kind < 0.85 else spots(generator, side)
        if generator.random() < 0.4:
            light = np.maximum(light, generator.uniform(0, 0.6) * cells(generator, side))
    return np.clip(light, 0, 1.5).astype(np.float32)


def cells(generator: np.random.Generator, side: int) -> Signal:
    """Return ellipses with soft edges and texture, of any brightness from `DIMMEST` to 1."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    light = np.zeros((side, side), np.float32)
    size = _log_uniform(generator, 4, 28)
    for _ in range(generator.integers(1, 14)):
        row, column = generator.uniform(-0.1 * side, 1.1 * side, 2)
        radius, flatness = size * generator.uniform(0.7, 1.4), generator.uniform(0.6, 1)
        angle = generator.uniform(0, np.pi)
        along = (columns - column) * np.cos(angle) + (rows - row) * np.sin(angle)
        across = (rows - row) * np.cos(angle) - (columns - column) * np.sin(angle)
        distance = np.hypot(along / radius, across / (radius * flatness)) - 1
        steepness = np.clip(distance * radius / generator.uniform(0.7, 1.8), -30, 30)
        brightness = _log_uniform(generator, DIMMEST, 1)
        light = np.maximum(light, brightness / (1 + np.exp(steepness)))
    texture = _field(generator, side, generator.uniform(1, 4))
    textured: Signal = light * np.clip(1 + generator.uniform(0, 0.3) * texture, 0.2, 2)
    return textured.astype(np.float32)


def filaments(generator: np.random.Generator, side: int) -> Signal:
    """Return thin bright lines, as of membranes or filaments: level lines of a random field."""
    height = _field(generator, side, _log_uniform(generator, 4, 16))
    slope = np.hypot(*np.gradient(height)) + 1e-6
    distance = np.abs(height - generator.uniform(-0.6, 0.6)) / slope
    change = _field(generator, side, side / 6)
    change = (change - change.min()) / (np.ptp(change) + 1e-6)
    least = _log_uniform(generator, 0.03, 1)
    line = np.exp(-((distance / generator.uniform(0.8, 2.2)) ** 2) / 2)
    light: Signal = (line * (least + (1 - least) * change)).astype(np.float32)
    return light


def spots(generator: np.random.Generator, side: int) -> Signal:
    """Return points of light, blurred by the microscope."""
    light = np.zeros((side, side), np.float32)
    places = generator.integers(0, side, (2, generator.integers(5, 120)))
    light[places[0], places[1]] = np.exp(generator.uniform(np.log(0.03), 0, places.shape[1]))
    blur = generator.uniform(0.8, 2.5)
    blurred: Signal = gaussian_filter(light, blur) * np.float32(2 * np.pi * blur**2)
    return blurred


def record(generator: np.random.Generator, signal: Signal) -> Frame:
    """Return a frame of a specimen: vignetting, haze, photons, hot pixels, read noise and offset.

    Parameters
    ----------
    generator : numpy.random.Generator
    signal : ndarray, shape (side, side), values >= 0
    """
    light = signal
    if generator.random() < 0.5:  # out of focus
        blurred = gaussian_filter(signal, generator.uniform(6, 20))
        light = light + generator.uniform(0, 0.15) * blurred
    if generator.random() < 0.3:  # autofluorescence, stray light
        light = light + generator.uniform(0, 0.05)
    if generator.random() < 0.5:
        light = light * _vignetting(generator, len(signal))
    peak = _log_uniform(generator, *PHOTONS)
    read = _log_uniform(generator, 0.1, 3)
    electrons = generator.poisson(light * peak) + read * generator.standard_normal(light.shape)
    if generator.random() < 0.3:
        hot = generator.integers(0, len(signal), (2, generator.integers(1, 6)))
        electrons[hot[0], hot[1]] += generator.uniform(0.2, 1) * peak
    gain = generator.uniform(0.3, 2)
    noisy, clean = OFFSET + gain * electrons, OFFSET + gain * light * peak
    if generator.random() < 0.3:  # a black level that hides the darker half of the noise
        noisy = np.maximum(noisy, OFFSET + gain * generator.uniform(0, 1.5) * read)
    return Frame(noisy.astype(np.float32), clean.astype(np.float32), signal)


def _vignetting(generator: np.random.Generator, side: int) -> Signal:
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    row, column = generator.uniform(-1.5, 1.5, 2)
    distance = np.clip(((rows - row) ** 2 + (columns - column) ** 2) / 6, 0, 1)
    share: Signal = (1 - generator.uniform(0, 0.6) * distance).astype(np.float32)
    return share


def _magnified(generator: np.random.Generator, side: int, picture: Signal) -> Signal:
    size = min(*picture.shape, int(np.ceil(side / _log_uniform(generator, 0.6, 3))))
    row, column = (generator.integers(length - size + 1) for length in picture.shape)
    crop = zoom(picture[row : row + size, column : column + size], side / size, order=1)
    crop = crop[:side, :side]
    missing = [(0, side - length) for length in crop.shape]
    crop = np.rot90(np.pad(crop, missing, mode="edge"), int(generator.integers(4)))
    turned: Signal = crop[:, ::-1] if generator.random() < 0.5 else crop
    return turned


def _field(generator: np.random.Generator, side: int, blur: float) -> NDArray[np.float64]:
    """Return a smooth random field of standard deviation 1."""
    margin = 16
    noise = generator.standard_normal((side + 2 * margin, side + 2 * margin))
    field: NDArray[np.float64] = gaussian_filter(noise, blur)[margin:-margin, margin:-margin]
    field /= field.std() + 1e-9
    return field


def _log_uniform(generator: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))
