"""Layers in, requests out; results in, layers out: nothing of the source's geometry is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.requests import EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.layers.results import (
    add_result,
    data_of_source,
    display_range,
    insert_quietly,
    is_inserting,
    made_from,
    newest_result_of,
    source_layer_of,
    topmost_of,
    weights_name,
)
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.imaging.intensity import Window, WindowChoice
from napari_zerodce.imaging.scope import Scope

INFO = CheckpointInfo(
    name="zero-dce",
    architecture="zero-dce",
    scale_factor=1,
    parameters=79_416,
    sha256="ab" * 32,
    path=Path("zero-dce.safetensors"),
    licence="BSD-3-Clause",
    provenance={},
)


def _result(
    image: np.ndarray, channels: Any = "mono", window: Window | None = None
) -> EnhanceResult:
    return EnhanceResult(
        image=image,
        channels=channels,
        windows=(window or Window(0, 255),),
        checkpoint=INFO,
        device="cpu",
        precision="float32",
        tile=256,
        seconds=0.1,
    )


def test_result_lies_on_its_source_in_every_respect() -> None:
    source = Image(
        np.zeros((2, 3, 8, 9), np.uint16),
        name="frame",
        scale=(1, 2, 0.5, 0.25),
        translate=(0, 5, 6, 7),
        rotate=np.eye(4),
        affine=np.diag([1, 1, 2, 2, 1]),
        units=("s", "um", "um", "um"),
        axis_labels=("t", "z", "y", "x"),
        colormap="green",
        contrast_limits=(10, 900),
        metadata={"operator": "me"},
    )
    viewer = ViewerModel()
    viewer.add_layer(source)
    layer = add_result(
        viewer, read_source(source), _result(source.data + 1, window=Window(10, 900))
    )
    for name in ("scale", "translate", "rotate", "shear"):
        np.testing.assert_array_equal(getattr(layer, name), getattr(source, name))
    np.testing.assert_array_equal(layer.affine.affine_matrix, source.affine.affine_matrix)
    assert layer.units == source.units
    assert layer.axis_labels == ("t", "z", "y", "x")
    assert layer.colormap.name == "green"
    assert layer.contrast_limits == [10, 900]
    assert layer.metadata["operator"] == "me"
    assert layer.metadata[METADATA_KEY]["source"] == "frame"
    assert layer.metadata[METADATA_KEY]["checkpoint_sha256"] == "ab" * 32
    assert layer.data.dtype == np.uint16


def test_result_of_a_part_lies_on_it_and_says_which() -> None:
    viewer = ViewerModel()
    source = viewer.add_image(
        np.zeros((9, 20, 30), np.uint16),
        name="frames",
        scale=(2, 0.5, 0.25),
        translate=(1, 5, 6),
        rotate=20,
        contrast_limits=(0, 255),
    )
    scope = Scope(((7, 8),), (4, 10), (5, 30))
    result = replace(_result(np.zeros((1, 6, 25), np.uint16)), scope=scope, look=DEFAULT_LOOK)
    layer = add_result(viewer, read_source(source), result)
    assert layer.name == "frames [Zero-DCE, plane 7, region]"
    np.testing.assert_allclose(layer.data_to_world((0, 1, 2)), source.data_to_world((7, 5, 7)))
    np.testing.assert_array_equal(layer.scale, source.scale)
    assert layer.metadata[METADATA_KEY]["part"] == "7:8,4:10,5:30"


def test_part_of_a_multiscale_source_is_multiscale_on_its_part() -> None:
    viewer = ViewerModel()
    levels = [np.zeros((64 // n, 80 // n), np.uint8) for n in (1, 2, 4)]
    source = viewer.add_image(levels, multiscale=True, scale=(3, 3), contrast_limits=(0, 255))
    scope = Scope((), (8, 40), (16, 80))
    result = replace(_result(np.zeros((32, 64), np.uint8)), scope=scope)
    coarser = [np.zeros(shape, np.uint8) for shape in ((16, 32), (8, 16))]
    layer = add_result(viewer, read_source(source), result, coarser)
    assert [level.shape for level in layer.data] == [(32, 64), (16, 32), (8, 16)]
    np.testing.assert_allclose(layer.data_to_world((0, 0)), source.data_to_world((8, 16)))


def test_several_selected_layers_stay_selected() -> None:
    viewer = ViewerModel()
    layers = {viewer.add_image(np.zeros((8, 8)), name=name) for name in "ab"}
    viewer.layers.selection = layers
    insert_quietly(viewer, Image(np.zeros((8, 8))), above=viewer.layers[0])
    assert viewer.layers.selection == layers


def test_rgb_keeps_the_geometry_of_its_two_spatial_axes() -> None:
    source = Image(np.zeros((8, 9, 4), np.uint8), rgb=True, scale=(0.5, 0.25), name="photo")
    read = read_source(source)
    assert read.channels == "rgba"
    viewer = ViewerModel()
    viewer.add_layer(source)
    layer = add_result(viewer, read, _result(source.data, "rgba"))
    assert layer.rgb
    np.testing.assert_array_equal(layer.scale, (0.5, 0.25))


def test_three_planes_are_not_taken_for_colour() -> None:
    source = Image(np.zeros((40, 50, 3), np.uint8), rgb=False)
    assert read_source(source).channels == "mono"
    viewer = ViewerModel()
    viewer.add_layer(source)
    assert not add_result(viewer, read_source(source), _result(source.data)).rgb


@pytest.mark.parametrize(
    ("limits", "window", "shown"),
    [
        ((0, 255), (0, 255), (0, 255)),
        ((90, 1000), (100, 900), (90, 1000)),
        ((100, 300), (50, 2000), (50, 2000)),  # narrowed by the user to see anything
        ((0, 65535), (100, 900), (100, 900)),  # widened by a hot pixel
    ],
)
def test_before_and_after_are_shown_alike_where_that_shows_anything(
    limits: tuple[float, float], window: tuple[float, float], shown: tuple[float, float]
) -> None:
    source = Image(np.zeros((8, 9), np.uint16), contrast_limits=limits)
    viewer = ViewerModel()
    viewer.add_layer(source)
    layer = add_result(viewer, read_source(source), _result(source.data, window=Window(*window)))
    assert tuple(layer.contrast_limits) == shown
    assert tuple(source.contrast_limits) == limits


def test_result_goes_on_top_of_its_source_and_takes_no_other_layers_name() -> None:
    viewer = ViewerModel()
    source = viewer.add_image(np.zeros((8, 9), np.uint8), name="a")
    above = viewer.add_image(np.zeros((8, 9), np.uint8), name="a [Zero-DCE]")
    layer = add_result(viewer, read_source(source), _result(source.data))
    assert list(viewer.layers) == [source, layer, above]
    assert above.name == "a [Zero-DCE]"
    assert layer.name != above.name
    assert viewer.layers.selection.active is above  # as it was


def test_source_deleted_meanwhile_loses_no_result() -> None:
    viewer = ViewerModel()
    source = viewer.add_image(np.zeros((8, 9), np.uint8), name="a")
    read = read_source(source)
    viewer.layers.clear()
    layer = add_result(viewer, read, _result(read.data))
    assert list(viewer.layers) == [layer]


def test_multiscale_takes_the_finest_level_and_the_given_coarser_ones() -> None:
    levels = [np.full(shape, 7, np.uint8) for shape in ((64, 80), (32, 40), (16, 20))]
    source = Image(levels, multiscale=True)
    read = read_source(source)
    assert read.data.shape == (64, 80)
    viewer = ViewerModel()
    viewer.add_layer(source)
    layer = add_result(viewer, read, _result(levels[0]), levels[1:])
    assert layer.multiscale
    assert all(made is given for made, given in zip(layer.data, levels, strict=True))


def test_request_takes_the_layers_own_array_and_limits() -> None:
    source = Image(np.zeros((8, 9), np.uint16), contrast_limits=(100, 300))
    read = read_source(source)
    request = request_for(
        read,
        EnhanceSettings(window=WindowChoice("contrast"), checkpoint="zero-dce-pp", device="cpu"),
    )
    assert request.image is source.data
    assert request.settings.window == WindowChoice("range", 100, 300)
    assert request.settings.checkpoint == "zero-dce-pp"


def test_no_layer_and_no_image_are_said() -> None:
    with pytest.raises(RequestError, match="no image layer"):
        read_source(None)
    with pytest.raises(RequestError, match="'cells' is a Labels layer"):
        read_source(Labels(np.zeros((8, 9), int), name="cells"))


# ---- layers are found again


@pytest.fixture
def photo(model: ViewerModel) -> Image:
    return model.add_image(np.zeros((8, 9), np.uint8), name="photo")


def _made_of(viewer: ViewerModel, source: Image, role: Any, name: str = "") -> Image:
    metadata = read_source(source).provenance(role).as_metadata()
    layer: Image = viewer.add_image(np.ones((8, 9), np.uint8), name=name or role, metadata=metadata)
    return layer


def test_layers_of_a_source_are_found_by_their_roles(model: ViewerModel, photo: Image) -> None:
    other = model.add_image(np.zeros((8, 9), np.uint8))
    first = _made_of(model, photo, "result", "first")
    maps = _made_of(model, photo, "maps")
    _made_of(model, other, "result")
    second = _made_of(model, photo, "result", "second")
    photo.name = "renamed"
    assert made_from(model, photo, {"result"}) == [first, second]
    assert made_from(model, photo, {"result", "maps"}) == [first, maps, second]
    assert topmost_of(model, photo, {"result"}) is second
    model.layers.move(model.layers.index(second), 0)
    assert topmost_of(model, photo, {"result"}) is first
    assert topmost_of(model, photo, {"live"}) is photo


def test_newest_result_is_the_active_one_or_the_topmost(model: ViewerModel, photo: Image) -> None:
    assert newest_result_of(model, None) is None
    assert newest_result_of(model, photo) is None
    _made_of(model, photo, "live")
    assert newest_result_of(model, photo) is None
    first, second = (_made_of(model, photo, "result", name) for name in ("first", "second"))
    model.layers.selection.active = photo
    assert newest_result_of(model, photo) is second
    model.layers.selection.active = first
    assert newest_result_of(model, photo) is first


def test_newest_result_of_a_result_is_itself_or_what_was_made_from_it(
    model: ViewerModel, photo: Image
) -> None:
    first = _made_of(model, photo, "result", "first")
    model.layers.selection.active = photo
    assert newest_result_of(model, first) is first
    again = _made_of(model, first, "result", "again")
    model.layers.selection.active = photo
    assert newest_result_of(model, first) is again
    model.layers.selection.active = first
    assert newest_result_of(model, first) is first


def test_source_of_a_layer_is_found_until_it_is_gone(model: ViewerModel, photo: Image) -> None:
    result = _made_of(model, photo, "result")
    assert source_layer_of(model, result) is photo
    assert data_of_source(model, result) is photo.data
    assert source_layer_of(model, photo) is None
    assert data_of_source(model, photo) is None
    model.layers.remove(photo)
    assert source_layer_of(model, result) is None
    assert data_of_source(model, result) is None


# ---- inserted


def test_inserting_keeps_what_is_selected(model: ViewerModel, photo: Image) -> None:
    above = model.add_image(np.zeros((8, 9)), name="above")
    model.layers.selection = {photo, above}
    model.layers.selection.active = photo
    new = Image(np.zeros((8, 9)), name="new")
    insert_quietly(model, new, above=photo)
    assert list(model.layers) == [photo, new, above]
    assert model.layers.selection.active is photo
    gone = Image(np.zeros((8, 9)))
    last = Image(np.zeros((8, 9)), name="last")
    insert_quietly(model, last, above=gone)
    assert model.layers[-1] is last


def test_meanwhile_is_told(model: ViewerModel, photo: Image) -> None:
    told: list[bool] = []
    model.layers.selection.events.active.connect(lambda _: told.append(is_inserting(model)))
    insert_quietly(model, Image(np.zeros((8, 9))), above=photo)
    assert told
    assert all(told), "the new layer is active for a moment"
    model.layers.selection.active = model.layers[1]
    assert told[-1] is False


def test_first_layer_of_an_empty_viewer_becomes_active(model: ViewerModel) -> None:
    new = Image(np.zeros((8, 9)))
    insert_quietly(model, new, above=Image(np.zeros((8, 9))))
    assert model.layers.selection.active is new


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_inserting_a_layer_with_one_more_axis_keeps_the_view(
    model: ViewerModel, ndisplay: int
) -> None:
    stack = model.add_image(np.zeros((5, 8, 9)), name="stack")
    model.dims.set_point(0, 3)
    model.dims.ndisplay = ndisplay
    camera = model.scene.camera
    camera.zoom, camera.center, camera.angles = 8, (0, 2, 3), (10, 20, 30)
    insert_quietly(model, Image(np.zeros((9, 5, 8, 9)), name="maps"), above=stack)
    assert model.dims.ndim == 4
    assert (camera.zoom, camera.center, camera.angles) == (8, (0, 2, 3), (10, 20, 30))
    assert model.dims.ndisplay == ndisplay
    assert model.dims.point[1] == 3


def test_first_layer_of_an_empty_viewer_fits_into_the_view(model: ViewerModel) -> None:
    model.scene.camera.center = (0, 900, 900)
    insert_quietly(model, Image(np.zeros((9, 9))), above=Image(np.zeros((8, 9))))
    assert model.scene.camera.center[1:] == (4, 4)


# ---- shown and named


@pytest.mark.parametrize(
    ("limits", "window", "shown"),
    [
        ((0, 100), (0, 100), (0, 100)),
        ((0, 100), (20, 70), (0, 100)),  # exactly half of the limits
        ((0, 100), (20, 69), (20, 69)),  # less than half
        ((1, 100), (0, 100), (0, 100)),  # the limits cut the window below
        ((0, 99), (0, 100), (0, 100)),  # and above
        ((-5, 5), (-1e-9, 1e-9), (-1e-9, 1e-9)),
    ],
)
def test_result_is_displayed_as_its_source_if_that_shows_the_window(
    limits: tuple[float, float], window: tuple[float, float], shown: tuple[float, float]
) -> None:
    assert display_range(limits, Window(*window)) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("zero-dce-pp", "Zero-DCE++"), ("published-zero-dce", "published-zero-dce"), ("my", "my")],
)
def test_weights_are_named_as_people_know_them(name: str, shown: str) -> None:
    assert weights_name(replace(INFO, name=name)) == shown


def test_tuned_weights_have_the_name_that_the_user_gave() -> None:
    run = Path("runs") / "2026 photo" / "checkpoints" / "step-000120.safetensors"
    facts = {"step": "120 of 500"}
    tuned = replace(INFO, name=run.name, path=run, provenance=facts)
    assert weights_name(tuned) == "step 120 of 2026 photo"
    named = replace(tuned, provenance=facts | {"given_name": "cells of November"})
    assert weights_name(named) == "cells of November, step 120"


def test_name_of_a_result_says_weights_and_look(model: ViewerModel, photo: Image) -> None:
    result = replace(_result(photo.data), look=replace(DEFAULT_LOOK, strength=0.5, iterations=1))
    layer = add_result(model, read_source(photo), result)
    assert layer.name == "photo [Zero-DCE, strength 0.5, 1 iteration]"
    again = add_result(model, read_source(photo), result)
    assert list(model.layers) == [photo, layer, again], "the newest is above older ones"


def test_name_of_a_result_is_short_for_the_default_look(model: ViewerModel, photo: Image) -> None:
    for look, name in ((DEFAULT_LOOK, "Zero-DCE"), (Look(), "Zero-DCE, no detail limit")):
        layer = add_result(model, read_source(photo), replace(_result(photo.data), look=look))
        assert layer.name == f"photo [{name}]"
        assert layer.metadata[METADATA_KEY]["look"] == look.as_dict()
