"""New runs of translators: crops of pairs and of sets, and combinations that are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation.config import TranslationRunConfig
from napari_zerodce.training.translation.crops import read_crops
from napari_zerodce.training.translation.new_run import (
    TranslationRequest,
    create_translation_run,
    settle_translation,
)

Create = Callable[..., RunFolder]
WHOLE = WindowChoice("dtype")


@pytest.fixture
def create(tmp_path: Path) -> Create:
    def make(method: str, sources: Any, targets: Any, **wish: Any) -> RunFolder:
        network = {} if "checkpoint" in wish else {"features": 2, "blocks": 1}
        changes = {"crop": 32, **network, **wish.pop("changes", {})}
        request = TranslationRequest(
            method, sources, targets, device="cpu", crops=12, changes=changes, **wish
        )
        return create_translation_run(request, tmp_path / "run")

    return make


def ramp(number: int, channels: int = 1, height: int = 80, width: int = 100) -> TrainingImage:
    """An image of which every crop tells its place."""
    rows, columns = np.mgrid[:height, :width]
    pixels = (rows * 300 + columns + number * 40_000 % 65536).astype(np.uint16)
    if channels == 1:
        return TrainingImage(f"mono {number}", pixels, "mono", WHOLE)
    return TrainingImage(f"colour {number}", np.stack([pixels] * 3, -1), "rgb", WHOLE)


def inverse(image: TrainingImage) -> TrainingImage:
    return replace(image, name=f"inverse of {image.name}", array=65535 - image.array)


def test_crops_of_pairs_come_from_the_same_places(create: Create) -> None:
    sources = [ramp(number) for number in range(2)]
    crops = read_crops(create("pix2pix", sources, [inverse(each) for each in sources]))
    assert len(crops.sources) == 12
    assert len(crops.held_sources) > 0
    assert np.array_equal(crops.targets, 65535 - crops.sources)
    assert np.array_equal(crops.held_targets, 65535 - crops.held_sources)


def test_pairs_may_have_other_channels(create: Create) -> None:
    folder = create("pix2pix", [ramp(0)], [ramp(0, channels=3)])
    crops, config = read_crops(folder), folder.config_as(TranslationRunConfig)
    assert crops.channels == (1, 3)
    assert (config.training.inputs, config.training.outputs) == (1, 3)
    assert np.array_equal(crops.targets[:, 1:2], crops.sources)


def test_sets_have_crops_of_one_size(create: Create) -> None:
    folder = create("cut", [ramp(0)], [ramp(1, height=50, width=120)], changes={"crop": 64})
    crops = read_crops(folder)
    assert crops.side == crops.targets.shape[-1] == 48
    assert folder.config_as(TranslationRunConfig).training.crop == 48
    assert any("crops have 48 pixels instead of 64" in each for each in folder.history().notices)


@pytest.mark.parametrize(("method", "side"), [("cut", 48), ("pix2pix", 32)])
def test_crops_are_as_large_as_images_and_networks_allow(
    create: Create, method: str, side: int
) -> None:
    folder = create(method, [ramp(0, 1, 63, 100)], [ramp(1, 1, 63, 100)], changes={"crop": 64})
    assert read_crops(folder).side == side
    assert f"crops have {side} pixels instead of 64" in " ".join(folder.history().notices)


@pytest.mark.parametrize("method", ["cut", "pix2pix"])
def test_the_smallest_images_are_those_that_the_sentences_tell(create: Create, method: str) -> None:
    folder = create(method, [ramp(0, 1, 32, 64)], [ramp(1, 1, 32, 64)])
    assert read_crops(folder).side == 32


def test_each_crop_is_there_once(create: Create) -> None:
    images = [ramp(number, height=32, width=32) for number in range(3)]
    crops = read_crops(create("cut", images, [ramp(3)]))
    assert len({crop.tobytes() for crop in crops.sources}) == len(crops.sources) <= 3


def test_the_run_says_what_it_learns_from(create: Create) -> None:
    folder = create("cut", [ramp(0), ramp(1)], [ramp(2)], name="a\nname")
    config = folder.config_as(TranslationRunConfig)
    assert folder.kind == "translation"
    assert (config.images, config.targets) == (("mono 0", "mono 1"), ("mono 2",))
    assert config.name == "a name"
    assert "There are 2 sources and 1 target" in folder.history().notices[0]
    with pytest.raises(RequestError, match="trains a translator, and a run that trains a network"):
        folder.config()


@pytest.mark.parametrize(
    ("method", "sources", "targets", "sentence"),
    [
        ("cut", [], [ramp(0)], "There is no source; choose one or more images."),
        ("cut", [ramp(0)], [], "There is no target"),
        ("cut", [ramp(0)], [ramp(0)], "sources and the targets are the same images"),
        ("cut", [ramp(0), ramp(0, 3)], [ramp(1)], "'mono 0' has one channel, but 'colour 0'"),
        ("cut", [ramp(0)], [ramp(1, 3)], "have 1 channel and the targets 3, and CUT compares"),
        ("cyclegan", [ramp(0)], [ramp(1, 3)], "set the identity weight to 0"),
        ("pix2pix", [ramp(0), ramp(1)], [ramp(0)], "2 sources and 1 target, and pix2pix needs"),
        ("pix2pix", [ramp(0)], [ramp(0, width=90)], "has 100x80 pixels, but its target 'mono 0'"),
        ("cut", [ramp(1)], [ramp(0, 1, 40, 48)], "The target has 48x40 pixels, .* one of 64x32"),
        ("cut", [ramp(0, 1, 20, 40)] * 2, [ramp(1)], "The largest of the 2 sources .* of 32x32"),
    ],
)
def test_refused(
    create: Create, tmp_path: Path, method: str, sources: Any, targets: Any, sentence: str
) -> None:
    with pytest.raises(RequestError, match=sentence):
        create(method, sources, targets)
    assert not (tmp_path / "run").exists()


def test_cyclegan_without_identity_goes_from_mono_to_colour(create: Create) -> None:
    folder = create("cyclegan", [ramp(0)], [ramp(1, 3)], changes={"identity": 0.0})
    assert read_crops(folder).channels == (1, 3)


# ---- from a loaded generator


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[GeneratorDesign], Path]:
    def save(design: GeneratorDesign) -> Path:
        torch.manual_seed(0)
        path = tmp_path / "generator.safetensors"
        return save_checkpoint(path, make_generator(design), licence="CC0-1.0", provenance={})

    return save


def test_a_loaded_colour_generator_sees_mono_images_as_three_channels(
    create: Create, saved: Callable[[GeneratorDesign], Path]
) -> None:
    checkpoint = saved(GeneratorDesign("resnet", features=3, depth=2))
    folder = create("cut", [ramp(0)], [ramp(1)], checkpoint=checkpoint)
    crops = read_crops(folder)
    assert crops.channels == (3, 3)
    assert np.array_equal(crops.sources[:, :1].repeat(3, 1), crops.sources)


def test_the_networks_of_a_loaded_generator_are_as_large_as_it(
    saved: Callable[[GeneratorDesign], Path],
) -> None:
    checkpoint = saved(GeneratorDesign("resnet", 1, 1, features=5, depth=3))
    config, info = settle_translation(TranslationRequest("cut", (), (), checkpoint=checkpoint))
    assert (config.inputs, config.outputs, config.features, config.blocks) == (1, 1, 5, 3)
    assert info is not None


def test_a_unet_takes_multiples_of_its_size(
    create: Create, saved: Callable[[GeneratorDesign], Path]
) -> None:
    checkpoint = saved(GeneratorDesign("unet", 1, 1, 2, depth=6, norm="batch"))
    with pytest.raises(RequestError, match="crop size is 48 px, and pix2pix, U-Net for 64 pixels"):
        create("pix2pix", [ramp(0)], [ramp(0)], checkpoint=checkpoint, changes={"crop": 48})
    with pytest.raises(RequestError, match="pix2pix, U-Net for 64 pixels with crops of 64"):
        create("pix2pix", [ramp(0)], [ramp(1)], checkpoint=checkpoint, changes={"crop": 64})
    with pytest.raises(RequestError, match="CUT compares features of a ResNet"):
        create("cut", [ramp(0)], [ramp(0)], checkpoint=checkpoint)


def test_a_generator_for_colour_refuses_to_lose_channels(
    create: Create, saved: Callable[[GeneratorDesign], Path]
) -> None:
    checkpoint = saved(GeneratorDesign("resnet", 1, 1, features=2, depth=1))
    with pytest.raises(RequestError, match="The sources have 3 channels, and the checkpoint has 1"):
        create("cut", [ramp(0, 3)], [ramp(1, 3)], checkpoint=checkpoint)


def test_weights_of_curves_are_no_start() -> None:
    with pytest.raises(RequestError, match="which gives curves, and a generator"):
        settle_translation(TranslationRequest("cut", (), (), checkpoint="zero-dce"))


def test_steps_and_minutes() -> None:
    with pytest.raises(RequestError, match="Both steps and minutes"):
        settle_translation(TranslationRequest("cut", (), (), minutes=1, changes={"steps": 4}))
