"""The measures of the smoothness study, on pictures whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from comparison.photos import edge_correlation
from smoothness import measures
from smoothness.method import strength_for
from smoothness.scenes import RAMP, ramps, step_edges

from napari_zerodce.core.thumbnails import enlarge_maps

EVERYWHERE = np.ones((60, 90), bool)


def test_a_flat_place_varies_little() -> None:
    rows = np.zeros((40, 40))
    rows[:, 20:] = np.random.default_rng(0).random((40, 20))
    flat = measures.flat_places(rows)
    assert flat[:, :15].all()
    assert not flat[:, 25:].any()


def test_isolated_pixels_are_spots_of_the_smallest_scale() -> None:
    plane = np.full((60, 90), 0.4)
    plane[20, 20], plane[40, 70] = 0.9, 0.0
    counts = measures.spots(plane, EVERYWHERE)
    assert counts[0] == pytest.approx(2e6 / plane.size), "one bright, one dark"
    # The peak of a pixel's Laplacian is value / (pi t^2): 0.022 and 0.017 at 2.7 px.
    assert counts[-1] == 0


def test_a_blob_is_a_spot_of_its_own_scale() -> None:
    down, across = np.mgrid[:60, :90]
    plane = 0.3 + 0.25 * np.exp(-((down - 30) ** 2 + (across - 45) ** 2) / (2 * 2.7**2))
    # The scale-normalised peak at t = sigma is half of the height: 0.125.
    assert measures.spots(plane, EVERYWHERE)[-1] == pytest.approx(1e6 / plane.size)
    # At 0.8 px it is 0.25 * 2 * 0.64 / (0.64 + 7.29) * 7.29 / 7.93 = 0.037, below 0.04.
    assert measures.spots(plane, EVERYWHERE)[0] == 0


def test_spots_count_in_their_places_only_and_a_constant_has_none() -> None:
    plane = np.full((60, 90), 0.4)
    assert measures.spots(plane, EVERYWHERE) == (0,) * 4
    assert measures.spots(plane, np.zeros((60, 90), bool)) == (0,) * 4
    plane[20, 20] = 0.9
    places = EVERYWHERE.copy()
    places[:, :45] = False
    assert measures.spots(plane, places)[0] == 0


def test_map_noise_is_a_ratio_of_deviations() -> None:
    clean = np.zeros(1000)
    noise = np.random.default_rng(0).standard_normal(1000)
    assert measures.map_noise(1.5 * noise, clean, noise) == pytest.approx(1.5)
    assert np.isnan(measures.map_noise(clean, clean, clean)), "no noise, no ratio"


def test_edges_ignore_brightness_and_notice_noise() -> None:
    clean = np.zeros((60, 90))
    clean[:, 45:] = 0.5
    assert edge_correlation(0.3 + 0.5 * clean, clean) == pytest.approx(1)
    noisy = clean + 0.3 * np.random.default_rng(0).standard_normal(clean.shape)
    assert edge_correlation(noisy, clean) < 0.9
    assert np.isnan(edge_correlation(clean, np.zeros_like(clean))), "no edges"


def test_texture_is_the_factor_of_detail() -> None:
    clean = 0.4 + 0.01 * np.random.default_rng(0).standard_normal((60, 90))
    assert measures.texture(0.8 * clean + 0.1, clean, EVERYWHERE) == pytest.approx(0.8)
    assert np.isnan(measures.texture(clean, np.zeros_like(clean), EVERYWHERE))


def test_the_halo_of_a_step_is_what_exceeds_its_plateaus() -> None:
    plane = np.full((336, 504), 0.2)
    plane[:, 252:] = 0.7
    assert measures.step_halo(plane) == 0
    plane[:, 252:260] += 0.05
    plane[:, 240:252] -= 0.025
    assert measures.step_halo(plane) == pytest.approx(15), "(0.05 + 0.025) / 0.5"
    assert np.isnan(measures.step_halo(np.full((336, 504), 0.2))), "no step"


def test_plateaus_of_the_synthetic_steps_reach_far_enough() -> None:
    for edge in step_edges():
        assert measures.step_halo(edge[..., 0]) == 0
        assert edge[0, -1, 0] > edge[0, 0, 0]


def test_a_tone_curve_has_no_real_halo_and_sharpening_has() -> None:
    rows = np.zeros((80, 120))
    rows[:, 60:] = 0.5
    source = rows + np.linspace(0, 0.2, 80)[:, None]
    assert measures.real_halo(source**0.5, source, source) == pytest.approx(0, abs=1)
    side = np.sign(rows - 0.25)
    assert measures.real_halo(source + 0.05 * side, source, source) == pytest.approx(0, abs=1)
    near = np.zeros((80, 120))
    near[:, 52:68] = 0.05 * side[:, 52:68]
    assert measures.real_halo(source + near, source, source) > 3
    assert np.isnan(measures.real_halo(rows, rows, np.zeros_like(rows))), "no edges"


def test_a_ramp_remains_or_is_removed() -> None:
    light = np.full((80, 120), 0.3)
    for ramp in ramps((80, 120, 3)):
        assert (float(ramp.max()), float(ramp.min())) == pytest.approx((0, RAMP), abs=1e-3)
        assert measures.ramp_left(light, light, ramp) == pytest.approx(0)
        assert measures.ramp_left(light * 2**ramp, light, ramp) == pytest.approx(100)
        assert measures.ramp_left(light * 2 ** (ramp / 4), light, ramp) == pytest.approx(25)
    assert np.isnan(measures.ramp_left(light, light, np.zeros_like(light))), "no ramp"


def enlarged(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    tensor = torch.from_numpy(maps)[None, None]
    return enlarge_maps(tensor, 12, rows=(0, height), columns=(0, width))[0, 0].numpy()


@pytest.mark.parametrize("shape", [(72, 96), (77, 107)])
def test_second_differences_of_enlarged_maps_are_on_the_lattice_lines(
    shape: tuple[int, int],
) -> None:
    maps = np.random.default_rng(0).random((6, 8))
    plane = enlarged(maps, *shape)
    energy = np.square(np.diff(plane, n=2, axis=0)).mean(axis=1)
    crossed = measures.lattice_lines(shape[0], 12)[1:-1]
    assert energy[~crossed].max() < 1e-20
    assert energy[crossed].min() > 1e-10
    assert measures.kinks_and_slope(plane, 12)[0] > 0


def test_a_kink_has_the_height_of_its_change_of_slope() -> None:
    # One line of six has a kink: the map rises by 0.12 per block to it, and is level after it.
    rows = np.minimum(np.arange(8), 3) * 0.12
    plane = enlarged(np.broadcast_to(rows[:, None], (8, 8)).copy(), 96, 96)
    crossed = int(measures.lattice_lines(96, 12).sum())
    step = 0.12 * 7 / 95
    kinks, slope = measures.kinks_and_slope(plane, 12)
    energy = np.square(np.diff(plane[:, 0], n=2)).sum()
    assert energy <= step**2, "one kink, divided between at most two second differences"
    assert kinks == pytest.approx(255 * (energy / crossed / 2) ** 0.5)
    expected = np.square(np.diff(plane[:, 0])).mean() / 2
    assert slope == pytest.approx(255 * expected**0.5)


def test_constant_and_linear_maps_have_no_kinks() -> None:
    assert measures.kinks_and_slope(np.full((96, 96), 0.3), 12) == (0, 0)
    ramp = enlarged(np.arange(64.0).reshape(8, 8) / 64, 96, 96)
    assert measures.kinks_and_slope(ramp, 12)[0] == pytest.approx(0, abs=1e-4)
    assert measures.kinks_and_slope(np.random.default_rng(0).random((5, 5)), 12)[0] == 0


def test_brightness_is_matched_or_said_to_be_out_of_reach() -> None:
    assert strength_for(lambda strength: strength / 4, 0.45) == pytest.approx(1.8, rel=1e-3)
    assert np.isnan(strength_for(lambda strength: 0.1, 0.45)), "maps of zero brighten nothing"
    assert np.isnan(strength_for(lambda strength: 0.6 + strength, 0.45)), "bright without any curve"
