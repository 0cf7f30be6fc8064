"""Presets: what each is for, what wins over it, and the scale that suits a crop."""

from __future__ import annotations

import subprocess
import sys

import pytest

from napari_zerodce.checkpoints.info import Architecture
from napari_zerodce.checkpoints.registry import ImageKind
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.errors import RequestError
from napari_zerodce.training.config import LossWeights, TrainingConfig
from napari_zerodce.training.presets import (
    PRESET_TITLES,
    PRESETS,
    Preset,
    at_crop,
    configure,
    preset_for,
)

ARCHITECTURES: tuple[Architecture, ...] = ("zero-dce", "zero-dce-pp")


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_preset_is_possible_and_survives_json(
    preset: Preset, architecture: Architecture
) -> None:
    config = configure(preset, architecture, scale_factor=12)
    assert config.architecture == architecture
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config
    assert PRESET_TITLES[preset]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_published_is_what_was_published(architecture: Architecture) -> None:
    config = configure("published", architecture, scale_factor=12)
    assert (config.learning_rate, config.final_learning_rate, config.warm_up) == (1e-4, 1e-4, 0)
    assert (config.batch, config.crop, config.scale_factor) == (8, 256, 1)
    assert (config.target, config.exposure_stops) == (0.6, (0, 0))
    assert config.weights == LossWeights()
    assert config.smoothness == SmoothnessKind()
    assert config == configure("published", architecture, from_scratch=True)


def test_fluorescence_keeps_the_background_and_is_dimmer() -> None:
    photo, cells = (configure(name, "zero-dce-pp") for name in ("photo", "fluorescence"))
    assert (photo.keep_background, cells.keep_background) == (False, True)
    assert cells.target < photo.target == 0.6
    assert (photo.encoding, cells.encoding) == ("srgb", "linear")


def test_photos_are_trained_with_bright_copies_too() -> None:
    low, high = configure("photo", "zero-dce").exposure_stops
    assert low < 0 < high


def test_few_photos_keep_their_hues_and_many_make_grey() -> None:
    photo, few = (configure(name, "zero-dce-pp") for name in ("photo", "few-photos"))
    assert (photo.weights.colour, photo.weights.channels) == (5, 0)
    assert (few.weights.colour, few.weights.channels) == (0, 100)
    assert few.model_copy(update={"weights": photo.weights}) == photo


@pytest.mark.parametrize(
    ("made_for", "images", "preset"),
    [
        ("photo", 1, "few-photos"),
        ("photo", 19, "few-photos"),
        ("photo", 20, "photo"),
        ("fluorescence", 1, "fluorescence"),
        ("fluorescence", 500, "fluorescence"),
    ],
)
def test_images_have_a_preset(made_for: ImageKind, images: int, preset: Preset) -> None:
    assert preset_for(made_for, images) == preset


def test_a_part_of_the_weights_leaves_the_others_to_the_preset() -> None:
    config = configure("few-photos", "zero-dce", weights={"spatial": 3.0})
    assert config.weights == LossWeights(spatial=3, colour=0, channels=100)
    assert configure("few-photos", "zero-dce", weights=LossWeights()).weights == LossWeights()


def test_a_part_of_the_smoothness_leaves_the_others_to_the_preset() -> None:
    kind = configure("photo-without-facets", "zero-dce", smoothness={"period": 9.0}).smoothness
    assert kind == SmoothnessKind({2: 1.0}, normalisation="period", edge_aware=True, period=9.0)


def test_from_scratch_learns_faster() -> None:
    tuned = configure("photo", "zero-dce")
    scratch = configure("photo", "zero-dce", from_scratch=True)
    assert scratch.learning_rate == 1e-3 > tuned.learning_rate


def test_what_was_chosen_wins_over_preset_and_scratch() -> None:
    config = configure(
        "fluorescence", "zero-dce-pp", from_scratch=True, learning_rate=7e-4, target=0.3, steps=9
    )
    assert (config.learning_rate, config.target, config.steps) == (7e-4, 0.3, 9)
    assert config.keep_background


@pytest.mark.parametrize(
    ("scale_factor", "pixel_size"), [(1, 1), (4, 1), (6, 1.5), (8, 2), (12, 3)]
)
def test_pixels_of_thumbnails_are_a_quarter_of_the_scale(
    scale_factor: int, pixel_size: float
) -> None:
    config = configure("photo", "zero-dce-pp", scale_factor=scale_factor)
    assert (config.scale_factor, config.smoothness.pixel_size) == (scale_factor, pixel_size)
    whole = configure("photo", "zero-dce", scale_factor=scale_factor)
    assert (whole.scale_factor, whole.smoothness.pixel_size) == (1, 1)


def test_a_pixel_size_of_ones_own_is_scaled() -> None:
    kind = SmoothnessKind(orders={2: 1.0}, pixel_size=2.0)
    config = configure("photo", "zero-dce-pp", scale_factor=12, smoothness=kind)
    assert config.smoothness == SmoothnessKind(orders={2: 1.0}, pixel_size=6.0)


@pytest.mark.parametrize(
    ("crop", "scale_factor", "pixel_size"),
    [(256, 12, 3), (128, 8, 2), (64, 4, 1), (32, 2, 1), (16, 1, 1)],
)
def test_small_crops_keep_thumbnails_of_16_pixels(
    crop: int, scale_factor: int, pixel_size: float
) -> None:
    config = at_crop(configure("photo", "zero-dce-pp", scale_factor=12), crop)
    assert (config.crop, config.scale_factor) == (crop, scale_factor)
    assert config.smoothness.pixel_size == pytest.approx(pixel_size)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"stepz": 3}, r"training setting stepz is invalid: "),
        ({"steps": 0}, r"number of steps is 0; give 1 to 1,000,000,000\."),
        ({"target": 1.0}, r"exposure target is 1; give above 0, below 1\."),
        ({"weights": {"colour": -1}}, r"colour weight is -1; give 0 or more\."),
        ({"learning_rate": float("nan")}, r"learning rate is nan; give a number above 0"),
        ({"exposure_stops": (0, 9)}, r"training setting exposure_stops.* is invalid: "),
    ],
)
def test_impossible_settings_are_one_sentence(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(RequestError, match=f"^The {complaint}") as caught:
        configure("photo", "zero-dce-pp", **changes)
    assert "\n" not in str(caught.value)


def test_descending_stops_are_told_without_a_file_nobody_gave() -> None:
    with pytest.raises(RequestError, match="exposure_stops") as caught:
        configure("photo", "zero-dce-pp", exposure_stops=(3, -1))
    assert "the file" not in str(caught.value)


def test_an_unknown_preset_is_told_with_the_known_ones() -> None:
    with pytest.raises(
        RequestError, match="no preset 'xray'; choose photo, few-photos, photo-with"
    ):
        configure("xray", "zero-dce")  # type: ignore[arg-type]


def test_presets_do_not_need_torch() -> None:
    code = "import sys, napari_zerodce.training.presets; sys.exit('torch' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], check=False, timeout=200)
    assert child.returncode == 0
