"""How many samples of an image that is made again differ, if only rounding can be the reason."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.windows import Window

_ROUNDING: Final = 1e-6
"""Of the window's width: other versions, backends and processors add in another order."""

_SHARE: Final = 10_000
"""One of so many integers may be a level apart; 13 of a million were between two versions."""


def samples_off_by_rounding(made: Any, known: Any, window: Window) -> int | None:
    """Return how many samples differ by no more than rounding; None if the pixels are others.

    Parameters
    ----------
    made, known : array-like
        Of equal shape and dtype. NaN is equal to NaN.
    window : Window
        The intensities that were mapped to 0 and to 1.
    """
    made, known = np.asarray(made), np.asarray(known)
    differs = made != known
    if made.dtype.kind == "f":
        differs &= ~(np.isnan(made) & np.isnan(known))
    count, rounding = int(np.count_nonzero(differs)), _ROUNDING * (window.high - window.low)
    if made.dtype.kind != "f" and rounding < 1:
        rounding = 1
        if count > max(1, made.size // _SHARE):
            return None
    apart = np.abs(made[differs].astype(np.float64) - known[differs].astype(np.float64))
    return count if bool((apart <= rounding).all()) else None
