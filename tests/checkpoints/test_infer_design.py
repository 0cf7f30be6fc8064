"""The design of a generator follows from the names and shapes of its tensors."""

from __future__ import annotations

from itertools import product

import pytest

from napari_zerodce.checkpoints.infer_design import design_of
from napari_zerodce.core.translators.design import GeneratorDesign

NORMS = ("instance", "batch", "none")
CHANNELS = ((3, 3), (1, 1), (6, 2))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("depth", [1, 6, 9])
def test_every_resnet(norm, channels, depth):
    for flags in product((False, True), repeat=3):
        design = GeneratorDesign("resnet", *channels, 5, depth, norm, *flags)
        assert design_of(design.shapes) == design


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("depth", [2, 5, 7, 8])
def test_every_unet(norm, channels, depth):
    design = GeneratorDesign("unet", *channels, 5, depth, norm)
    assert design_of(design.shapes) == design


# Written out from the official classes' own output, so that both sides cannot be wrong together.
CYCLEGAN = {
    "model.1.weight": (64, 3, 7, 7),
    "model.1.bias": (64,),
    "model.4.weight": (128, 64, 3, 3),
    "model.4.bias": (128,),
    "model.7.weight": (256, 128, 3, 3),
    "model.7.bias": (256,),
    "model.10.conv_block.1.weight": (256, 256, 3, 3),
    "model.10.conv_block.1.bias": (256,),
    "model.10.conv_block.5.weight": (256, 256, 3, 3),
    "model.10.conv_block.5.bias": (256,),
    "model.11.weight": (256, 128, 3, 3),
    "model.11.bias": (128,),
    "model.14.weight": (128, 64, 3, 3),
    "model.14.bias": (64,),
    "model.18.weight": (3, 64, 7, 7),
    "model.18.bias": (3,),
}
CUT_UP_ONLY = {
    "model.1.weight": (8, 1, 7, 7),
    "model.1.bias": (8,),
    "model.4.weight": (16, 8, 3, 3),
    "model.4.bias": (16,),
    "model.7.weight": (32, 16, 3, 3),
    "model.7.bias": (32,),
    "model.10.conv_block.1.weight": (32, 32, 3, 3),
    "model.10.conv_block.1.bias": (32,),
    "model.10.conv_block.6.weight": (32, 32, 3, 3),
    "model.10.conv_block.6.bias": (32,),
    "model.11.filt": (32, 1, 4, 4),
    "model.12.weight": (16, 32, 3, 3),
    "model.12.bias": (16,),
    "model.15.filt": (16, 1, 4, 4),
    "model.16.weight": (8, 16, 3, 3),
    "model.16.bias": (8,),
    "model.20.weight": (2, 8, 7, 7),
    "model.20.bias": (2,),
}


@pytest.mark.parametrize(
    ("shapes", "design"),
    [
        (CYCLEGAN, GeneratorDesign("resnet", 3, 3, 64, 1)),
        (
            CUT_UP_ONLY,
            GeneratorDesign("resnet", 1, 2, 8, 1, "instance", dropout=True, antialias_up=True),
        ),
    ],
)
def test_layouts_written_by_hand(shapes, design):
    assert design_of(shapes) == design
    assert list(design.shapes.items()) == list(shapes.items())


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"e_conv1.weight": (32, 3, 3, 3)},
        {"model.1.weight": (64, 3, 7, 7)},  # no block
        {"model.1.weight": (64, 3, 3, 3), "model.2.conv_block.1.weight": (3,)},
        {"model.model.0.weight": (64, 3, 4, 4)},  # one halving
        {"model.model.0.weight": (64, 3, 4, 4), "model" + ".model" * 5000: (1,)},
        {"model.model.0.weight": (64,)},
        {"model.1.weight": ()},
        {**CYCLEGAN, "model.1.weight": (0, 3, 7, 7)},
    ],
)
def test_what_is_no_generator(shapes):
    assert design_of(shapes) is None
