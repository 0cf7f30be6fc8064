"""The frame with dim cells is what it says, and visibility counts what a reader sees."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.dim_cells import LEVELS, OFFSET, expose_frame, make_dim_cells, visibility


def test_frame():
    cells = make_dim_cells()
    assert (cells.image.dtype, cells.image.shape) == (np.uint16, (512, 512))
    assert list(np.bincount(cells.levels)) == [16] * 4
    again, other = make_dim_cells(), make_dim_cells(seed=1)
    assert np.array_equal(cells.image, again.image)
    assert not np.array_equal(cells.image, other.image)
    for centre, level in zip(cells.centres.round().astype(int), cells.levels, strict=True):
        assert cells.clean[tuple(centre)] == pytest.approx(10 + 1000 * LEVELS[level], rel=0.01)


def test_every_second_dim_cell_stands_beside_a_bright_one():
    cells = make_dim_cells()
    pairs = {tuple(sorted(pair)) for pair in cells.levels.reshape(-1, 2).tolist()}
    assert pairs == {(0, 1), (2, 3), (1, 2), (0, 3)}


def test_exposure_has_the_noise_of_its_light():
    counts = expose_frame(np.full((400, 400), 100.0), generator=np.random.default_rng(0))
    assert counts.mean() == pytest.approx(OFFSET + 200, rel=1e-3)
    # Two counts an electron; shot noise 100, read noise 4, and rounding.
    assert counts.var() == pytest.approx(4 * 104 + 1 / 12, rel=0.02)


def test_visibility_of_the_source():
    cells = make_dim_cells()
    seen = visibility(cells.image, cells)
    assert [each.level for each in seen] == list(LEVELS)
    # 20 electrons above a background whose variance is 10 + 4 electrons.
    assert seen[0].visibility == pytest.approx(20 / np.sqrt(14), rel=0.05)
    assert seen[2].visibility == pytest.approx(200 / np.sqrt(14), rel=0.05)
    assert seen[3].brightness > seen[2].brightness > seen[1].brightness > seen[0].brightness > 0


def test_cells_that_are_gone_are_not_visible():
    cells = make_dim_cells()
    generator = np.random.default_rng(0)
    seen = visibility(generator.normal(300, 5, cells.image.shape), cells)
    assert [each.visibility for each in seen] == pytest.approx([0] * 4, abs=0.1)


def test_a_constant_result_has_no_visibility():
    cells = make_dim_cells()
    seen = visibility(np.full(cells.image.shape, 300.0), cells)
    assert np.isnan([each.visibility for each in seen]).all()
