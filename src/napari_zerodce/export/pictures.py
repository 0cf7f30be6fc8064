"""Pictures that an exported model is tried with: parts of the two sample images."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.export.subject import Subject
from napari_zerodce.imaging import samples
from napari_zerodce.imaging.window_search import resolve_window
from napari_zerodce.imaging.windows import DEFAULT_PERCENTILES, WindowChoice

Array = NDArray[Any]

_SHAPE: Final = (101, 130)
"""No multiples of the scale factors."""

_LARGEST_8_BIT: Final = 255

_EPSILON: Final = 1e-6
"""That of `scale_range` in bioimage.io, which keeps constant pictures finite."""


def trial_picture(subject: Subject) -> Array:
    """Return a dark picture as a program reads it from a file.

    Parameters
    ----------
    subject : Subject

    Returns
    -------
    ndarray, shape (1, channels, H, W)
        uint8 for a photo, and float32 for fluorescence, in units of the camera. The sides for a
        translator are such as it takes.
    """
    design = subject.info.design
    return _middle(subject, _SHAPE if design is None else (max(128, design.multiple),) * 2)


def cover_picture(subject: Subject) -> Array:
    """Return a square picture for the cover of a model.

    Parameters
    ----------
    subject, returns
        As of `trial_picture`.
    """
    design = subject.info.design
    return _middle(subject, (max(256, design.multiple if design else 0),) * 2)


def in_unit_range(picture: Array) -> Array:
    """Return a picture in [0, 1], as a package of bioimage.io does it.

    Photos are divided by 255. Fluorescence goes from its percentile 0.1 to 99.9.

    Parameters
    ----------
    picture : ndarray, shape (1, 1 or 3, H, W)
        As from `trial_picture`.

    Returns
    -------
    ndarray, shape of `picture`, float32
    """
    if picture.dtype == np.uint8:
        return (picture / _LARGEST_8_BIT).astype(np.float32)
    low, high = np.percentile(picture, DEFAULT_PERCENTILES)
    unit: Array = np.clip((picture - low) / (high - low + _EPSILON), 0, 1)
    return unit.astype(np.float32)


def in_window(picture: Array) -> Array:
    """Return a picture with 0 and 1 where the engine has them, which may go beyond both.

    Parameters
    ----------
    picture : ndarray, shape (1, 1, H, W)
        As from `trial_picture`.

    Returns
    -------
    ndarray, shape of `picture`, float64
    """
    if picture.dtype == np.uint8:
        return picture / _LARGEST_8_BIT
    window = resolve_window(samples.cells(), WindowChoice("background"), channels="mono")
    unit: Array = (picture.astype(np.float64) - window.low) / (window.high - window.low)
    return unit


def _middle(subject: Subject, shape: tuple[int, int]) -> Array:
    image = _sample(subject)
    missing = [max(0, side - length) for side, length in zip(shape, image.shape, strict=False)]
    image = np.pad(image, [*((0, each) for each in missing), (0, 0)], mode="symmetric")
    starts = [(length - side) // 2 for side, length in zip(shape, image.shape, strict=False)]
    rows, columns = (slice(start, start + side) for start, side in zip(starts, shape, strict=True))
    return np.ascontiguousarray(image[rows, columns].transpose(2, 0, 1)[None])


def _sample(subject: Subject) -> Array:
    """Return a sample image, shape (H, W, channels)."""
    if not subject.takes_photos:
        cells: Array = samples.cells()[..., None].astype(np.float32)
        return cells
    night: Array = samples.night()
    if subject.channels == 3:
        return night
    grey: Array = night.mean(-1, keepdims=True).round()
    return grey.astype(np.uint8)
