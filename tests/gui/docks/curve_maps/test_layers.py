"""Layers of maps: where they lie, how they look, and which of them are of another checkpoint."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.engine.maps import resolve_for_maps
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.curve_maps.images import MapChoice, MapImage
from napari_zerodce.gui.docks.curve_maps.layers import (
    add_map_layers,
    map_geometry,
    maps_of,
    mark_old_maps,
    move_map_layers,
    shown_iteration,
)
from napari_zerodce.gui.layers.provenance import METADATA_KEY, provenance_of
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.imaging.windows import WindowChoice

SETTINGS = EnhanceSettings(
    checkpoint="zero-dce-pp", device="cpu", window=WindowChoice("range", 0, 1000)
)
ALL = tuple(range(1, 9))


def _add(
    model: ViewerModel,
    source: Image,
    found: list[MapImage],
    choice: MapChoice,
    index: tuple[int, ...] = (0,),
) -> list[Image]:
    known = read_source(source)
    return add_map_layers(
        model,
        found,
        source=known,
        resolved=resolve_for_maps(request_for(known, SETTINGS)),
        choice=choice,
        geometry=map_geometry(known, index, 1),
    )


def _picture(label: str = "A", value: float = 0.5, **options: Any) -> MapImage:
    shape = (9, 1, 8, 8) if options.get("has_axis") else (1, 8, 8)
    given = {"rgb": False, "has_axis": False, **options}
    return MapImage(label, np.full(shape, value, np.float32), **given)


CHOICE = MapChoice("gain", "mean", (8,))


def test_layers_are_above_their_image_with_the_last_one_on_top_and_shown(
    model: ViewerModel, stack: Image
) -> None:
    above = model.add_image(np.zeros((3, 8, 8)), name="above")
    model.layers.selection.active = stack
    layers = _add(model, stack, [_picture("gain 1"), _picture("gain 2")], CHOICE)
    assert list(model.layers) == [stack, *layers, above]
    assert [layer.name for layer in layers] == [
        "stack gain 1 [Zero-DCE++]",
        "stack gain 2 [Zero-DCE++]",
    ]
    assert [layer.visible for layer in layers] == [False, True]
    assert not any(layer.colorbar.visible for layer in layers), "napari's crashes"
    assert model.layers.selection.active is stack
    assert maps_of(model, stack) == layers
    assert maps_of(model, above) == []


def test_new_maps_hide_older_ones_and_are_above_them(model: ViewerModel, stack: Image) -> None:
    (first,) = _add(model, stack, [_picture()], CHOICE)
    (second,) = _add(model, stack, [_picture()], CHOICE)
    assert list(model.layers) == [stack, first, second]
    assert (first.visible, second.visible) == (False, True)


def test_layer_lies_on_its_plane_and_says_what_it_is(model: ViewerModel, stack: Image) -> None:
    stack.scale, stack.translate = (2, 0.5, 0.25), (1, 2, 3)
    (layer,) = _add(model, stack, [_picture()], CHOICE, index=(2,))
    np.testing.assert_allclose(layer.data_to_world((0, 3, 5)), stack.data_to_world((2, 3, 5)))
    known = provenance_of(layer)
    assert known is not None
    assert (known.role, known.maps, known.source) == ("maps", "gain", "stack")
    assert known.made is not None
    assert known.made.window == (0, 1000)
    assert known.made.checkpoint == "zero-dce-pp"


@pytest.mark.parametrize("iterations", [ALL, (3, 4, 5), (2, 8)], ids=str)
def test_slider_counts_iterations_as_the_papers_do(
    model: ViewerModel, stack: Image, iterations: tuple[int, ...]
) -> None:
    model.dims.set_point(0, 2)
    choice = MapChoice("gain", "mean", iterations)
    picture = _picture(has_axis=True, iterations=iterations)
    (layer,) = _add(model, stack, [picture], choice)
    assert layer.axis_labels[0] == "iteration"
    assert model.dims.current_step == (iterations[0], 2, *model.dims.current_step[2:])
    np.testing.assert_allclose(
        layer.data_to_world((5, 0, 3, 5)), [5, *stack.data_to_world((0, 3, 5))]
    )
    assert shown_iteration(model, layer) == iterations[0]
    assert shown_iteration(model, stack) is None
    known = provenance_of(layer)
    assert known is not None
    assert known.iterations == iterations


def test_slider_of_older_maps_stays_where_it_is_if_that_is_chosen(
    model: ViewerModel, stack: Image
) -> None:
    for iterations, shown in [(ALL, 1), ((1, 6, 8), 6), ((2, 8), 2)]:
        picture = _picture(has_axis=True, iterations=iterations)
        (layer,) = _add(model, stack, [picture], MapChoice("gain", "mean", iterations))
        assert shown_iteration(model, layer) == shown
        model.dims.set_point(0, 6)


@pytest.mark.parametrize(
    ("kind", "colormap", "limits", "opacity"),
    [
        ("alphas", "PiYG", [-1, 1], 0.6),
        ("steps", "green", [0, 1], 1),
        ("gain", "viridis", [0, 3], 0.6),
        ("noise-gain", "viridis", [0, 3], 0.6),
    ],
)
def test_each_kind_has_colours_that_mean_something(
    model: ViewerModel, stack: Image, kind: Any, colormap: str, limits: list[float], opacity: float
) -> None:
    stack.colormap = "green"
    picture = _picture(value=2.5, highest=3)
    (layer,) = _add(model, stack, [picture], MapChoice(kind, "mean", (8,)))
    assert layer.colormap.name == colormap
    assert list(layer.contrast_limits) == limits
    assert layer.opacity == opacity


def test_steps_are_shown_at_the_range_of_their_image(model: ViewerModel, stack: Image) -> None:
    stack.contrast_limits = (-500, 1500)
    (layer,) = _add(model, stack, [_picture()], MapChoice("steps", "mean", (8,)))
    assert list(layer.contrast_limits) == [-0.5, 1.5]


def test_colours_are_shown_as_they_are(model: ViewerModel) -> None:
    photo = model.add_image(np.full((8, 8, 3), 9, np.uint8), rgb=True)
    picture = MapImage("A rgb", np.full((8, 8, 3), 0.5, np.float32), rgb=True, has_axis=False)
    (layer,) = _add(model, photo, [picture], MapChoice("alphas", "rgb", (8,)), index=())
    assert layer.rgb
    assert layer.opacity == 1


def test_moved_layers_show_other_maps_in_another_place(model: ViewerModel, stack: Image) -> None:
    layers = _add(model, stack, [_picture(has_axis=True), _picture("gain 2")], CHOICE)
    gone = layers[1]
    model.layers.remove(gone)
    found = [_picture(value=1, has_axis=True), _picture(value=1)]
    move_map_layers(model, layers, found, map_geometry(read_source(stack), (2,), 1))
    assert (layers[0].data == 1).all()
    assert list(layers[0].data_to_world((8, 0, 0, 0))[:2]) == [8, 2]
    assert (gone.data == 0.5).all(), "a deleted layer is left alone"
    with pytest.raises(ValueError, match="zip"):
        move_map_layers(model, layers, found[:1], map_geometry(read_source(stack), (2,), 1))


def test_geometry_of_every_few_pixels_has_larger_ones(stack: Image) -> None:
    geometry = map_geometry(read_source(stack), (1,), 4)
    assert list(geometry["scale"]) == [1, 4, 4]
    assert list(geometry["translate"]) == [1, 0, 0]


# ---- maps of another checkpoint


def test_maps_of_another_checkpoint_are_named_so_until_theirs_is_active_again(
    model: ViewerModel, stack: Image
) -> None:
    (layer,) = _add(model, stack, [_picture()], CHOICE)
    assert mark_old_maps(model, "zero-dce-pp") == []
    name = layer.name
    for _ in range(2):
        assert mark_old_maps(model, "zero-dce") == [f"{name} (old checkpoint)"]
        assert layer.name == f"{name} (old checkpoint)"
    assert mark_old_maps(model, "zero-dce-pp") == []
    assert layer.name == name
    assert stack.name == "stack"


def test_maps_are_compared_with_the_automatic_checkpoint_of_their_image(
    model: ViewerModel, stack: Image
) -> None:
    (layer,) = _add(model, stack, [_picture()], CHOICE)  # of zero-dce-pp, which is never automatic
    assert mark_old_maps(model, "auto") == [layer.name]
    facts = layer.metadata[METADATA_KEY]
    layer.metadata = {METADATA_KEY: {**facts, "checkpoint_source": "zero-dce-fluo"}}
    assert mark_old_maps(model, "auto") == [], "it is not known yet what suits the image"
    identity = str(stack.unique_id)
    assert mark_old_maps(model, "auto", {identity: "zero-dce-fluo"}) == []
    assert mark_old_maps(model, "auto", {identity: "zero-dce"}) == [layer.name]
    assert mark_old_maps(model, "auto", {"another layer": "zero-dce"}) == []


def test_maps_of_an_earlier_version_are_known_by_their_checkpoint(model: ViewerModel) -> None:
    facts = {"role": "maps", "kind": "alphas", "checkpoint_source": "zero-dce-pp"}
    layer = model.add_image(np.zeros((8, 8)), name="A", metadata={METADATA_KEY: facts})
    assert mark_old_maps(model, "zero-dce-pp") == []
    assert mark_old_maps(model, "zero-dce") == ["A (old checkpoint)"]
    layer.metadata = {METADATA_KEY: {"role": "maps"}}
    assert mark_old_maps(model, "zero-dce") == ["A (old checkpoint)"], "nobody knows of which"


def test_viewer_without_maps_has_no_old_ones(model: ViewerModel, stack: Image) -> None:
    assert mark_old_maps(model, "zero-dce") == []
    assert mark_old_maps(SimpleNamespace(layers=[]), "zero-dce") == []  # type: ignore[arg-type]


def test_maps_of_a_coarser_level_lie_on_the_pixels_that_it_covers(model: ViewerModel) -> None:
    levels = [np.zeros((2, 64, 64)), np.zeros((2, 16, 16))]
    layer = model.add_image(levels, multiscale=True, scale=(5, 2, 2), contrast_limits=(0, 1))
    geometry = map_geometry(read_source(layer), (1,), 1, level=1)
    assert tuple(geometry["scale"]) == (5, 8, 8)
    assert tuple(geometry["translate"]) == (5, 3, 3)  # the middle of four pixels of size 2
