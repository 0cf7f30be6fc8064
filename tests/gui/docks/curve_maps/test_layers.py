"""Layers of maps: where they lie, how they look, and which of them are of another checkpoint."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.engine.map_kinds import MapKind
from napari_zerodce.engine.requests import ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.curve_maps.images import MapChoice, MapImage
from napari_zerodce.gui.docks.curve_maps.layers import (
    add_map_layers,
    map_geometry,
    maps_of,
    mark_old_maps,
    move_map_layers,
)
from napari_zerodce.gui.docks.curve_maps.work import MappedPlane, mapping
from napari_zerodce.gui.layers.provenance import METADATA_KEY, provenance_of
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import never

SETTINGS = EnhanceSettings(
    checkpoint="zero-dce-pp", device="cpu", window=WindowChoice("range", 0, 1000)
)
ALL = tuple(range(1, 9))


def _mapped(layer: Image, kind: MapKind = "gain", index: tuple[int, ...] = (0,)) -> MappedPlane:
    request = request_for(read_source(layer), SETTINGS)
    mapped: MappedPlane = mapping(request, index, kind, step=1)(ignore, never)
    return mapped


def _add(
    model: ViewerModel,
    source: Image,
    found: list[MapImage],
    choice: MapChoice,
    index: tuple[int, ...] = (0,),
) -> list[Image]:
    return add_map_layers(
        model,
        found,
        source=read_source(source),
        mapped=_mapped(source, choice.kind, index),
        choice=choice,
        step=1,
    )


def _picture(label: str = "A", value: float = 0.5, **options: Any) -> MapImage:
    shape = (8, 1, 8, 8) if options.get("has_axis") else (1, 8, 8)
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
    assert [layer.colorbar.visible for layer in layers] == [False, True]
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


@pytest.mark.parametrize(("iterations", "first"), [(ALL, 1), ((3, 4, 5), 3), ((2, 8), 0)], ids=str)
def test_axis_counts_iterations_as_the_papers_do_if_they_follow_each_other(
    model: ViewerModel, stack: Image, iterations: tuple[int, ...], first: int
) -> None:
    choice = MapChoice("gain", "mean", iterations)
    (layer,) = _add(model, stack, [_picture(has_axis=True)], choice)
    assert layer.axis_labels[0] == "iteration"
    assert layer.data_to_world((0, 0, 3, 5))[0] == first
    np.testing.assert_allclose(
        layer.data_to_world((0, 0, 3, 5))[1:], stack.data_to_world((0, 3, 5))
    )


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
    (layer,) = _add(model, stack, [_picture(value=2.5)], MapChoice(kind, "mean", (8,)))
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
    assert not layer.colorbar.visible
    assert layer.opacity == 1


@pytest.mark.parametrize(
    ("data", "highest"),
    [
        (np.ones((8, 8), np.float32), 2),
        (np.full((8, 8), 4.2, np.float32), 5),
        (np.array([[7]], np.float32), 7),
        (da.from_array(np.full((8, 8), 400.0)), 8),  # it is not computed to be looked at
    ],
    ids=["at least 2", "rounded up", "one pixel", "lazy"],
)
def test_gain_is_shown_up_to_a_round_number(model: ViewerModel, data: Any, highest: float) -> None:
    plane = model.add_image(np.full((8, 8), 9, np.uint8))
    picture = MapImage("gain", data, rgb=False, has_axis=False)
    (layer,) = _add(model, plane, [picture], CHOICE, index=())
    assert list(layer.contrast_limits) == [0, highest]


def test_moved_layers_show_other_maps_in_another_place(model: ViewerModel, stack: Image) -> None:
    layers = _add(model, stack, [_picture(has_axis=True), _picture("gain 2")], CHOICE)
    gone = layers[1]
    model.layers.remove(gone)
    found = [_picture(value=1, has_axis=True), _picture(value=1)]
    move_map_layers(model, layers, found, map_geometry(read_source(stack), (2,), 1))
    assert (layers[0].data == 1).all()
    assert layers[0].data_to_world((0, 0, 0, 0))[0] == 8, "the axis of iterations stays"
    assert layers[0].data_to_world((0, 0, 0, 0))[1] == 2
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
