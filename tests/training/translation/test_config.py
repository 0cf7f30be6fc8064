"""Settings of translators: the papers' values, the networks that follow, and invalid values."""

from __future__ import annotations

import pytest

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.errors import RequestError
from napari_zerodce.training.translation.config import unet_depth
from napari_zerodce.training.translation.configure import configure


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
