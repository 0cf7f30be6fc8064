"""Generators: the tensors of official files, and how far their pixels see."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from napari_zerodce.core.translators.blur import BlurredDoubling, BlurredHalving
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import ResNetGenerator, make_generator

RESNETS = [
    GeneratorDesign("resnet", 3, 1, 4, depth, norm, dropout, down, up)
    for depth, norm, dropout, down, up in itertools.product(
        (1, 6), ("instance", "batch", "none"), (False, True), (False, True), (False, True)
    )
]
UNETS = [
    GeneratorDesign("unet", 1, 3, 4, depth, norm, dropout)
    for depth, norm, dropout in itertools.product(
        (5, 7, 8), ("instance", "batch", "none"), (False, True)
    )
]


@pytest.mark.parametrize("design", RESNETS + UNETS, ids=str)
def test_shapes_without_torch_are_those_of_the_state_dict_in_its_order(
    design: GeneratorDesign,
) -> None:
    network = make_generator(design)
    tensors = network.state_dict()
    assert list(tensors) == list(design.shapes)
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == design.shapes
    assert design.parameters == sum(weights.numel() for weights in network.parameters())


@pytest.mark.parametrize(
    ("design", "parameters", "tensors"),
    [
        (GeneratorDesign("resnet"), 11_378_179, 48),
        (GeneratorDesign("resnet", depth=6), 7_837_699, 36),
        (GeneratorDesign("resnet", antialias_down=True, antialias_up=True), 11_378_179, 52),
        (GeneratorDesign("unet", depth=8, norm="batch"), 54_413_955, 82),
        (GeneratorDesign("unet", depth=7, norm="batch"), 41_828_995, 70),
    ],
    ids=str,
)
def test_official_sizes(design: GeneratorDesign, parameters: int, tensors: int) -> None:
    assert design.parameters == parameters
    assert len(design.shapes) == tensors


def test_titles() -> None:
    assert GeneratorDesign("resnet").title == "CycleGAN, ResNet with 9 blocks"
    assert GeneratorDesign("resnet", antialias_up=True).title == "CUT, ResNet with 9 blocks"
    assert GeneratorDesign("unet", depth=8).title == "pix2pix, U-Net for 256 pixels"
    assert GeneratorDesign("unet", 1, 3).channels == "1 -> 3 channels"
    assert GeneratorDesign("unet", 3, 1).channels == "3 -> 1 channel"
    assert GeneratorDesign("resnet", depth=1).title == "CycleGAN, ResNet with 1 block"


@pytest.mark.parametrize("design", [RESNETS[0], RESNETS[3], UNETS[0]], ids=str)
def test_translation_has_the_size_of_the_picture(design: GeneratorDesign) -> None:
    network = make_generator(design)
    sides = (design.multiple * 2, design.multiple * 3)
    translated = network(torch.rand(2, design.inputs, *sides))
    assert translated.shape == (2, design.outputs, *sides)
    assert translated.abs().max() <= 1


@pytest.mark.parametrize(
    ("down", "up", "exact"), [(False, False, True), (True, True, True), (True, False, False)]
)
def test_no_pixel_sees_further_than_the_radius(down: bool, up: bool, exact: bool) -> None:
    design = GeneratorDesign("resnet", 1, 1, 2, 2, "none", antialias_down=down, antialias_up=up)
    network = make_generator(design).double()
    for weights in network.parameters():
        nn.init.constant_(weights, 0.02)
    *layers, _tanh = network.model.children()
    assert design.receptive_radius is not None
    furthest = 0
    for place in range(128, 132):  # each phase of the quarter of the resolution
        picture = torch.ones(1, 1, 256, 256, dtype=torch.float64, requires_grad=True)
        nn.Sequential(*layers)(picture)[0, 0, place, place].backward()
        seen = picture.grad[0, 0].nonzero()
        furthest = max(furthest, place - int(seen.min()), int(seen.max()) - place)
    assert furthest <= design.receptive_radius
    assert (furthest == design.receptive_radius) is exact


def test_features_are_outputs_of_layers_and_nothing_more_is_computed() -> None:
    network = make_generator(GeneratorDesign("resnet", 1, 1, 2, 1))
    assert isinstance(network, ResNetGenerator)
    picture = torch.rand(1, 1, 16, 16)
    network.model[5].register_forward_hook(lambda *_: pytest.fail("a later layer was computed"))
    padded, convolved = network.features(picture, (0, 4))
    assert torch.equal(padded, nn.ReflectionPad2d(3)(picture))
    layers = list(network.model.children())[:5]
    assert torch.equal(convolved, nn.Sequential(*layers)(picture))


def test_blurs_keep_a_constant_picture() -> None:
    picture = torch.full((1, 2, 6, 8), 0.7)
    assert torch.allclose(BlurredHalving(2)(picture), torch.full((1, 2, 3, 4), 0.7))
    assert torch.allclose(BlurredDoubling(2)(picture), torch.full((1, 2, 12, 16), 0.7))


def test_blurred_halving_by_hand() -> None:
    picture = torch.tensor([[[[0.0, 16.0, 0.0, 0.0]] * 3]])
    # Columns 0 and 2 of (1, 2, 1) / 4 over mirrored columns: (16 + 0 + 16) / 4, (16 + 0 + 0) / 4.
    assert torch.equal(BlurredHalving(1)(picture)[0, 0], torch.tensor([[8.0, 4.0]] * 2))
