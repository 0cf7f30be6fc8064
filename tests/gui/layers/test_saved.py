"""What is saved of a layer: plain values, in the terms of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from napari.layers._source import layer_source

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.lazy_array import BlockKey, Grid, LazyArray
from napari_zerodce.gui.layers.lazy_blocks import LazyBlocks
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.layers.saved import find_provenance, image_to_save, layer_tuple
from napari_zerodce.gui.session.session import Session
from napari_zerodce.imaging.files.saved import SavedImage, write_saved

PLANES = np.zeros((2, 5, 6), np.uint16)


def saved(layer: Image) -> SavedImage:
    data, properties, _ = layer.as_layer_data_tuple()
    return image_to_save(data, properties)


def test_files_are_told_axes_sizes_and_units() -> None:
    layer = Image(
        PLANES,
        name="cells",
        axis_labels=("time", "y", "x"),
        units=("min", "nm", "um"),
        scale=(2, 3, 4),
        translate=(5, 6, 7),
        contrast_limits=(1, 90),
    )
    image = saved(layer)
    assert image.axes == "TYX"
    assert image.units == ("minute", "nanometer", "micrometer")
    assert (image.scale, image.translate) == ((2, 3, 4), (5, 6, 7))
    assert (image.name, image.limits, image.channels) == ("cells", (1, 90), "mono")


def test_lazy_layer_is_saved_whole_or_not_at_all(qtbot: Any) -> None:
    blocks = LazyBlocks(Session(), title="planes", compute=lambda _key: None, most_bytes=10**6)
    lazy = LazyArray(blocks, Grid((2, 5, 6), (5, 6), 1), np.float32)
    layer = Image(lazy, rgb=False, multiscale=False, contrast_limits=(0, 1))
    blocks.put(BlockKey(0, (0,)), (np.ones((5, 6), np.float32),))
    with pytest.raises(RequestError, match="1 of 2 parts of this layer are not in memory"):
        saved(layer)
    blocks.put(BlockKey(0, (1,)), (np.ones((5, 6), np.float32),))
    np.testing.assert_array_equal(saved(layer).levels[0], np.ones((2, 5, 6)))
    blocks.release()


@pytest.mark.parametrize(("samples", "channels"), [(3, "rgb"), (4, "rgba")])
def test_colour_is_no_axis_of_the_layer(samples: int, channels: str) -> None:
    image = saved(Image(np.zeros((2, 5, 6, samples), np.uint8), rgb=True))
    assert (image.axes, image.channels, len(image.scale)) == ("ZYX", channels, 3)


def test_facts_are_what_json_has() -> None:
    facts = saved(Image(PLANES, colormap="turbo", units=("s", "um", "um"))).facts
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


@pytest.mark.parametrize(
    "odd", [print, {1, 2}, float("nan"), np.array([np.inf]), {"deep": [object()]}]
)
def test_metadata_that_json_cannot_hold_are_left_out(odd: Any) -> None:
    metadata = {"odd": odd, 3: "no text", "kept": {"array": np.arange(2), "pair": (1, None)}}
    kept = saved(Image(PLANES, metadata=metadata)).facts["metadata"]
    assert kept == {"kept": {"array": [0, 1], "pair": [1, None]}}


def test_a_live_view_is_no_layer_of_ours_any_more() -> None:
    for role, kept in (("live", set()), ("result", {METADATA_KEY}), ("maps", {METADATA_KEY})):
        metadata = saved(Image(PLANES, metadata={METADATA_KEY: {"role": role}})).facts["metadata"]
        assert set(metadata) == kept


def test_the_layer_is_made_again() -> None:
    layer = Image(PLANES[0], colormap="green", rotate=10, name="cells", rendering="iso")
    data, properties, kind = layer_tuple(saved(layer))
    again = Image(data, **properties)
    assert kind == "image"
    assert again.colormap == layer.colormap
    assert (again.name, again.rendering) == ("cells", "iso")
    np.testing.assert_array_equal(again.rotate, layer.rotate)


@pytest.mark.parametrize("name", ["a.zerodce.tif", "a.ome.zarr"])
def test_provenance_is_found_in_the_file_that_another_reader_opened(
    tmp_path: Path, name: str
) -> None:
    made = Image(PLANES, metadata={METADATA_KEY: {"role": "result", "source": "photo"}, "a": 1})
    write_saved(tmp_path / name, saved(made))
    with layer_source(path=str(tmp_path / name), reader_plugin="napari"):
        layer = Image(PLANES, metadata={"mine": 1})
    find_provenance(layer)
    assert layer.metadata == {METADATA_KEY: {"role": "result", "source": "photo"}, "mine": 1}
    layer.metadata[METADATA_KEY] = "own"
    find_provenance(layer)
    assert layer.metadata[METADATA_KEY] == "own"


@pytest.mark.parametrize(
    "path", [None, "photo.png", "gone.ome.zarr", "gone.zerodce.tif", "http://a"]
)
def test_other_layers_stay_as_they_are(path: str | None) -> None:
    with layer_source(path=path):
        layer = Image(PLANES, metadata={"mine": 1})
    find_provenance(layer)
    assert layer.metadata == {"mine": 1}
