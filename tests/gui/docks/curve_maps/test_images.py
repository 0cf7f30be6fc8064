"""Which layers maps become: numbers picked by hand."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.gui.docks.curve_maps.images import MapChoice, pictures

ALL = tuple(range(1, 9))
COLOUR = np.arange(8 * 3 * 2 * 2, dtype=np.float32).reshape(8, 3, 2, 2) / 100
MONO = COLOUR[:, :1]


def test_one_layer_with_an_axis_of_iterations() -> None:
    (picture,) = pictures(MONO, MapChoice("alphas", "mean", ALL))
    assert (picture.label, picture.has_axis, picture.rgb) == ("A", True, False)
    np.testing.assert_array_equal(picture.data, MONO[:, 0])


def test_separate_layers_of_chosen_iterations() -> None:
    found = pictures(COLOUR, MapChoice("alphas", "each", (2, 8), "separate"))
    labels = ["A 2 red", "A 8 red", "A 2 green", "A 8 green", "A 2 blue", "A 8 blue"]
    assert [picture.label for picture in found] == labels
    np.testing.assert_array_equal(found[3].data, COLOUR[7, 1])
    assert not any(picture.has_axis for picture in found)


def test_one_iteration_needs_no_axis() -> None:
    (picture,) = pictures(COLOUR, MapChoice("noise-gain", "mean", (8,)))
    assert (picture.label, picture.has_axis) == ("noise gain 8 mean", False)
    np.testing.assert_allclose(picture.data, COLOUR[7].mean(0))


def test_colours_are_brightness() -> None:
    (alphas,) = pictures(COLOUR, MapChoice("alphas", "rgb", ALL))
    assert alphas.rgb
    assert alphas.data.shape == (8, 2, 2, 3)
    np.testing.assert_allclose(alphas.data[1, 0, 1], (COLOUR[1, :, 0, 1] + 1) / 2)
    (gain,) = pictures(np.full_like(COLOUR, 20), MapChoice("gain", "rgb", ALL))
    assert gain.data.max() == 1  # full brightness
    (steps,) = pictures(COLOUR, MapChoice("steps", "rgb", ALL))
    np.testing.assert_array_equal(steps.data, np.moveaxis(COLOUR, 1, -1))


@pytest.mark.parametrize("arrangement", ["axis", "separate"])
def test_one_shared_map_is_shown_once(arrangement: str) -> None:
    (picture,) = pictures(MONO, MapChoice("alphas", "mean", ALL, arrangement), shared=True)
    assert (picture.label, picture.has_axis) == ("A", False)
    assert picture.data.shape == (2, 2)
    # What follows from it differs in each iteration all the same.
    (steps,) = pictures(MONO, MapChoice("steps", "mean", ALL), shared=True)
    assert steps.data.shape == (8, 2, 2)


@pytest.mark.parametrize("channels", ["each", "mean", "rgb"])
def test_lazy_maps_stay_lazy_and_equal(channels: str) -> None:
    stack = np.stack([COLOUR, COLOUR + 1], 1)  # (8, planes, C, Y, X)
    choice = MapChoice("alphas", channels, (1, 3))
    for lazy, eager in zip(
        pictures(da.from_array(stack), choice), pictures(stack, choice), strict=True
    ):
        assert isinstance(lazy.data, da.Array)
        np.testing.assert_allclose(lazy.data.compute(), eager.data, rtol=1e-6)
