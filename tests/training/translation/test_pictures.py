"""What generators make of crops: as on whole images, and whether it is inverted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.training.translation.pictures import (
    brightness_correlation,
    difference_to,
    side_by_side,
    translate,
)


def crops(count: int, channels: int = 1, side: int = 32) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.integers(0, 65536, (count, channels, side, side), np.uint16)


def test_translates_one_by_one_and_changes_no_weights() -> None:
    torch.manual_seed(0)
    generator = make_generator(GeneratorDesign("unet", 1, 3, 2, 5, "batch", dropout=True)).train()
    before = {name: each.clone() for name, each in generator.state_dict().items()}
    whole = translate(generator, crops(3))
    assert whole.shape == (3, 3, 32, 32)
    assert np.array_equal(translate(generator, crops(3)[1:2])[0], whole[1])
    after = generator.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert generator.training


def test_a_result_that_is_not_finite() -> None:
    generator = make_generator(GeneratorDesign("resnet", 1, 1, 2, 1))
    with torch.no_grad():
        generator.model[1].weight.fill_(float("nan"))
    assert translate(generator, crops(1)) is None
    assert np.isnan(difference_to(crops(1), generator, crops(1)))


def test_difference_is_in_units_of_networks() -> None:
    generator = make_generator(GeneratorDesign("resnet", 1, 1, 2, 1))
    made = translate(generator, crops(2))
    assert difference_to(made, generator, crops(2)) == 0
    other = np.where(made > 32768, made - 6554, made + 6554).astype(np.uint16)
    assert difference_to(other, generator, crops(2)) == pytest.approx(0.2, abs=1e-3)


def test_correlation_of_brightness() -> None:
    sources = crops(2, channels=3)
    assert brightness_correlation(sources, sources) == pytest.approx(1)
    assert brightness_correlation(sources, 65535 - sources) == pytest.approx(-1)
    half = np.stack([sources[0], 65535 - sources[1]])
    assert brightness_correlation(sources, half) == pytest.approx(0)
    assert brightness_correlation(sources, np.full_like(sources, 7)) == 0
    assert brightness_correlation(sources[:0], sources[:0]) == 0


def test_side_by_side() -> None:
    row = side_by_side(crops(3))
    assert row.shape == (1, 32, 96)
    assert np.array_equal(row[:, :, 32:64], crops(3)[1])
