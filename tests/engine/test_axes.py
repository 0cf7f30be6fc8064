"""An image with its axes in any order gives what it gives with planes last, in its own order."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_zerodce import enhance as enhance_array
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.reproduce import ArrayCode, command_line, python_lines
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.axes import Axes
from napari_zerodce.imaging.permuted import as_stored
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window

RAMP = np.linspace(0, 1, 20 * 30).reshape(20, 30)
# T, C, Z, Y, X: two channels with another background each.
IMAGE = np.stack([[[100 + 200 * RAMP] * 3, [1000 + 3000 * RAMP[::-1]] * 3]] * 2).astype(np.uint16)
ANY = {"checkpoint": "zero-dce-pp", "device": "cpu", "precision": "float32", "look": Look()}


def request_for(image, axes, channels="mono"):
    return EnhanceRequest(image, channels, EnhanceSettings(**ANY)).with_axes(axes)


EXPECTED = enhance(request_for(IMAGE, "TCZYX")).image


@settings(max_examples=8)
@given(st.permutations(range(5)), st.booleans())
def test_any_order_gives_the_same_pixels_in_its_order(order, lazily):
    letters = "".join("TCZYX"[place] for place in order)
    image = IMAGE.transpose(order)
    given_image = da.from_array(image) if lazily else image
    result = enhance(request_for(given_image, letters))
    assert result.windows == (Window(100, 300), Window(1000, 4000))
    np.testing.assert_array_equal(result.image, EXPECTED.transpose(order))


def test_colours_stay_last():
    photo = np.random.default_rng(0).integers(0, 60, (2, 20, 30, 3)).astype(np.uint8)
    expected = enhance(request_for(photo, "TYX", "rgb")).image
    result = enhance_array(photo.transpose(2, 1, 0, 3), axes="XYT", **ANY)
    np.testing.assert_array_equal(result, expected.transpose(2, 1, 0, 3))


def test_a_part_has_the_order_of_the_image_and_its_ranges_that_of_planes():
    image = IMAGE.transpose(4, 0, 3, 2, 1)  # X, T, Y, Z, C
    part = "1:2,0:3,0:2,5:9,2:20"  # T, Z, C, Y, X
    result = enhance_array(image, axes="XTYZC", part=part, **ANY)
    whole = EXPECTED.transpose(4, 0, 3, 2, 1)
    np.testing.assert_array_equal(result, whole[2:20, 1:2, 5:9])


def test_a_result_says_how_its_axes_were_taken():
    image = IMAGE[0, :, 0].transpose(1, 2, 0)
    request = request_for(image, "YXC")
    made = enhance(request).provenance
    assert (made.image_axes, made.channel_axis) == ("YXC", 0)
    assert "--channel-axis 0 --axes YXC" in command_line(made, "a.npy", "b.npy")
    assert "axes='YXC'" in python_lines(made, ArrayCode("image"))
    assert enhance(request_for(IMAGE[0, 0], "ZYX")).provenance.image_axes == ""


def test_axes_that_do_not_fit_are_one_sentence():
    with pytest.raises(RequestError, match="each of its 3 axes"):
        enhance_array(IMAGE[0, 0], axes="TZYX")


def test_a_scope_is_checked_in_the_order_of_planes():
    request = request_for(IMAGE[0, 0].transpose(2, 1, 0), "XYZ")
    assert request.layout.shape == (3, 20, 30)
    assert request.part == Scope(((0, 3),), (0, 20), (0, 30))
    assert Axes(request.axes).as_stored(request.layout.shape) == (30, 20, 3)


def test_an_int8_stack_of_five_axes():
    image = np.linspace(-128, 127, 2 * 3 * 2 * 9 * 11).astype(np.int8).reshape(2, 3, 2, 9, 11)
    stack = enhance_array(image, axes="TZCYX", window="dtype", **ANY)
    assert stack.dtype == np.int8
    for index in np.ndindex(2, 3, 2):
        alone = enhance_array(image[index], window="dtype", **ANY)
        np.testing.assert_array_equal(stack[index], alone)


def test_a_lazy_result_has_its_planes_last_and_goes_back_lazily():
    image = IMAGE[0].transpose(3, 0, 2, 1)  # X, C, Y, Z
    request = request_for(image, "XCYZ")
    lazy = LazyEnhancement(resolve(request), [image[::2, :, ::2]])
    finest, coarser = lazy.levels
    assert (finest.shape, coarser.shape) == ((2, 3, 20, 30), (2, 3, 10, 15))
    stored = as_stored(finest, "XCYZ")
    assert stored.shape == image.shape
    expected = enhance(request).image
    np.testing.assert_array_equal(stored[3:9, 1, :, 2], expected[3:9, 1, :, 2])
