"""The bundled fluorescence weights do what docs/fluorescence.md says, on frames they never saw."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.dim_cells import DimCells, make_dim_cells, visibility
from comparison.fluorescence import Fluorescence, fluorescence
from comparison.masks import masks_of

from napari_zerodce import enhance


@pytest.fixture(scope="module")
def cells() -> DimCells:
    """Return cells at 2, 5, 20 and 100 % of full intensity, beside each other."""
    return make_dim_cells(seed=11, full=500)


@pytest.fixture(scope="module", params=["auto", "zero-dce-pp-fluo"])
def enhanced(request: pytest.FixtureRequest, cells: DimCells) -> np.ndarray:
    return enhance(cells.image, request.param)


@pytest.fixture(scope="module")
def measured(cells: DimCells, enhanced: np.ndarray) -> Fluorescence:
    masks = masks_of(cells.clean)
    return fluorescence(enhanced, cells.image, masks.foreground, masks.background)


def test_the_background_stays_dark(measured: Fluorescence) -> None:
    assert 0 <= measured.background_rise < 0.02
    assert measured.noise < 1.5


def test_contrast_to_noise_is_above_that_of_a_gamma(measured: Fluorescence) -> None:
    assert measured.ratio > 1.3


def test_the_order_of_intensities_stays(measured: Fluorescence) -> None:
    assert measured.rank_correlation > 0.999


def test_cells_become_brighter(measured: Fluorescence, cells: DimCells) -> None:
    masks = masks_of(cells.clean)
    before = fluorescence(cells.image, cells.image, masks.foreground, masks.background)
    assert measured.foreground > before.foreground
    assert measured.foreground < 0.95


def test_dim_cells_are_more_visible_than_in_the_source(
    cells: DimCells, enhanced: np.ndarray
) -> None:
    pairs = zip(visibility(enhanced, cells), visibility(cells.image, cells), strict=True)
    for (after, before), level in zip(list(pairs)[:3], (0.02, 0.05, 0.2), strict=True):
        assert after.level == level
        assert after.visibility > before.visibility
        assert after.brightness > 1.1 * before.brightness


def test_a_frame_without_light_stays_as_it_is() -> None:
    empty = np.full((64, 64), 100, np.uint16)
    np.testing.assert_array_equal(enhance(empty, "zero-dce-fluo"), empty)
