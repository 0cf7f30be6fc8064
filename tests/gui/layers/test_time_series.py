"""A series and its newest result: which layers count, and which part of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.results import add_result
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.layers.time_series import series_to_measure
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice

SERIES = np.arange(6 * 8 * 10, dtype=np.uint16).reshape(6, 8, 10)
SETTINGS = EnhanceSettings("zero-dce-pp", WindowChoice("range", 0, 500), device="cpu")


def add_series(model: ViewerModel) -> Any:
    return model.add_image(SERIES, name="movie", axis_labels=("t", "y", "x"))


def add_enhanced(model: ViewerModel, layer: Any, part: str = "") -> Any:
    source = read_source(layer)
    scope = Scope.parse(part, source.layout) if part else None
    request = replace(request_for(source, SETTINGS, scope))
    return add_result(model, source, enhance(request))


def test_without_a_result_only_the_series_counts(model: ViewerModel) -> None:
    (alone,) = series_to_measure(model, add_series(model))
    frames, means = alone.brightness()
    assert frames.tolist() == [0, 1, 2, 3, 4, 5]
    assert means.tolist() == SERIES.mean((1, 2)).tolist()


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_result_counts_with_its_source(model: ViewerModel, chosen: int) -> None:
    made = add_enhanced(model, add_series(model))
    before, after = series_to_measure(model, model.layers[chosen])
    assert before.brightness()[1].tolist() == SERIES.mean((1, 2)).tolist()
    np.testing.assert_allclose(after.brightness()[1], made.data.mean((1, 2)))
    assert after.brightness()[0].tolist() == [0, 1, 2, 3, 4, 5]


def test_of_the_source_of_a_part_only_the_part_counts(model: ViewerModel) -> None:
    layer = add_series(model)
    add_enhanced(model, layer, "2:5,0:4,:")
    before, after = series_to_measure(model, layer)
    assert before.brightness()[0].tolist() == after.brightness()[0].tolist() == [2, 3, 4]
    assert before.brightness()[1].tolist() == SERIES[2:5, :4].mean((1, 2)).tolist()


def test_a_result_without_its_source_is_a_series(model: ViewerModel) -> None:
    layer = add_series(model)
    made = add_enhanced(model, layer)
    model.layers.remove(layer)
    (alone,) = series_to_measure(model, made)
    assert alone.name == made.name


def test_without_an_axis_of_time_there_is_nothing_to_measure(model: ViewerModel) -> None:
    layer = model.add_image(SERIES, name="stack")
    with pytest.raises(RequestError, match="'stack' has no axis of time"):
        series_to_measure(model, layer)
    with pytest.raises(RequestError, match="no image layer"):
        series_to_measure(model, None)
