"""A layer as a source: read at once, so that it may change or go afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points
from napari.layers._source import layer_source

from napari_zerodce.engine.look import Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.gui.layers.provenance import LayerProvenance
from napari_zerodce.gui.layers.source import (
    active_image_layer,
    fitting_levels,
    is_source,
    read_source,
    request_for,
    source_now,
)
from napari_zerodce.imaging.windows import WindowChoice


def _levels(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    return [np.zeros(shape, np.uint8) for shape in shapes]


def test_source_stays_as_it_was_read() -> None:
    data = np.zeros((3, 8, 9), np.uint16)
    layer = Image(data, name="stack", contrast_limits=(5, 90), metadata={"a": 1}, scale=(2, 1, 1))
    source = read_source(layer)
    layer.name, layer.data, layer.contrast_limits = "other", data[:1], (0, 1)
    layer.scale = (1, 1, 1)
    layer.metadata["a"] = 2
    assert (source.name, source.contrast_limits, source.metadata) == ("stack", (5, 90), {"a": 1})
    assert source.data is data
    assert list(source.properties["scale"]) == [2, 1, 1]
    assert source.layout.leading == (3,)
    assert all(type(limit) is float for limit in source.contrast_limits)


@pytest.mark.parametrize(
    ("shape", "rgb", "channels"),
    [((8, 9), False, "mono"), ((8, 9, 3), True, "rgb"), ((8, 9, 4), True, "rgba"),
     ((8, 9, 3), False, "mono"), ((1, 1), False, "mono")],
)  # fmt: skip
def test_channels_are_those_the_layer_says(
    shape: tuple[int, ...], rgb: bool, channels: str
) -> None:
    assert read_source(Image(np.zeros(shape, np.uint8), rgb=rgb)).channels == channels


def test_factors_of_levels_are_rounded_and_0_where_planes_are_missing() -> None:
    one = read_source(Image(np.zeros((8, 9), np.uint8)))
    assert one.factors == (1,)
    plane = Image(_levels((65, 64), (32, 32), (9, 8)), multiscale=True)
    assert read_source(plane).factors == (1, 2, 7)
    stack = Image(_levels((4, 64, 64), (4, 32, 32), (2, 16, 16)), multiscale=True)
    assert read_source(stack).factors == (1, 2, 0)
    colour = Image(_levels((64, 64, 3), (16, 16, 3)), multiscale=True, rgb=True)
    assert read_source(colour).factors == (1, 4)


def test_masks_are_read_and_their_layout_says_what_is_wrong() -> None:
    source = read_source(Image(np.zeros((8, 8), bool)))
    with pytest.raises(ImageError, match="bool"):
        _ = source.layout


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (None, "There is no image layer"),
        (Labels(np.zeros((8, 9), int), name="cells"), "'cells' is a Labels layer"),
        (Points(np.zeros((1, 2)), name="dots"), "'dots' is a Points layer"),
    ],
)
def test_what_is_no_image_is_said(layer: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        read_source(layer)


def test_file_of_a_layer_is_known() -> None:
    with layer_source(path="/data/a.png"):
        layer = Image(np.zeros((8, 9)))
    assert read_source(layer).path == "/data/a.png"
    assert read_source(layer).provenance("result").source_path == "/data/a.png"
    assert read_source(Image(np.zeros((8, 9)))).path is None


def test_provenance_names_the_layer_and_its_file() -> None:
    layer = Image(np.zeros((8, 9)), name="photo")
    known = read_source(layer).provenance("maps", maps="gain")
    assert known == LayerProvenance("maps", "photo", str(layer.unique_id), maps="gain")


@pytest.mark.parametrize(
    ("name", "shown"), [("a", "a"), ("a" * 60, "a" * 60), ("a" * 61, "a" * 57 + "...")]
)
def test_long_names_are_cut_where_they_are_told(name: str, shown: str) -> None:
    assert read_source(Image(np.zeros((8, 9)), name=name)).shown_name == shown


def test_results_are_sources_and_our_other_layers_are_not() -> None:
    source = read_source(Image(np.zeros((8, 9))))
    for role, expected in (("result", True), ("live", False), ("maps", False)):
        metadata = source.provenance(role).as_metadata()  # type: ignore[arg-type]
        assert is_source(Image(np.zeros((8, 9)), metadata=metadata)) is expected
    assert is_source(Image(np.zeros((8, 9))))
    assert not is_source(Labels(np.zeros((8, 9), int)))


def test_active_layer_counts_if_it_is_an_image() -> None:
    model = ViewerModel()
    assert active_image_layer(model) is None
    image = model.add_image(np.zeros((8, 9)))
    assert active_image_layer(model) is image
    model.add_labels(np.zeros((8, 9), int))
    assert active_image_layer(model) is None


def test_request_has_the_settings_and_a_window_of_numbers() -> None:
    source = read_source(Image(np.zeros((8, 9, 3), np.uint8), rgb=True, contrast_limits=(5, 90)))
    settings = EnhanceSettings(checkpoint="zero-dce-pp", tile=32, look=Look(strength=0.5))
    request = request_for(source, settings)
    assert (request.image is source.data, request.channels) == (True, "rgb")
    assert request.settings == settings
    contrast = EnhanceSettings(window=WindowChoice("contrast"))
    assert request_for(source, contrast).settings.window == WindowChoice("range", 5, 90)


def test_source_now_has_all_that_was_changed_but_the_data(model: ViewerModel) -> None:
    layer = model.add_image(np.zeros((8, 9), np.uint8), name="a", contrast_limits=(0, 9))
    source = read_source(layer)
    layer.name, layer.scale, layer.colormap, layer.contrast_limits = "b", (2, 3), "green", (1, 8)
    now = source_now(model, source)
    assert now is not None
    assert (now.name, now.contrast_limits) == ("b", (1, 8))
    assert list(now.properties["scale"]) == [2, 3]
    assert now.properties["colormap"]["name"] == "green"
    assert now.data is source.data


def test_source_with_another_image_is_no_longer_there(model: ViewerModel) -> None:
    layer = model.add_image(np.zeros((8, 9), np.uint8))
    source = read_source(layer)
    layer.data = np.zeros((8, 9), np.uint8)
    assert source_now(model, source) is None
    layer.data = source.data
    assert source_now(model, source) is not None
    model.layers.remove(layer)
    assert source_now(model, source) is None


def test_multiscale_source_is_that_of_its_levels(model: ViewerModel) -> None:
    levels = _levels((8, 8), (4, 4))
    layer = model.add_image(levels, multiscale=True)
    source = read_source(layer)
    assert source_now(model, source) is not None
    layer.data = [levels[0], *_levels((2, 2))]
    assert source_now(model, source) is None


@pytest.mark.parametrize(
    ("labels", "shape", "expected"),
    [
        (("t", "z", "c", "y", "x"), (2, 3, 2, 8, 9), 2),
        (("Channel", "y", "x"), (3, 8, 9), 0),
        (("c", "y", "x"), (1, 8, 9), None),  # one channel is no stack of channels
        (("t", "y", "x"), (3, 8, 9), None),
        (("y", "c"), (8, 9), None),  # not before the rows
    ],
)
def test_the_axis_of_channels_is_known_by_its_label(
    model: ViewerModel, labels: tuple[str, ...], shape: tuple[int, ...], expected: int | None
) -> None:
    layer = model.add_image(np.zeros(shape, np.uint16), axis_labels=labels)
    source = read_source(layer)
    assert source.channel_axis == expected
    assert request_for(source, EnhanceSettings()).channel_axis == expected


@pytest.mark.parametrize(
    ("labels", "expected"), [("tzyx", 0), ("ztyx", 1), ("zcyx", None), (("Time", "z", "y", "x"), 0)]
)
def test_the_axis_of_time_is_known_by_its_label(
    model: ViewerModel, labels: tuple[str, ...], expected: int | None
) -> None:
    layer = model.add_image(np.zeros((2, 3, 4, 5), np.uint16), axis_labels=tuple(labels))
    source = read_source(layer)
    assert source.time_axis == expected
    assert request_for(source, EnhanceSettings()).time_axis == expected


def test_levels_that_are_no_coarser_versions_do_not_count(model: ViewerModel) -> None:
    fine = np.ones((2, 16, 16), np.uint16)
    ragged = [
        fine,
        fine[:, ::2, ::2].astype(float),  # another dtype
        np.ones((2, 32, 32), np.uint16),  # larger
        np.ones((3, 4, 4), np.uint16),  # more planes
        fine[:, ::4, ::4],
    ]
    source = read_source(model.add_image(ragged, multiscale=True))
    assert source.level_shapes == ((2, 16, 16), (2, 4, 4))
    assert fitting_levels([fine, fine[0]]) == [fine]
