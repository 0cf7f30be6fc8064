"""The chooser lists what can be enhanced, and goes where the user goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.gui.layers.results import insert_quietly
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.shared.layer_chooser import LayerChooser


@pytest.fixture
def chooser(model: ViewerModel, qtbot: Any) -> LayerChooser:
    chooser = LayerChooser(model)
    qtbot.addWidget(chooser)
    return chooser


def _names(chooser: LayerChooser) -> list[str]:
    return [chooser._combo.itemText(row) for row in range(chooser._combo.count())]


def _image(model: ViewerModel, name: str) -> Image:
    return model.add_image(np.zeros((8, 8), np.uint8), name=name)


def test_active_image_is_chosen_and_other_layers_are_not(
    model: ViewerModel, chooser: LayerChooser
) -> None:
    first, second = _image(model, "first"), _image(model, "second")
    assert chooser.layer is second
    model.layers.selection.active = first
    assert chooser.layer is first
    model.add_labels(np.zeros((8, 8), int))
    assert chooser.layer is first
    model.layers.remove(first)
    assert chooser.layer is second


def test_chooser_made_later_starts_at_the_active_image(model: ViewerModel, qtbot: Any) -> None:
    first = _image(model, "first")
    _image(model, "second")
    model.layers.selection.active = first
    chooser = LayerChooser(model)
    qtbot.addWidget(chooser)
    assert chooser.layer is first


def test_results_are_offered_and_live_views_and_maps_are_not(
    model: ViewerModel, chooser: LayerChooser
) -> None:
    source = _image(model, "photo")
    for role in ("result", "live", "maps"):
        metadata = read_source(source).provenance(role).as_metadata()  # type: ignore[arg-type]
        model.add_image(np.zeros((8, 8)), name=role, metadata=metadata)
    assert _names(chooser) == ["photo", "result"]
    assert chooser.layer is not None
    assert chooser.layer.name == "result", "the maps became active, and are no choice"


def test_choice_is_told_and_so_is_the_end_of_the_last_layer(
    model: ViewerModel, chooser: LayerChooser
) -> None:
    first = _image(model, "first")
    _image(model, "second")
    told: list[Any] = []
    chooser.changed.connect(lambda: told.append(chooser.layer))
    chooser.layer = first
    assert told == [first]
    model.layers.clear()
    assert told[-1] is None
    assert chooser.layer is None


def test_new_name_is_shown_and_the_choice_stays(model: ViewerModel, chooser: LayerChooser) -> None:
    _, second, _ = (_image(model, name) for name in ("first", "second", "third"))
    chooser.layer = second
    told: list[Any] = []
    chooser.changed.connect(lambda: told.append(chooser.layer))
    second.name = "renamed"
    assert _names(chooser) == ["first", "renamed", "third"]
    assert chooser.layer is second
    assert told == [], "the choice is the same"


def test_order_is_that_of_the_viewer(model: ViewerModel, chooser: LayerChooser) -> None:
    first, _ = _image(model, "first"), _image(model, "second")
    chooser.layer = first
    model.layers.move(0, 2)
    assert _names(chooser) == ["second", "first"]
    assert chooser.layer is first


def test_empty_viewer_has_no_choice(chooser: LayerChooser) -> None:
    assert chooser.layer is None
    assert _names(chooser) == []


def test_release_leaves_no_listener(
    model: ViewerModel, qtbot: Any, count_listeners: Callable[..., dict[str, int]]
) -> None:
    for name in ("first", "second"):
        _image(model, name)
    before = count_listeners(model)
    chooser = LayerChooser(model)
    qtbot.addWidget(chooser)
    third = _image(model, "third")
    third.name = "renamed"
    assert count_listeners(model) != before
    chooser.release()
    after = count_listeners(model)
    assert {key: after[key] for key in before} == before
    assert chooser.layer is third
    model.layers.clear()
    assert chooser.layer is third, "it no longer looks"


def test_layer_that_is_not_offered_changes_nothing(
    model: ViewerModel, chooser: LayerChooser
) -> None:
    first = _image(model, "first")
    chooser.layer = Image(np.zeros((8, 8)))
    assert chooser.layer is first


@pytest.mark.parametrize("role", ["result", "live"])
def test_choice_stays_when_this_plugin_adds_a_layer(
    model: ViewerModel, chooser: LayerChooser, role: Any
) -> None:
    first, second = _image(model, "first"), _image(model, "second")
    chooser.layer = first
    seen: list[Any] = []
    chooser.changed.connect(lambda: seen.append(chooser.layer))
    made = Image(np.zeros((8, 8)), metadata=read_source(first).provenance(role).as_metadata())
    insert_quietly(model, made, above=first)
    assert model.layers.selection.active is second
    assert chooser.layer is first
    assert second not in seen
    assert made not in seen
    model.layers.selection.active = second
    assert chooser.layer is first, "it was active already"
    model.layers.selection.active = None
    model.layers.selection.active = second
    assert chooser.layer is second


# ---- several layers


@pytest.fixture
def several(model: ViewerModel, qtbot: Any) -> LayerChooser:
    chooser = LayerChooser(model, several=True)
    qtbot.addWidget(chooser)
    return chooser


def test_selected_images_are_chosen_together_in_the_order_of_the_list(
    model: ViewerModel, several: LayerChooser, chooser: LayerChooser
) -> None:
    first, second, third = (_image(model, name) for name in ("first", "second", "third"))
    labels = model.add_labels(np.zeros((8, 8), int))
    told: list[Any] = []
    several.changed.connect(lambda: told.append(several.layers))
    model.layers.selection = {third, first, labels}
    assert told[-1] == several.layers == (first, third)
    assert several.layer is None
    assert _names(several)[0] == "The 2 selected layers"
    assert chooser.layers == (chooser.layer,), "it chooses one layer only"
    model.layers.selection = {first, second, third}
    assert told[-1] == (first, second, third)
    model.layers.selection.active = second
    assert told[-1] == (second,)
    assert several.layer is second
    assert _names(several) == ["first", "second", "third"]


def test_one_image_among_other_layers_is_not_several(
    model: ViewerModel, several: LayerChooser
) -> None:
    first = _image(model, "first")
    model.layers.selection = {first, model.add_labels(np.zeros((8, 8), int))}
    assert several.layers == (first,)
    assert _names(several) == ["first"]


def test_one_of_the_selected_layers_can_be_chosen_alone(
    model: ViewerModel, several: LayerChooser
) -> None:
    first, second = _image(model, "first"), _image(model, "second")
    model.layers.selection = {first, second}
    several.layer = first
    assert several.layers == (first,)
    insert_quietly(model, Image(np.zeros((8, 8)), name="result"), above=first)
    assert several.layers == (first,), "a new result is no wish for another layer"


def test_selected_layers_stay_chosen_while_a_region_is_drawn(
    model: ViewerModel, several: LayerChooser
) -> None:
    layers = tuple(_image(model, name) for name in "ab")
    model.layers.selection = set(layers)
    model.add_shapes()
    assert several.layers == layers
    third = _image(model, "c")
    assert several.layers == (third,)


def test_deleted_layer_is_chosen_no_longer(model: ViewerModel, several: LayerChooser) -> None:
    layers = [_image(model, name) for name in "abc"]
    model.layers.selection = set(layers)
    model.layers.remove(layers[1])
    assert layers[1] not in several.layers
    model.layers.clear()
    assert several.layers == ()
