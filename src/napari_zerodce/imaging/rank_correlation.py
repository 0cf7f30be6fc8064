"""How well the order of intensities is kept: Spearman's rank correlation."""

from __future__ import annotations

import numpy as np

from napari_zerodce.imaging.planes import Array


def rank_correlation(before: Array, after: Array) -> float:
    """Return Spearman's rank correlation of two arrays of samples.

    Parameters
    ----------
    before, after : ndarray, shape (n,)
        Finite.

    Returns
    -------
    float
        1 if the order is kept, -1 if it is inverted; NaN if all samples of an array are equal.
    """
    # Slow to import, and only worker threads need it.
    from scipy.stats import rankdata

    ranks, others = rankdata(before), rankdata(after)
    if ranks.size < 2 or np.ptp(ranks) == 0 or np.ptp(others) == 0:
        return float("nan")
    return float(np.corrcoef(ranks, others)[0, 1])
