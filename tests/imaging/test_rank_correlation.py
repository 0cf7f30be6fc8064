"""Spearman's rank correlation, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.imaging.rank_correlation import rank_correlation


def test_order_counts_and_not_distance() -> None:
    before = np.array([1, 2, 3, 4])
    assert rank_correlation(before, np.array([1, 10, 100, 1000])) == pytest.approx(1)
    assert rank_correlation(before, -before) == pytest.approx(-1)
    # 1 - 6 * (0 + 0 + 1 + 1) / (4 * 15)
    assert rank_correlation(before, np.array([1, 2, 4, 3])) == pytest.approx(0.8)


@pytest.mark.parametrize("samples", [[], [1], [2, 2, 2]])
def test_without_an_order_it_is_not_defined(samples) -> None:
    assert np.isnan(rank_correlation(np.array(samples), np.array(samples)))
