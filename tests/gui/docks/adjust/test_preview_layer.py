"""The layer of the live view: made once, refilled, moved, and taken away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.gui.docks.adjust import preview_layer
from napari_zerodce.gui.docks.adjust.preview_layer import PreviewLayer
from napari_zerodce.gui.layers.on_screen import OnScreen, on_screen
from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.layers.results import insert_quietly, source_layer_of
from napari_zerodce.gui.layers.source import read_source

LIMITS = (0.0, 1000.0)


@pytest.fixture
def preview(model: ViewerModel) -> PreviewLayer:
    return PreviewLayer(model)


def _screen(model: ViewerModel, layer: Image) -> OnScreen:
    return on_screen(model, read_source(layer))


def _show(
    preview: PreviewLayer, screen: OnScreen, value: int, limits: tuple[float, float] = LIMITS
) -> Image:
    source = screen.source.data
    shape = screen.viewport.shape + (source.shape[-1:] if screen.source.channels != "mono" else ())
    preview.show(screen, np.full(shape, value, source.dtype), name="live", limits=limits)
    assert preview.layer is not None
    return preview.layer


def test_layer_lies_over_the_plane_on_screen_above_its_source(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    stack.scale, stack.colormap = (2, 0.5, 0.25), "green"
    above = model.add_image(np.zeros((3, 8, 8)), name="above")
    model.layers.selection.active = stack
    model.dims.set_point(0, 4)
    layer = _show(preview, _screen(model, stack), 7)
    assert list(model.layers) == [stack, layer, above]
    assert layer.data.shape == (1, 8, 8)
    assert (layer.data == 7).all()
    np.testing.assert_allclose(layer.data_to_world((0, 3, 5)), stack.data_to_world((2, 3, 5)))
    assert (layer.name, layer.colormap.name) == ("live", "green")
    assert role_of(layer) == "live"
    assert source_layer_of(model, layer) is stack
    assert model.layers.selection.active is stack


def test_layer_is_above_results_and_maps(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    for role in ("result", "maps"):
        metadata = read_source(stack).provenance(role).as_metadata()  # type: ignore[arg-type]
        model.add_image(np.zeros((3, 8, 8)), metadata=metadata)
    layer = _show(preview, _screen(model, stack), 7)
    assert model.layers[-1] is layer


def test_pixels_are_refilled_and_the_layer_moved_in_place(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    layer = _show(preview, _screen(model, stack), 7)
    data = layer.data
    model.dims.set_point(0, 1)
    assert _show(preview, _screen(model, stack), 8) is layer
    assert layer.data is data
    assert (data == 8).all()
    assert list(layer.translate) == [1, 0, 0]
    stack.rotate = 30
    _show(preview, _screen(model, stack), 8)
    np.testing.assert_allclose(layer.data_to_world((0, 3, 5)), stack.data_to_world((1, 3, 5)))
    assert len(model.layers) == 2


def test_part_of_another_size_has_new_data_in_the_same_layer(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    layer = _show(preview, _screen(model, stack), 7)
    stack.data = stack.data[:, :5, :6]
    assert _show(preview, _screen(model, stack), 9) is layer
    assert layer.data.shape == (1, 5, 6)
    assert (layer.data == 9).all()


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (np.zeros((3, 8, 8), np.uint8), {}),
        (np.zeros((8, 8), np.uint16), {}),
        (np.zeros((3, 8, 8, 3), np.uint16), {"rgb": True}),
    ],
    ids=["dtype", "axes", "colour"],
)
def test_image_of_another_kind_has_a_new_layer(
    model: ViewerModel,
    stack: Image,
    preview: PreviewLayer,
    data: np.ndarray,
    options: dict[str, Any],
) -> None:
    first = _show(preview, _screen(model, stack), 7)
    other = model.add_image(data, contrast_limits=LIMITS, **options)
    second = _show(preview, _screen(model, other), 8)
    assert second is not first
    assert first not in model.layers
    assert second.data.dtype == data.dtype
    assert second.rgb is other.rgb
    assert second.ndim == other.ndim


def test_contrast_limits_are_the_users_until_they_have_to_change(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    screen = _screen(model, stack)
    layer = _show(preview, screen, 7)
    assert list(layer.contrast_limits) == [0, 1000]
    layer.contrast_limits = (5, 50)
    _show(preview, screen, 8)
    assert list(layer.contrast_limits) == [5, 50]
    _show(preview, screen, 8, (0, 300))
    assert list(layer.contrast_limits) == [0, 300]


def test_layer_is_renamed_if_there_is_one(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    preview.rename("nothing")
    layer = _show(preview, _screen(model, stack), 7)
    preview.rename("other")
    assert layer.name == "other"


def test_layer_is_taken_away_once_and_made_again(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    preview.remove()
    first = _show(preview, _screen(model, stack), 7)
    preview.remove()
    assert list(model.layers) == [stack]
    assert preview.layer is None
    second = _show(preview, _screen(model, stack), 7)
    assert second is not first
    model.layers.remove(second)  # by the user
    preview.remove()
    assert list(model.layers) == [stack]


def test_one_pixel_has_a_layer(model: ViewerModel, preview: PreviewLayer) -> None:
    pixel = model.add_image(np.array([[7]], np.uint8), contrast_limits=(0, 255))
    layer = _show(preview, _screen(model, pixel), 9)
    assert layer.data.tolist() == [[9]]


# ---- what it does not cover


def _result_of(model: ViewerModel, source: Image) -> Image:
    metadata = read_source(source).provenance("result").as_metadata()
    layer = Image(np.ones((3, 8, 8), np.uint16), name="result", metadata=metadata)
    layer.blending = source.blending
    insert_quietly(model, layer, above=source)
    return layer


def _visible(model: ViewerModel) -> list[str]:
    return [layer.name for layer in model.layers if layer.visible]


def test_additive_source_and_result_are_hidden_until_the_layer_is_removed(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    stack.blending = "additive"
    _result_of(model, stack)
    model.add_image(np.zeros((3, 8, 8)), name="red", blending="additive")
    _show(preview, _screen(model, stack), 7)
    assert _visible(model) == ["live", "red"]
    assert [layer.name for layer in preview.hidden] == ["stack", "result"]
    preview.remove()
    assert _visible(model) == ["stack", "result", "red"]
    assert preview.hidden == []


@pytest.mark.parametrize("by_user", [False, True])
def test_result_that_came_meanwhile_is_shown_afterwards(
    model: ViewerModel, stack: Image, preview: PreviewLayer, by_user: bool
) -> None:
    stack.blending = "additive"
    layer = _show(preview, _screen(model, stack), 7)
    for _ in range(2):
        _result_of(model, stack)
        assert _visible(model) == ["live"]
    if by_user:
        model.layers.remove(layer)
    preview.remove()
    newest = model.layers[1].name
    assert _visible(model) == [newest]


def test_part_that_came_meanwhile_is_shown_afterwards_with_its_source(
    model: ViewerModel, stack: Image, preview: PreviewLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_layer, "is_part", lambda _layer: True)
    stack.blending = "additive"
    _show(preview, _screen(model, stack), 7)
    _result_of(model, stack)
    assert _visible(model) == ["live"]
    preview.remove()
    assert _visible(model) == ["stack", "result"]


def test_layer_that_covers_hides_nothing(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    _show(preview, _screen(model, stack), 7)
    _result_of(model, stack)
    assert _visible(model) == ["stack", "result", "live"]


def test_hidden_source_that_was_deleted_is_no_problem(
    model: ViewerModel, stack: Image, preview: PreviewLayer
) -> None:
    stack.blending = "additive"
    _show(preview, _screen(model, stack), 7)
    model.layers.remove(stack)
    preview.remove()
    assert list(model.layers) == []


def test_nobody_listens_after_the_layer_is_removed(
    model: ViewerModel, stack: Image, preview: PreviewLayer, count_listeners: Any
) -> None:
    before = count_listeners(model)
    _show(preview, _screen(model, stack), 7)
    preview.remove()
    assert count_listeners(model) == before
