"""Settings that follow from a method and a loaded generator, and those that are refused."""

from __future__ import annotations

import pytest

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.errors import RequestError
from napari_zerodce.training.translation.configure import configure


@pytest.mark.parametrize(
    ("method", "crop", "taken"),
    [
        ("cut", 33, "CUT takes multiples of 16; choose 32 or 48"),
        ("cyclegan", 65, "CycleGAN takes multiples of 16; choose 64 or 80"),
        ("pix2pix", 33, "pix2pix takes multiples of 32; choose 32 or 64"),
        ("pix2pix", 48, "pix2pix takes multiples of 32; choose 32 or 64"),
    ],
)
def test_a_crop_that_networks_cannot_halve(method: str, crop: int, taken: str) -> None:
    sentence = f"The crop size is {crop} px, and {taken} px."
    with pytest.raises(RequestError, match=sentence):
        configure(method, "small", crop=crop)


def test_a_loaded_unet_takes_multiples_of_its_size() -> None:
    unet = GeneratorDesign("unet", 1, 2, 8, depth=7, norm="batch")
    config = configure("pix2pix", "small", loaded=unet)
    assert (config.inputs, config.outputs, config.features, config.crop) == (1, 2, 8, 128)
    sentence = "The crop size is 96 px, and pix2pix, U-Net for 128 pixels takes multiples of 128"
    with pytest.raises(RequestError, match=sentence):
        configure("pix2pix", "small", loaded=unet, crop=96)


@pytest.mark.parametrize(
    ("family", "changes", "sentence"),
    [
        ("resnet", {"features": 32}, r"4 blocks\) has 8 features, and 32 were asked for; leave"),
        ("resnet", {"blocks": 1}, "has 4 residual blocks, and 1 was asked for"),
        ("resnet", {"inputs": 3}, "has 1 input channel, and 3 were asked for"),
        ("unet", {"blocks": 2}, "has 0 residual blocks, and 2 were asked for"),
    ],
)
def test_a_loaded_generator_decides_its_network(
    family: str, changes: dict[str, int], sentence: str
) -> None:
    depth = {"resnet": 4, "unet": 7}[family]
    loaded = GeneratorDesign(family, 1, 1, 8, depth=depth)
    with pytest.raises(RequestError, match=sentence):
        configure("pix2pix", loaded=loaded, **changes)
    assert configure("pix2pix", loaded=loaded, features=8).features == 8


def test_an_unknown_method() -> None:
    with pytest.raises(RequestError, match="There is no method 'gan'; choose pix2pix, cyclegan"):
        configure("gan")
