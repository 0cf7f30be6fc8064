"""Crops: where they come from is read off images whose pixels say where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_zerodce.errors import Cancelled, ImageError, RequestError, ZeroDCEError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training.crop_sampler import sample_crops
from napari_zerodce.training.crops import CROPS, Crops, CropSet, TrainingImage

Place = tuple[int, int, int]

DTYPE = WindowChoice("dtype")
"""Maps 16-bit samples to themselves: 65535 is 1."""


def mono_places(height: int = 250, width: int = 250) -> NDArray[np.uint16]:
    """Each pixel is its own number, row by row."""
    return np.arange(height * width, dtype=np.uint16).reshape(height, width)


def colour_places(number: int, height: int, width: int) -> NDArray[np.uint16]:
    """Red is 300 times the row, green 300 times the column, blue 1000 times the picture."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([300 * rows, 300 * columns, 0 * rows + 1000 * number], 2).astype(np.uint16)


def colour_origins(crops: CropSet) -> list[Place]:
    """Picture, row and column of each crop's first pixel."""
    first = crops.values[:, :, 0, 0].astype(int)
    return [(blue // 1000, red // 300, green // 300) for red, green, blue in first]


def mono_origins(crops: CropSet, width: int = 250) -> list[Place]:
    return [(0, *divmod(int(values[0, 0, 0]), width)) for values in crops.values]


def overlapping(some: list[Place], others: list[Place], side: int) -> list[tuple[Place, Place]]:
    return [
        (one, other)
        for one in some
        for other in others
        if one[0] == other[0] and all(abs(one[i] - other[i]) < side for i in (1, 2))
    ]


def only_crop_trained_on(crops: Crops) -> bool:
    return np.array_equal(crops.training.values, crops.validation.values)


def test_crops_are_the_pixels_of_the_image_at_native_resolution() -> None:
    image = mono_places()
    crops = sample_crops([TrainingImage("a", image, "mono", DTYPE)], side=32, count=24)
    assert crops.training.values.shape == (24, 1, 32, 32)
    assert crops.training.values.dtype == np.uint16
    assert (crops.side, crops.notices) == (32, ())
    for values in crops.training.values:
        row, column = divmod(int(values[0, 0, 0]), 250)
        assert np.array_equal(values[0], image[row : row + 32, column : column + 32])


@pytest.mark.parametrize("seed", range(5))
def test_no_training_crop_overlaps_one_that_is_held_back(seed: int) -> None:
    images = [
        TrainingImage(str(number), colour_places(number, height, width), "rgb", DTYPE)
        for number, (height, width) in enumerate([(200, 200), (150, 210), (90, 180)])
    ]
    crops = sample_crops(images, side=32, seed=seed, count=64)
    training, held_back = colour_origins(crops.training), colour_origins(crops.validation)
    assert (len(training), len(held_back)) == (64, 8)
    assert not overlapping(training, held_back, 32)
    assert {number for number, _, _ in training} == {0, 1, 2}, "all images alike"


def test_training_crops_are_spread_over_the_picture() -> None:
    crops = sample_crops([TrainingImage("a", mono_places(), "mono", DTYPE)], side=32)
    origins = mono_origins(crops.training)
    assert len(origins) == CROPS
    assert len(set(origins)) > 0.9 * CROPS
    for axis in (1, 2):
        # A strip of 32 pixels at one end may be held back.
        assert min(origin[axis] for origin in origins) < 32 + 20
        assert max(origin[axis] for origin in origins) > 250 - 32 - 32 - 20


@pytest.mark.parametrize(
    ("image", "side", "least"), [(512, 256, 2), (1024, 256, 32), (320, 128, 8), (64, 32, 2)]
)
def test_one_picture_of_a_usual_size_leaves_most_of_it_to_train_on(
    image: int, side: int, least: int
) -> None:
    """A photo of 1024 pixels has 16 places for crops of 256 that do not overlap."""
    pixels = np.random.default_rng(0).integers(0, 255, (image, image), np.uint8)
    crops = sample_crops([TrainingImage("a", pixels, "mono")], side=side)
    assert crops.notices == ()
    assert not only_crop_trained_on(crops)
    assert len(np.unique(crops.training.values, axis=0)) >= least, "different crops"


@pytest.mark.parametrize("count", [2, 3, 8])
def test_of_a_few_images_as_small_as_crops_some_are_trained_on(count: int) -> None:
    images = [
        TrainingImage(str(number), colour_places(number, 32, 32), "rgb", DTYPE)
        for number in range(count)
    ]
    crops = sample_crops(images, side=32)
    training = {number for number, _, _ in colour_origins(crops.training)}
    held_back = {number for number, _, _ in colour_origins(crops.validation)}
    assert not training & held_back
    assert training | held_back == set(range(count))
    assert crops.notices == ()


def test_same_seed_same_crops_other_seed_other_crops() -> None:
    picture = TrainingImage("a", mono_places(), "mono", DTYPE)
    first, again, other = (sample_crops([picture], side=32, seed=seed) for seed in (7, 7, 8))
    for name in ("training", "validation"):
        one, two = getattr(first, name), getattr(again, name)
        assert np.array_equal(one.values, two.values)
        assert np.array_equal(one.background, two.background)
    assert not np.array_equal(first.training.values, other.training.values)


# ---- kinds of images


def test_planes_of_a_stack_are_all_used() -> None:
    stack = np.arange(16 * 64 * 64, dtype=np.uint16).reshape(16, 64, 64)
    crops = sample_crops([TrainingImage("stack", stack, "mono", DTYPE)], side=32)
    origins = [
        tuple(int(place) for place in np.unravel_index(values[0, 0, 0], stack.shape))
        for values in (*crops.training.values, *crops.validation.values)
    ]
    assert {plane for plane, _, _ in origins} == set(range(16))
    for (plane, row, column), values in zip(origins, crops.training.values, strict=False):
        assert np.array_equal(values[0], stack[plane, row : row + 32, column : column + 32])
    trained, kept = origins[: len(crops.training)], origins[len(crops.training) :]
    assert not overlapping(trained, kept, 32)


def test_one_plane_of_a_stack_can_be_chosen() -> None:
    stack = np.arange(2 * 3 * 96 * 100, dtype=np.uint16).reshape(2, 3, 96, 100)
    picture = TrainingImage("stack", stack, "mono", DTYPE, index=(1, 2))
    crops = sample_crops([picture], side=32)
    for values in (*crops.training.values, *crops.validation.values):
        assert np.unravel_index(values[0, 0, 0], stack.shape)[:2] == (1, 2)


def test_alpha_is_left_out_and_colours_stay_in_order() -> None:
    colours = colour_places(3, 100, 120)
    alpha = np.random.default_rng(0).integers(0, 65535, (100, 120, 1), np.uint16)
    rgba = TrainingImage("a", np.concatenate([colours, alpha], 2), "rgba", DTYPE)
    rgb = TrainingImage("a", colours, "rgb", DTYPE)
    with_alpha, without = (sample_crops([picture], side=32, count=8) for picture in (rgba, rgb))
    assert with_alpha.training.values.shape == (8, 3, 32, 32)
    assert np.array_equal(with_alpha.training.values, without.training.values)


def test_eight_bits_fill_the_range() -> None:
    image = mono_places(16 * 8, 250) // 256
    picture = TrainingImage("a", image.astype(np.uint8), "mono", DTYPE)
    values = sample_crops([picture], side=32, count=8).training.values
    assert not (values % 257).any()
    assert np.isin(values // 257, image).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_window_is_mapped_to_0_and_1(dtype: type) -> None:
    image = np.tile(np.array([500, 1000, 2000, 3000, 5000], dtype), (200, 40))
    window = WindowChoice("range", 1000, 3000)
    values = sample_crops(
        [TrainingImage("a", image, "mono", window)], side=32, count=8
    ).training.values
    assert set(np.unique(values)) == {0, 32768, 65535}, "0.5 is 32767.5; beyond the window clipped"


@pytest.mark.parametrize("seed", range(4))
def test_every_crop_shows_the_region(seed: int) -> None:
    region = np.zeros((125, 125), bool)
    region[40:50, 60:70] = region[80, 30] = True
    picture = TrainingImage("a", mono_places(), "mono", DTYPE, region=region, region_step=2)
    crops = sample_crops([picture], side=32, count=16, seed=seed)
    whole = region.repeat(2, 0).repeat(2, 1)
    training, held_back = mono_origins(crops.training), mono_origins(crops.validation)
    for _, row, column in training + held_back:
        assert whole[row : row + 32, column : column + 32].any()
    assert not overlapping(training, held_back, 32)


def test_crops_have_their_middle_in_a_region_that_is_wide() -> None:
    """But for those that would overlap what is held back."""
    region = np.zeros((250, 250), bool)
    region[100:150] = True
    picture = TrainingImage("a", mono_places(), "mono", DTYPE, region=region)
    origins = mono_origins(sample_crops([picture], side=32).training)
    inside = [100 <= row + 16 < 150 for _, row, _ in origins]
    assert sum(inside) > 0.7 * len(origins)


def test_regions_at_the_border_give_crops_inside() -> None:
    region = np.zeros((250, 250), bool)
    region[:3] = True
    picture = TrainingImage("a", mono_places(), "mono", DTYPE, region=region)
    crops = sample_crops([picture], side=32, count=16)
    assert {row for _, row, _ in mono_origins(crops.training)} == {0}


def test_a_region_without_pixels_is_one_sentence() -> None:
    region = np.zeros((250, 250), bool)
    with pytest.raises(ZeroDCEError, match="region"):
        sample_crops([TrainingImage("a", mono_places(), "mono", DTYPE, region=region)], side=32)


# ---- small images


def test_smaller_images_among_larger_ones_are_padded_with_their_mirror_image() -> None:
    large, small = colour_places(0, 120, 120), colour_places(1, 20, 40)
    images = [TrainingImage("0", large, "rgb", DTYPE), TrainingImage("1", small, "rgb", DTYPE)]
    crops = sample_crops(images, side=32)
    assert crops.side == 32
    (notice,) = crops.notices
    assert notice.startswith("1 of 2 images have fewer than 32 rows or columns: their crops")
    values = np.concatenate([crops.training.values, crops.validation.values])
    padded = values[values[:, 2, 0, 0] == 1000]
    assert len(padded)
    for crop in padded:
        column = int(crop[1, 0, 0]) // 300
        whole = small[:, column : column + 32].transpose(2, 0, 1)
        assert np.array_equal(crop[:, :20], whole)
        assert np.array_equal(crop[:, 20:], whole[:, :7:-1]), "rows 19 down to 8"


@pytest.mark.parametrize(
    ("height", "width", "side"), [(64, 100, 48), (40, 40, 16), (250, 64, 64), (32, 16, 16)]
)
def test_one_small_picture_has_smaller_crops_of_which_one_is_held_back(
    height: int, width: int, side: int
) -> None:
    image = 40 * mono_places(height, width) % 60000
    crops = sample_crops([TrainingImage("a", image, "mono", DTYPE)], side=128)
    assert crops.side == side
    assert crops.notices[0] == f"The images are small: crops have {side} pixels instead of 128."
    assert not only_crop_trained_on(crops)
    assert len(crops.notices) == 1


def test_crops_of_a_multiple_of_16_pixels_are_not_blamed_on_the_images() -> None:
    crops = sample_crops([TrainingImage("a", mono_places(), "mono", DTYPE)], side=40)
    assert not any("images are small" in notice for notice in crops.notices)


def test_where_there_is_one_crop_only_it_serves_for_both_and_that_is_told() -> None:
    image = np.zeros((128, 128), np.uint8)
    image[54:74, 54:74] = 200
    crops = sample_crops([TrainingImage("a", image, "mono", DTYPE)], side=32)
    assert only_crop_trained_on(crops)
    assert crops.notices == ("There is only one crop: it is used for training and for validation.",)


# ---- what cannot be trained on

ONE_PIXEL = TrainingImage("dot.png", np.full((1, 1, 3), 9, np.uint8), "rgb")
BLACK = TrainingImage("black.png", np.zeros((64, 64, 3), np.uint8), "rgb")
GREY = TrainingImage("grey.tif", np.full((64, 64), 700, np.uint16), "mono")
NOT_A_NUMBER = TrainingImage("nan.npy", np.full((64, 64), np.nan, np.float32), "mono")
MASK = TrainingImage("mask.npy", np.ones((64, 64), bool), "mono")
GOOD = TrainingImage("good.png", colour_places(0, 64, 64), "rgb")


@pytest.mark.parametrize(
    ("images", "kind", "complaint"),
    [
        ([], RequestError, "no image"),
        ([ONE_PIXEL], ImageError, "1x1 pixels, too few .*32x16"),
        ([BLACK], ImageError, "'black.png' is black or constant"),
        ([GREY], ImageError, "'grey.tif' is black or constant"),
        ([NOT_A_NUMBER], ImageError, "'nan.npy' is black or constant"),
        ([BLACK, BLACK], ImageError, "All 2 images are black or constant"),
        ([MASK], ImageError, "'mask.npy' cannot be used for training: .*mask"),
        ([GOOD, GREY], RequestError, "'good.png' has colour, but 'grey.tif' has one channel"),
    ],
)
def test_what_cannot_be_trained_on_is_one_sentence(
    images: list[TrainingImage], kind: type[ZeroDCEError], complaint: str
) -> None:
    with pytest.raises(kind, match=complaint) as caught:
        sample_crops(images, side=32)
    assert "\n" not in str(caught.value)


def test_too_small_images_are_told_with_the_size_of_the_largest() -> None:
    images = [TrainingImage(str(side), mono_places(side, side), "mono") for side in (8, 12, 10)]
    with pytest.raises(ImageError, match="The largest of the images has 12x12 pixels"):
        sample_crops(images, side=32)


def test_black_images_and_black_parts_are_passed_over() -> None:
    half = np.zeros((200, 200), np.uint16)
    half[:, 100:] = mono_places(200, 100) * 3
    images = [
        TrainingImage("half", half, "mono", DTYPE),
        TrainingImage("none", 0 * half, "mono", DTYPE),
    ]
    crops = sample_crops(images, side=32, count=32)
    assert len(crops.training) == 32
    assert (np.ptp(crops.training.values.reshape(32, -1), axis=1) > 500).all()


def test_crops_with_nan_are_passed_over() -> None:
    image = np.random.default_rng(0).random((128, 128), np.float32)
    image[:64] = np.nan
    crops = sample_crops([TrainingImage("a", image, "mono")], side=32, count=16)
    assert len(crops.training) == 16


def test_stopping_is_cancelled() -> None:
    answers = iter([False, False, False, True])
    with pytest.raises(Cancelled):
        sample_crops([GOOD], side=32, should_stop=lambda: next(answers))


# ---- background


def test_the_background_ends_between_the_dark_and_the_bright_patches() -> None:
    generator = np.random.default_rng(0)
    dim, bright = (generator.normal(level, 300, (256, 128)) for level in (2000, 40000))
    cells = np.concatenate([dim, bright], 1).astype(np.uint16)
    night = TrainingImage("night", (cells / 8).astype(np.uint16), "mono", DTYPE)
    crops = sample_crops([TrainingImage("cells", cells, "mono", DTYPE), night], side=32, count=64)
    bright_crops = crops.training.values.max(axis=(1, 2, 3)) > 10000
    of_cells = crops.training.background[bright_crops]
    assert len(set(of_cells)) == 1, "one limit for each picture"
    assert 3000 / 65535 < of_cells[0] < 39000 / 65535
    others = set(crops.training.background) - set(of_cells)
    assert len(others) == 1
    assert 2000 / 8 / 65535 < others.pop() < 39000 / 8 / 65535


def test_patches_that_are_all_alike_have_no_background() -> None:
    rows, columns = np.mgrid[:128, :128]
    checkers = ((rows + columns) % 2 * 60000).astype(np.uint16)
    crops = sample_crops([TrainingImage("a", checkers, "mono", DTYPE)], side=32, count=8)
    assert (crops.training.background < 0).all()
    assert (crops.validation.background < 0).all()


def test_what_is_held_back_is_like_what_is_trained_on() -> None:
    """Dark and bright images alike: validation is not left to the few that chance picks."""
    texture = (mono_places() % 40 * 50).astype(np.uint16)
    images = [
        TrainingImage(str(level), texture + np.uint16(level), "mono", DTYPE)
        for level in range(0, 60_000, 3_000)
    ]
    crops = sample_crops(images, side=32)
    assert len(crops.validation) == 16
    training, held_back = (part.values.mean() for part in (crops.training, crops.validation))
    assert held_back == pytest.approx(training, rel=0.15)
    levels = np.unique(crops.validation.values.reshape(16, -1).min(1) // 3_000)
    assert len(levels) == 16, "each is from another image"


# ---- partners


def test_partners_have_crops_from_the_same_places(dark_image) -> None:
    images = [
        replace(
            image, partner=replace(image, name="partner", array=255 - image.array, window=DTYPE)
        )
        for image in (replace(dark_image(seed), window=DTYPE) for seed in range(2))
    ]
    crops = sample_crops(images, side=32, seed=0, count=6)
    for part in (crops.training, crops.validation):
        assert part.partners is not None
        assert np.array_equal(part.partners, 65535 - part.values)


def test_crops_without_partners_have_none(dark_image) -> None:
    assert sample_crops([dark_image()], side=32, count=2).training.partners is None
