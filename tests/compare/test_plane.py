"""The compared plane: what is read, its window, and what stays unchanged."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.compare.plane import (
    PlaneInWindow,
    middle_plane,
    single_plane,
    with_found_window,
)
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window


def test_samples_outside_the_window_and_nan_stay() -> None:
    samples = np.array([[np.nan, 5, 10], [15, 20, 25]], np.float32)
    plane = PlaneInWindow(samples, "mono", Window(10, 20))
    np.testing.assert_array_equal(plane.unit, [[0, 0, 0], [0.5, 1, 1]])
    restored = plane.restored(np.full((2, 3), 0.25))
    np.testing.assert_array_equal(restored, [[np.nan, 5, 12.5], [12.5, 12.5, 25]])
    assert restored.dtype == samples.dtype


def test_alpha_stays_and_counts_for_nothing(samples) -> None:
    image = samples(4, 5, 4)
    plane = PlaneInWindow(image, "rgba", Window(0, 255))
    assert plane.unit.shape == (4, 5, 3)
    restored = plane.restored(np.ones((4, 5, 3)))
    np.testing.assert_array_equal(restored[..., 3], image[..., 3])
    assert (restored[..., :3] == 255).all()


def test_source_is_not_written(samples) -> None:
    image = samples(4, 5)
    before = image.copy()
    PlaneInWindow(image, "mono", Window(0, 255)).restored(np.ones((4, 5)))
    np.testing.assert_array_equal(image, before)


def test_window_is_that_of_the_whole_stack(samples, make_request) -> None:
    stack = samples(3, 8, 9, dtype="u2")
    stack[2, 0, 0] = 1000
    request = make_request(stack, window="minmax", scope=Scope.plane(layout_of(stack), (0,)))
    shared = with_found_window(request)
    assert shared.plane.window == Window(0, 1000)
    assert shared.plane.index == (0,)
    np.testing.assert_array_equal(shared.plane.samples, stack[0])
    assert str(shared.request.settings.window) == "0,1000"


def test_each_channel_has_its_own_window(samples, make_request) -> None:
    channels = np.stack([samples(8, 9, dtype="u2"), 10 * samples(8, 9, dtype="u2")])
    scope = Scope.plane(layout_of(channels), (1,))
    shared = with_found_window(make_request(channels, window="minmax", scope=scope, channel_axis=0))
    assert shared.plane.window == Window(0, int(channels[1].max()))
    assert len(shared.request.settings.window.channels) == 2


def test_region_of_a_lazy_image_with_columns_first(samples, make_request) -> None:
    volume = samples(6, 7, 4)  # X, Y, Z
    request = make_request(da.from_array(volume), window="dtype").with_axes("XYZ")
    request_of_region = make_request(
        request.image, window="dtype", axes="XYZ", scope=Scope(((2, 3),), (1, 5), (0, 3))
    )
    plane = with_found_window(request_of_region).plane
    np.testing.assert_array_equal(plane.samples, volume[0:3, 1:5, 2].T)
    result = volume[0:3, 1:5, 2:3]  # in the order of the image, as an enhancement returns it
    np.testing.assert_array_equal(single_plane(result, request_of_region), plane.samples)


def test_several_planes_are_refused(samples, make_request) -> None:
    with pytest.raises(RequestError, match="has 3 planes, and one is compared"):
        with_found_window(make_request(samples(3, 8, 9)))


def test_axis_that_does_not_exist_is_refused(samples, make_request) -> None:
    with pytest.raises(RequestError, match="The axis of the channels is 5"):
        with_found_window(make_request(samples(8, 9), channel_axis=5))


def test_middle_plane(samples) -> None:
    assert list(middle_plane(layout_of(samples(5, 2, 8, 9))).indices()) == [(2, 1)]
    assert list(middle_plane(layout_of(samples(8, 9))).indices()) == [()]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_other_values_fill_a_plane_also_outside_its_window(dtype: Any) -> None:
    plane = PlaneInWindow(np.array([[0, 250]], dtype), "mono", Window(50, 150))
    filled = plane.filled_with(np.array([[0.25, 1.0]], np.float32))
    assert filled.tolist() == [[75, 150]]
    assert filled.dtype == dtype
