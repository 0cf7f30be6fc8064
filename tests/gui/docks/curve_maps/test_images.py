"""Which layers maps become: numbers picked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.gui.docks.curve_maps.images import MapChoice, pictures

ALL = tuple(range(1, 9))
COLOUR = np.arange(8 * 3 * 2 * 2, dtype=np.float32).reshape(8, 3, 2, 2) / 100
MONO = COLOUR[:, :1]


def test_one_layer_with_an_axis_of_iterations() -> None:
    (picture,) = pictures(MONO, MapChoice("alphas", "mean", ALL))
    assert (picture.label, picture.has_axis, picture.rgb) == ("A", True, False)
    np.testing.assert_array_equal(picture.data[1:], MONO[:, 0])
    assert np.isnan(picture.data[0]).all(), "iteration 0 is the image itself"


@pytest.mark.parametrize("channels", ["mean", "rgb"])
def test_index_is_the_iteration_and_what_is_not_chosen_is_empty(channels: str) -> None:
    (picture,) = pictures(COLOUR, MapChoice("steps", channels, (1, 4, 5)))
    assert len(picture.data) == 6
    for number in (1, 4, 5):
        expected = COLOUR[number - 1].mean(0) if channels == "mean" else COLOUR[number - 1, 0]
        shown = picture.data[number] if channels == "mean" else picture.data[number, ..., 0]
        np.testing.assert_allclose(shown, expected)
    for number in (0, 2, 3):
        empty = picture.data[number] if channels == "mean" else picture.data[number, ..., 3]
        np.testing.assert_array_equal(empty, picture.empty)


def test_separate_layers_of_chosen_iterations() -> None:
    found = pictures(COLOUR, MapChoice("alphas", "each", (2, 8), "separate"))
    labels = ["A 2 red", "A 8 red", "A 2 green", "A 8 green", "A 2 blue", "A 8 blue"]
    assert [picture.label for picture in found] == labels
    np.testing.assert_array_equal(found[3].data, COLOUR[7, 1])
    assert not any(picture.has_axis for picture in found)
    assert [picture.iterations for picture in found] == [(2,), (8,)] * 3


def test_one_iteration_needs_no_axis() -> None:
    (picture,) = pictures(COLOUR, MapChoice("noise-gain", "mean", (8,)))
    assert (picture.label, picture.has_axis) == ("noise gain 8 mean", False)
    np.testing.assert_allclose(picture.data, COLOUR[7].mean(0))


def test_colours_are_brightness() -> None:
    (alphas,) = pictures(COLOUR, MapChoice("alphas", "rgb", ALL))
    assert alphas.rgb
    assert alphas.data.shape == (9, 2, 2, 4)
    np.testing.assert_allclose(alphas.data[2, 0, 1], [*(COLOUR[1, :, 0, 1] + 1) / 2, 1])
    (gain,) = pictures(np.full_like(COLOUR, 20), MapChoice("gain", "rgb", ALL))
    assert gain.data.max() == 1  # full brightness
    (steps,) = pictures(COLOUR, MapChoice("steps", "rgb", ALL))
    np.testing.assert_array_equal(steps.data[1:, ..., :3], np.moveaxis(COLOUR, 1, -1))


@pytest.mark.parametrize("arrangement", ["axis", "separate"])
def test_one_shared_map_is_shown_once(arrangement: str) -> None:
    (picture,) = pictures(MONO, MapChoice("alphas", "mean", ALL, arrangement), shared=True)
    assert (picture.label, picture.has_axis, picture.iterations) == ("A", False, ())
    assert picture.data.shape == (2, 2)
    # What follows from it differs in each iteration all the same.
    (steps,) = pictures(MONO, MapChoice("steps", "mean", ALL), shared=True)
    assert steps.data.shape == (9, 2, 2)


@pytest.mark.parametrize(
    ("value", "highest"), [(1, 2), (4.2, 5), (7, 7)], ids=["at least 2", "rounded up", "whole"]
)
def test_gain_has_a_round_number_that_few_exceed(value: float, highest: float) -> None:
    gains = np.full((8, 3, 80, 80), value, np.float32)
    gains[:, :, 0, 0] = 1000
    (picture,) = pictures(gains, MapChoice("gain", "mean", ALL))
    assert picture.highest == highest
    (alone,) = pictures(gains[..., 1:2, 1:2], MapChoice("gain", "mean", ALL))
    assert alone.highest == highest


def test_axes_of_planes_come_between_iterations_and_rows() -> None:
    (picture,) = pictures(COLOUR, MapChoice("alphas", "rgb", ALL))
    assert picture.with_plane_axes(2).data.shape == (9, 1, 1, 2, 2, 4)
    (flat,) = pictures(COLOUR, MapChoice("alphas", "mean", (8,)))
    assert flat.with_plane_axes(1).data.shape == (1, 2, 2)
    assert flat.with_plane_axes(0).data.shape == (2, 2)
