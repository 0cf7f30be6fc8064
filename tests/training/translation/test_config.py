"""Settings of translators: the papers' values, the networks that follow, and mistakes."""

from __future__ import annotations

import pytest

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.errors import RequestError
from napari_zerodce.training.translation.config import configure, unet_depth


def test_weights_of_the_papers() -> None:
    config = configure("cyclegan")
    assert (config.gan, config.l1, config.cycle, config.identity) == (1, 100, 10, 0.5)
    assert [configure(method).nce_weight for method in ("cut", "fastcut")] == [1, 10]
    assert configure("fastcut", nce=0.0).nce_weight == 0


@pytest.mark.parametrize(
    ("method", "parameters"),
    [("pix2pix", 54_413_955), ("cyclegan", 11_378_179), ("cut", 11_378_179)],
)
def test_full_size_networks_are_the_published_ones(method: str, parameters: int) -> None:
    design = configure(method, "full").design
    assert design.parameters == parameters
    assert design.method == method


def test_small_networks() -> None:
    assert configure("cyclegan", "small").design.parameters == 346_371
    unet = configure("pix2pix", "small").design
    assert unet == GeneratorDesign("unet", 3, 3, 16, depth=6, norm="batch", dropout=True)


@pytest.mark.parametrize(
    ("crop", "depth"), [(32, 5), (64, 6), (96, 5), (256, 8), (512, 8), (320, 6)]
)
def test_a_unet_halves_even_sides(crop: int, depth: int) -> None:
    assert unet_depth(crop) == depth


def test_a_run_has_ten_checkpoints() -> None:
    assert configure("cut", steps=95).steps_between_checkpoints == 10
    assert configure("cut", steps=3).steps_between_checkpoints == 1
    assert configure("cut", steps=95, checkpoint_steps=7).steps_between_checkpoints == 7


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"crop": 16}, "The crop size is 16 px; give 32 or more."),
        ({"nce": -1}, "The PatchNCE weight is -1; give 0 or more."),
        ({"colour": 1}, "The training setting colour is invalid"),
    ],
)
def test_mistakes(changes: dict[str, int], sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        configure("cut", **changes)


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
