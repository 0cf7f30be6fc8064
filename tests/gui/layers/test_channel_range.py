"""A dim channel is not black beside a bright one: the display range follows the channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.components import ViewerModel

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.layers.results import add_result
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice

SETTINGS = EnhanceSettings("zero-dce-pp", WindowChoice("minmax"), device="cpu")
RAMP = np.linspace(0, 1, 40 * 40).reshape(40, 40)
STACK = np.stack([np.stack([100 + 200 * RAMP, 1000 + 9000 * RAMP])] * 3).astype(np.uint16)
DIM, BRIGHT = (100, 300), (1000, 10_000)


def added(model: ViewerModel, **scope: Any) -> Any:
    layer = model.add_image(STACK, axis_labels=("t", "c", "y", "x"), contrast_limits=(0, 65535))
    source = read_source(layer)
    request = replace(request_for(source, SETTINGS), **scope)
    model.dims.set_point(1, 0)
    return add_result(model, source, enhance(request))


def test_the_range_is_that_of_the_channel_on_screen(model: ViewerModel) -> None:
    result = added(model)
    assert tuple(result.contrast_limits) == DIM
    model.dims.set_point(1, 1)
    assert tuple(result.contrast_limits) == BRIGHT
    model.dims.set_point(0, 2)
    assert tuple(result.contrast_limits) == BRIGHT
    model.dims.set_point(1, 0)
    assert tuple(result.contrast_limits) == DIM


def test_a_range_that_the_user_chooses_stays(model: ViewerModel) -> None:
    result = added(model)
    result.contrast_limits = (50, 500)
    model.dims.set_point(1, 1)
    assert tuple(result.contrast_limits) == (50, 500)
    model.dims.set_point(1, 0)
    assert tuple(result.contrast_limits) == (50, 500)


def test_a_part_has_the_ranges_of_its_channels(model: ViewerModel) -> None:
    result = added(model, scope=Scope(((0, 3), (1, 2)), (0, 40), (0, 40)))
    assert tuple(result.contrast_limits) == BRIGHT


def test_nothing_is_left_when_the_layer_goes(model: ViewerModel) -> None:
    result = added(model)
    before = len(model.dims.events.point.callbacks)
    model.layers.remove(result)
    model.dims.set_point(0, 2)
    assert len(model.dims.events.point.callbacks) == before - 1
