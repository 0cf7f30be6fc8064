"""What a new layer does not cover is hidden, in each of napari's blending modes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.layers.base._base_constants import Blending

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceResult
from napari_zerodce.gui.layers.covered import hide_covered, is_part, mixed_with, why_mixed
from napari_zerodce.gui.layers.provenance import Role
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window


def _image(**options: Any) -> Image:
    return Image(np.zeros((8, 8), np.uint8), contrast_limits=(0, 255), **options)


def _made_of(source: Image, role: Any, **options: Any) -> Image:
    return _image(metadata=read_source(source).provenance(role).as_metadata(), **options)


MIXING = {"additive", "minimum", "multiplicative"}


@pytest.mark.parametrize("blending", [mode.value for mode in Blending])
def test_blendings_that_compute_with_what_is_below_mix(blending: str) -> None:
    whole = _image(blending=blending)
    assert why_mixed(whole) == (f"{blending} blending" if blending in MIXING else "")


@pytest.mark.parametrize(
    ("blending", "reason"),
    [("translucent", "an opacity of 0.25"), ("translucent_no_depth", "an opacity of 0.25"),
     ("opaque", ""), ("additive", "additive blending")],
)  # fmt: skip
def test_what_is_half_transparent_mixes(blending: str, reason: str) -> None:
    assert why_mixed(_image(blending=blending, opacity=0.25)) == reason


@pytest.mark.parametrize("role", ["result", "live"])
def test_source_and_its_other_results_are_hidden(role: Any) -> None:
    model = ViewerModel()
    source, channel = _image(name="green"), _image(name="red")
    old = _made_of(source, "result", name="old", blending="additive")
    new = _made_of(source, role, name="new", blending="additive")
    others = [_made_of(source, made, name=made) for made in get_args(Role) if made != "result"]
    foreign = _made_of(channel, "result", name="foreign")
    for layer in (source, channel, old, *others, foreign, new):
        model.add_layer(layer)
    assert hide_covered(model, new) == [source, old]
    hidden = [layer for layer in model.layers if not layer.visible]
    assert hidden == [source, old]
    assert hide_covered(model, new) == [], "they are hidden already"


def test_part_hides_nothing() -> None:
    model = ViewerModel()
    source = model.add_layer(_image())
    made = read_source(source).provenance("result")
    known = EnhanceResult(
        image=np.zeros((1, 8), np.uint8), channels="mono", windows=(Window(0, 255),),
        checkpoint=load_checkpoint("zero-dce").info, device="cpu", precision="float32", tile=8,
        seconds=1, look=DEFAULT_LOOK, scope=Scope((), (0, 1), (0, 8)),
    ).provenance  # fmt: skip
    metadata = replace(made, made=known).as_metadata()
    part = model.add_layer(_image(metadata=metadata, blending="additive"))
    assert is_part(part)
    assert not is_part(source)
    assert hide_covered(model, part) == []
    assert source.visible
    assert mixed_with(model, part) == [source]


def test_what_is_covered_stays_visible() -> None:
    model = ViewerModel()
    source = _image()
    new = _made_of(source, "result", blending="translucent")
    model.add_layer(source)
    model.add_layer(new)
    assert hide_covered(model, new) == []
    assert source.visible


def test_layer_without_a_source_hides_nothing() -> None:
    model = ViewerModel()
    model.add_layer(_image())
    alone = model.add_layer(_image(blending="additive"))
    assert hide_covered(model, alone) == []
    lost = model.add_layer(_made_of(_image(), "result", blending="additive"))
    assert hide_covered(model, lost) == []
