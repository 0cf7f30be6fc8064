"""The methods that are compared: a picture in, one of the same unit and dtype out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import hsv2rgb, rgb2hsv
from skimage.exposure import equalize_adapthist

from comparison.fluorescence import window_of, with_gamma
from napari_zerodce.api import enhance, load_checkpoint
from napari_zerodce.engine.look import Look

Array = NDArray[Any]

GAMMA = 0.4
SOURCE = "source"
FITTING = "per-image fitting"
PUBLISHED = "published"
"""Begins the name of a method with the authors' weights."""


@dataclass(frozen=True)
class Method:
    """A method by name.

    Attributes
    ----------
    name : str
        As in the tables.
    apply : callable
        Takes a photo of shape (H, W, 3), uint8, or a frame of shape (H, W), any dtype; returns the
        same shape and dtype.
    """

    name: str
    apply: Callable[[Array], Array]


def simple_methods(*, fitting: bool = True) -> list[Method]:
    """Return the source itself, gamma 0.4, CLAHE, and a network fitted to each image."""
    found = [
        Method(SOURCE, lambda picture: picture),
        Method(f"gamma {GAMMA}", in_its_window(lambda unit: with_gamma(unit, GAMMA))),
        Method("CLAHE", in_its_window(equalize_adapthist)),
    ]
    return [*found, Method(FITTING, in_its_window(_fitted))] if fitting else found


def checkpoint_methods(
    names: Sequence[str], *, window: str = "auto", detail_gain_limit: float | None = None
) -> list[Method]:
    """Return one method a checkpoint, with the plugin's defaults for all that is not given."""
    look = Look(detail_gain_limit=detail_gain_limit)
    return [_of_checkpoint(name, name, window, look) for name in names]


def published_methods(folder: Path | None) -> list[Method]:
    """Return one method for each file of published weights in a folder."""
    if folder is None:
        return []
    # "zero-dce-pp" sorts before "zero-dce_", but after "zero-dce".
    files = sorted(folder.glob("*.pth"), key=_name)
    if not files:
        raise SystemExit(f"There are no .pth files in {folder}.")
    return [_of_checkpoint(f"{PUBLISHED} {_name(file)}", file, "auto", Look()) for file in files]


def in_its_window(change: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a method from a function of values in [0, 1].

    The window of a photo is 0 to 255, that of a frame its percentiles 0.1 and 99.9. Samples outside
    the window stay, as in the plugin.
    """

    def apply(picture: Array) -> Array:
        low, high = (0.0, 255.0) if picture.ndim == 3 else window_of(picture)
        if not low < high:
            return picture
        unit = (picture.astype(np.float64) - low) / (high - low)
        inside = (unit >= 0) & (unit <= 1)
        changed = in_dtype(change(unit.clip(0, 1)) * (high - low) + low, picture.dtype)
        return np.where(inside, changed, picture)

    return apply


def in_dtype(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return values in a dtype, rounded and clipped to its range if it has one."""
    if dtype.kind not in "iu":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.round(values).clip(limits.min, limits.max).astype(dtype)


def _name(file: Path) -> str:
    return file.stem.partition("_")[0]


def _of_checkpoint(name: str, source: str | Path, window: str, look: Look) -> Method:
    # "auto" chooses by image, so it stays a name; others are read once.
    checkpoint = source if source == "auto" else load_checkpoint(source)

    def apply(picture: Array) -> Array:
        return enhance(
            picture,
            checkpoint,
            channels="rgb" if picture.ndim == 3 else "mono",
            window=window,
            device="cpu",
            precision="float32",
            look=look,
        )

    return Method(name, apply)


def _fitted(unit: Array) -> Array:
    from comparison.per_image_fitting import fit_and_enhance

    if unit.ndim == 2:
        return fit_and_enhance(unit)
    hue = rgb2hsv(unit)
    hue[..., 2] = fit_and_enhance(hue[..., 2])
    return np.asarray(hsv2rgb(hue))
