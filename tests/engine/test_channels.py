"""Each channel of a stack has a window of its own, wherever the axis of the channels is."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_zerodce import enhance as enhance_array
from napari_zerodce.engine.automatic import typical
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.maps import fill_maps, in_memory
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import ArrayCode, command_line, python_lines
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.background import Background
from napari_zerodce.imaging.planes import channel_of
from napari_zerodce.imaging.windows import Window, WindowChoice

# Two moments, a dim and a bright channel with another background each.
RAMP = np.linspace(0, 1, 40 * 50).reshape(40, 50)
DIM, BRIGHT = 100 + 200 * RAMP, 1000 + 30_000 * RAMP
STACK = np.stack([np.stack([DIM, BRIGHT]), np.stack([DIM[::-1], BRIGHT[::-1]])]).astype(np.uint16)
MINMAX = WindowChoice("minmax")


def request_for(image, axis, window=MINMAX, **settings):
    given = {"checkpoint": "zero-dce-pp", "device": "cpu", "precision": "float32", **settings}
    return EnhanceRequest(image, "mono", EnhanceSettings(window=window, **given), channel_axis=axis)


@pytest.mark.parametrize("lazily", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_each_channel_is_enhanced_as_if_it_were_alone(axis, lazily):
    stack = STACK if axis == 1 else np.ascontiguousarray(STACK.swapaxes(0, 1))
    image = da.from_array(stack, chunks=(1, 1, 40, 50)) if lazily else stack
    result = enhance(request_for(image, axis))
    assert result.windows == (Window(100, 300), Window(1000, 31_000))
    assert result.window == Window(100, 31_000)
    for number in range(2):
        alone = channel_of(stack, axis, number)
        expected = enhance(request_for(alone, None)).image
        np.testing.assert_array_equal(channel_of(result.image, axis, number), expected)


def test_without_an_axis_one_window_serves_all():
    result = enhance(request_for(STACK, None))
    assert result.windows == (Window(100, 31_000),)


def test_windows_can_be_given_for_each_channel():
    window = WindowChoice.parse("100,400;minmax")
    assert enhance(request_for(STACK, 1, window)).windows == (Window(100, 400), Window(1000, 31000))


@pytest.mark.parametrize(
    ("axis", "found"), [(1, "the image has 2 channels"), (None, "no axis of channels")]
)
def test_another_number_of_windows_than_channels_is_refused(axis, found):
    with pytest.raises(RequestError, match=f"There are 3 windows .* {found}"):
        enhance(request_for(STACK, axis, WindowChoice.parse("1,2;3,4;5,6")))


@pytest.mark.parametrize("axis", [2, 3, -1])
def test_an_axis_that_is_not_before_the_rows_is_refused(axis):
    with pytest.raises(RequestError, match="has 2 axes before its rows and columns"):
        enhance(request_for(STACK, axis))


def test_a_plane_keeps_the_window_of_its_channel():
    resolved = resolve(request_for(STACK, 1))
    assert resolved.at((1, 0)).windows == (Window(100, 300),)
    assert resolved.at((0, 1)).windows == (Window(1000, 31_000),)
    maps = fill_maps(resolved, "alphas", in_memory)
    alone = fill_maps(resolved.at((0, 1)), "alphas", in_memory)
    np.testing.assert_array_equal(maps[0, 1], alone)


def test_the_result_can_be_made_again():
    result = enhance(request_for(STACK, 1))
    made = Provenance.from_dict(result.provenance.as_dict())
    assert made == result.provenance
    assert made.channel_windows == ((100, 300), (1000, 31_000))
    command = command_line(made, "a.tif", "b.tif")
    assert "'--window=100,300;1000,31000'" in command
    assert "--channel-axis 1" in command
    lines = python_lines(made, ArrayCode("STACK"))
    known = {}
    exec(lines, {"STACK": STACK}, known)
    np.testing.assert_array_equal(known["enhanced"], result.image)


def test_metadata_with_windows_but_without_their_axis_are_invalid():
    facts = enhance(request_for(STACK, 1)).provenance.as_dict()
    with pytest.raises(RequestError):
        Provenance.from_dict({**facts, "channel_axis": None})


def test_the_function_for_notebooks_takes_the_axis():
    given = {"channels": "mono", "window": "minmax", "device": "cpu", "look": Look()}
    found = enhance_array(STACK, "zero-dce-pp", channel_axis=1, **given)
    np.testing.assert_array_equal(found, enhance(request_for(STACK, 1)).image)


def background(share, *, dark=True):
    return Background(level=100.0, spread=10.0, share=share, is_dark=dark)


def test_the_background_of_most_channels_stands_for_all():
    light = background(0.9, dark=False)
    assert typical([background(0.8), background(0.6), light]) == background(0.6)
    assert typical([light, light, background(0.6)]) == light
    assert typical([background(0.8), light]) == background(0.8)
    assert typical([None, background(0.7)]) == background(0.7)
    assert typical([None, None]) is None
