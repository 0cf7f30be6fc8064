"""A layer with a part of its source says which part, and lies on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine.requests import EnhanceResult
from napari_zerodce.gui.layers.parts import describe_part, offset_in_source
from napari_zerodce.gui.layers.source import Source, read_source
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window


def _source(shape: tuple[int, ...], **properties: Any) -> Source:
    return read_source(Image(np.zeros(shape, np.uint16), **properties))


FRAMES = _source((20, 30, 40))
MOVIE = _source((6, 4, 30, 40), axis_labels=("t", "z", "y", "x"))


@pytest.mark.parametrize(
    ("source", "part", "words"),
    [
        (FRAMES, "7,:,:", "plane 7"),
        (FRAMES, "3:10,:,:", "planes 3 to 9"),
        (FRAMES, "0:20,:,0:5", "region"),
        (FRAMES, "19,0:5,:", "plane 19, region"),
        (MOVIE, "3,:,:,:", "t 3"),
        (MOVIE, "1:3,2,:,:", "t 1 to 2, z 2"),
        (MOVIE, "0:6,0:3,1:2,1:2", "z 0 to 2, region"),
        (_source((1, 30, 40)), ":,0:5,:", "region"),
    ],
)
def test_part_is_said_as_the_sliders_count(source: Source, part: str, words: str) -> None:
    assert describe_part(source, Scope.parse(part, source.layout)) == words


def test_all_needs_no_words() -> None:
    assert describe_part(FRAMES, None) == ""


def _result(part: str, shape: tuple[int, ...]) -> Image:
    """Return a result layer of FRAMES with such a part in its metadata."""
    result = EnhanceResult(
        image=np.zeros(shape, np.uint16),
        channels="mono",
        windows=(Window(0, 1),),
        checkpoint=load_checkpoint("zero-dce").info,
        device="cpu",
        precision="float32",
        tile=8,
        seconds=0,
    )
    made = replace(result.provenance, part=part)
    return Image(result.image, metadata=FRAMES.provenance("result", made=made).as_metadata())


@pytest.mark.parametrize(
    ("part", "shape", "offset"),
    [
        ("", (20, 30, 40), (0, 0, 0)),
        ("7:8,10:15,20:40", (1, 5, 20), (7, 10, 20)),
        ("7:8,10:15,20:40", (1, 5, 19), None),
        ("7:8,10:15,20:41", (1, 5, 21), None),
        ("nonsense", (1, 5, 21), None),
    ],
)
def test_result_lies_where_its_metadata_say_if_that_can_be(
    part: str, shape: tuple[int, ...], offset: tuple[int, ...] | None
) -> None:
    assert offset_in_source(_result(part, shape), FRAMES.data) == offset


def test_data_of_another_kind_have_no_such_part() -> None:
    result = _result("", (20, 30, 40))
    assert offset_in_source(result, np.zeros((20, 31, 40))) is None
    assert offset_in_source(result, np.zeros((20, 30, 40), bool)) is None
    assert offset_in_source(Image(np.zeros((20, 30, 40))), FRAMES.data) is None, "no result"
