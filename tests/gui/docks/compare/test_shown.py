"""The layers of a comparison: marked, comparable, in place; replaced by ours only, and removed."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points

from napari_zerodce.gui.docks.compare.shown import ShownComparison, shown_in
from napari_zerodce.gui.layers.provenance import METADATA_KEY, role_of
from napari_zerodce.gui.layers.source import is_source


@pytest.fixture
def shown(model: ViewerModel, qtbot: Any) -> Iterator[ShownComparison]:
    yield shown_in(model)
    qtbot.wait(1)  # what is left of deleted layers goes in the next turn


def _ours(model: ViewerModel) -> list[Any]:
    return [layer for layer in model.layers if role_of(layer) == "compared"]


def test_pictures_are_marked_and_comparable_and_lie_on_their_plane(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    stack.scale, stack.translate, stack.units = (3, 0.5, 0.5), (0, 7, 8), ("um", "um", "um")
    stack.axis_labels, stack.gamma = ("z", "y", "x"), 0.7
    model.dims.set_point(0, 3)
    before = stack.data.copy()
    screen, comparison = compared_on(stack, "a", "fails", "b")
    shown.show(screen, comparison, "grid")
    layers = _ours(model)
    assert [layer.name for layer in layers] == ["source", "a", "b"]
    assert [layer for layer in model.layers if layer.visible] == layers
    assert model.canvas.grid.enabled
    for layer, compared in zip(layers, comparison.compared[:2] + comparison.compared[3:],
                               strict=True):  # fmt: skip
        np.testing.assert_array_equal(layer.data, compared.image[None])
        assert shown.layer_of(compared.title) is layer
        assert tuple(layer.contrast_limits) == (0, 1000)
        assert layer.gamma == 0.7
        assert layer.axis_labels == ("z", "y", "x")
        assert layer.units == stack.units
        np.testing.assert_allclose(layer.data_to_world((0, 2, 5)), stack.data_to_world((1, 2, 5)))
        assert layer.name_overlay.visible
        assert layer.metadata[METADATA_KEY]["source"] == "stack"
        assert not is_source(layer)
    assert shown.layer_of("fails") is None
    np.testing.assert_array_equal(stack.data, before)


def test_contrast_and_gamma_are_those_of_all(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    shown.show(*compared_on(stack, "a"), "grid")
    first, second = _ours(model)
    first.contrast_limits, second.gamma = (5, 300), 2
    assert list(second.contrast_limits) == [5, 300]
    assert first.gamma == 2
    assert list(stack.contrast_limits) == [0, 1000]
    # A picture that comes later looks the same.
    shown.show(*compared_on(stack, "a", "b"), "grid")
    assert list(_ours(model)[-1].contrast_limits) == [5, 300]
    assert _ours(model)[-1].gamma == 2


def test_next_comparison_uses_the_layers_again_in_the_order_of_the_candidates(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    shown.show(*compared_on(stack, "a", "c"), "grid")
    source, _, kept = _ours(model)
    copied = model.add_image(stack.data[:1], name="a [1]", metadata=dict(source.metadata))
    shown.show(*compared_on(stack, "b", "c"), "grid")
    assert len(model.layers) == 5
    ours = [layer for layer in _ours(model) if layer is not copied]
    assert [layer.name for layer in ours] == ["source", "b", "c"]
    assert ours[0] is source
    assert ours[2] is kept
    np.testing.assert_array_equal(kept.data[0], stack.data[0] // 3)
    assert copied in model.layers  # not ours, in spite of its metadata


def test_other_plane_or_layer_gets_new_layers(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    shown.show(*compared_on(stack, "a"), "grid")
    former = _ours(model)
    model.dims.set_point(0, 1)
    shown.show(*compared_on(stack, "a"), "grid")
    assert len(model.layers) == 3
    assert not set(former) & set(model.layers)
    assert [layer.name for layer in _ours(model)] == ["source", "a"]
    assert _ours(model)[0].translate[0] == 1


def test_tiles_of_one_layer(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    stack.translate = (0, 20, 30)
    screen, comparison = compared_on(stack, "a", "fails", "b")
    shown.show(screen, comparison, "grid")
    shown.show(screen, comparison, "mosaic")
    assert len(model.layers) == 3
    image, names = _ours(model)
    assert isinstance(image, Image)
    assert isinstance(names, Points)
    assert not model.canvas.grid.enabled
    assert names.text.values.tolist() == ["source", "a", "b"]
    (top, left) = names.data[0, -2:].astype(int)
    np.testing.assert_array_equal(
        image.data[0, top : top + 8, left : left + 8], comparison.compared[0].image
    )
    np.testing.assert_allclose(image.data_to_world((0, top, left)), stack.data_to_world((0, 0, 0)))
    np.testing.assert_allclose(names.data_to_world(names.data[0]), (0, 20, 30))
    assert shown.layer_of("b") is image


def test_close_brings_back_what_was_before(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    told = []
    shown.changed.connect(lambda: told.append(shown.comparison))
    shown.show(*compared_on(stack, "a"), "grid")
    assert told[-1] is not None
    assert not stack.visible
    shown.close()
    assert stack.visible
    assert not model.canvas.grid.enabled
    assert told[-1] is None
    assert list(model.layers) == [stack]
    shown.close()


def test_other_arrangement_stays_on_its_plane_without_the_source(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    model.dims.set_point(0, 2)
    screen, comparison = compared_on(stack, "a")
    shown.show(screen, comparison, "grid")
    model.layers.remove(stack)
    shown.show(screen, comparison, "mosaic")
    assert [layer.name for layer in model.layers] == ["stack [compared]", "stack [names]"]
    assert model.dims.point[0] == screen.geometry["translate"][0] > 0


def test_layers_come_and_go_in_one_batch(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    told: list[str] = []
    events = model.layers.events
    for name in ("begin_batch", "inserted", "removed", "end_batch"):
        getattr(events, name).connect(lambda _=None, name=name: told.append(name))
    shown.show(*compared_on(stack, "a", "b"), "grid")
    assert told == ["begin_batch", "inserted", "inserted", "inserted", "end_batch"]
    told.clear()
    shown.close()
    assert told == ["begin_batch", "removed", "removed", "removed", "end_batch"]


@pytest.mark.parametrize("arrangement", ["grid", "mosaic"])
def test_last_picture_that_the_user_deletes_closes(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any],
    qtbot: Any, arrangement: Any,
) -> None:  # fmt: skip
    shown.show(*compared_on(stack, "a"), arrangement)
    images = [layer for layer in _ours(model) if isinstance(layer, Image)]
    for layer in images[1:]:
        model.layers.remove(layer)
        assert not stack.visible
    model.layers.remove(images[0])
    assert stack.visible
    assert shown.comparison is None
    qtbot.waitUntil(lambda: list(model.layers) == [stack])


def test_same_part_again_while_the_view_is_as_it_was(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    screen, comparison = compared_on(stack, "a")
    assert shown.same_part(screen.source) is None
    shown.show(screen, comparison, "grid")
    assert shown.same_part(screen.source).viewport == screen.viewport
    model.scene.camera.zoom *= 2
    assert shown.same_part(screen.source) is None


def test_closed_comparison_is_not_kept_in_memory(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any],
    qtbot: Any,
) -> None:  # fmt: skip
    screen, comparison = compared_on(stack, "a", "b")
    shown.show(screen, comparison, "grid")
    known = [weakref.ref(layer) for layer in _ours(model)]
    shown.close()
    del screen, comparison
    qtbot.waitUntil(lambda: list(model.layers) == [stack])
    gc.collect()
    assert [each() for each in known] == [None] * 3


def test_comparison_of_a_viewer_is_one_object_and_goes_with_it() -> None:
    viewer = ViewerModel()
    shown = shown_in(viewer)
    assert shown_in(viewer) is shown
    known = weakref.ref(viewer)
    del viewer
    gc.collect()
    assert known() is None


def test_names_fit_into_their_cells_and_those_of_the_user_stay(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    model.canvas.size = (300, 300)
    ends = ("a", "b", "c")
    titles = [f"experiment_{end}_with_a_long_name/latest_net_G.pth" for end in ends]
    shown.show(*compared_on(stack, *titles), "grid")
    layers = _ours(model)
    assert layers[0].name == "source"
    assert [layer.name[:2] for layer in layers[1:]] == ["…a", "…b", "…c"]
    assert shown.layer_of(titles[0]) is layers[1]
    layers[0].name, wide = "mine", layers[1].name
    model.canvas.size = (600, 4000)  # napari tells it so when the window grows
    assert layers[1].name == titles[0]
    model.canvas.size = (300, 300)
    assert layers[1].name == wide
    assert layers[0].name == "mine"


def test_names_above_tiles_are_no_wider_than_the_tiles(
    model: ViewerModel, stack: Any, shown: ShownComparison, compared_on: Callable[..., Any]
) -> None:
    stack.scale = (1, 0.5, 0.5)
    shown.show(*compared_on(stack, "x" * 50, "a"), "mosaic")
    _, names = _ours(model)
    assert names.text.scaling
    assert names.text.size < 0.5 * 4  # letters are lower than the 4 pixels above each tile
    assert "…" in names.text.values[1]
