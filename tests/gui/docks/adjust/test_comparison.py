"""Both sides of a comparison show the same pixels of the scene, also if a result is a part."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.adjust.comparison import Comparison, compare
from napari_zerodce.gui.layers.on_screen import on_screen
from napari_zerodce.gui.layers.results import add_result
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.imaging.scope import Scope

QUICK = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu", look=DEFAULT_LOOK)


def _enhanced(model: ViewerModel, source: Image, part: str = "") -> Image:
    read = read_source(source)
    scope = Scope.parse(part, read.layout) if part else None
    return add_result(model, read, enhance(request_for(read, QUICK, scope)))


def _compared(model: ViewerModel, chosen: Image, result: Image) -> Comparison:
    found = compare(model, on_screen(model, read_source(chosen)), result)
    assert found is not None
    return found


def test_whole_result_is_right_of_its_whole_source(model: ViewerModel, stack: Image) -> None:
    result = _enhanced(model, stack)
    for chosen in (stack, result):
        both = _compared(model, chosen, result)
        np.testing.assert_array_equal(both.before, stack.data[0])
        np.testing.assert_array_equal(both.after, result.data[0])


def test_part_is_compared_where_it_is_and_the_source_shown_elsewhere(
    model: ViewerModel, stack: Image
) -> None:
    result = _enhanced(model, stack, "1:3,2:5,4:8")
    assert (result.data != stack.data[1:3, 2:5, 4:8]).any()
    model.dims.set_point(0, 2)
    both = _compared(model, stack, result)
    expected = stack.data[2].copy()
    expected[2:5, 4:8] = result.data[1]
    np.testing.assert_array_equal(both.before, stack.data[2])
    np.testing.assert_array_equal(both.after, expected)
    assert both.has_result
    model.dims.set_point(0, 0)
    both = _compared(model, stack, result)
    np.testing.assert_array_equal(both.after, stack.data[0])
    assert not both.has_result


def test_chosen_part_is_compared_with_its_place_in_the_source(
    model: ViewerModel, stack: Image
) -> None:
    result = _enhanced(model, stack, "1:3,2:5,4:8")
    model.dims.set_point(0, 1)
    both = _compared(model, result, result)
    np.testing.assert_array_equal(both.before, stack.data[1, 2:5, 4:8])
    np.testing.assert_array_equal(both.after, result.data[0])


@pytest.mark.parametrize("part", ["", "1:3,2:5,4:8"])
def test_source_that_is_gone_or_another_one_is_not_compared(
    model: ViewerModel, stack: Image, part: str
) -> None:
    result = _enhanced(model, stack, part)
    screen = on_screen(model, read_source(stack))
    stack.data = stack.data[:2, :6]
    assert compare(model, screen, result) is None
    model.layers.remove(stack)
    assert compare(model, screen, result) is None
