"""When the pixels of a result are computed: all of them now, or those on screen when looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.setting import Choice, Setting

Computing = Literal["auto", "now", "looked-at"]

_LARGEST_NOW: Final = 2**26
"""Samples of a result: Zero-DCE needs about a minute for them on two cores."""


@dataclass(frozen=True)
class ComputingChoice:
    """The user's choice of when pixels are computed."""

    computing: Annotated[
        Computing,
        Setting(
            label="Compute",
            help="Whether the whole result is computed now, or what you look at when you look at "
            "it. Default: where you look, if the image is lazy (dask, zarr, ...) or large.",
            choices=(
                Choice("auto", "Automatic", "Where you look, if the image is lazy or large."),
                Choice("now", "All now, in memory", "Compute the whole result, and keep it."),
                Choice(
                    "looked-at",
                    "Where you look",
                    "Add the result at once. What is on screen is computed when you look at it.",
                ),
            ),
        ),
    ] = "auto"


def suits_lazy(request: EnhanceRequest) -> bool:
    """Return whether it is better to compute a result where the user looks.

    Parameters
    ----------
    request : EnhanceRequest
    """
    image: Any = request.image
    if request.settings.look.global_curve:
        return False  # the curve is the mean over all pixels
    if request.axes:
        return False  # what napari shows is then no plane
    if not isinstance(image, np.ndarray) or isinstance(image, np.memmap):
        return True
    samples: int = request.result_size // image.dtype.itemsize
    return samples > _LARGEST_NOW
