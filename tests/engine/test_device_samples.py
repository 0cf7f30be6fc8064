"""On the device, samples become what NumPy makes of them, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from napari_zerodce.engine.device_samples import fit_on_device, normalised, restored
from napari_zerodce.imaging.intensity import Window, normalise, restore

DTYPES = ["uint8", "int8", "uint16", "int16"]
ends = st.lists(st.floats(-70_000, 70_000), min_size=2, max_size=2, unique=True).map(sorted)


@given(st.sampled_from(DTYPES), ends, st.integers(0, 2**32 - 1))
@example("uint16", [0, 65535], 0)
@example("int8", [-128, 127], 0)
@example("uint8", [99.5, 99.75], 0)
def test_it_equals_the_arithmetic_of_numpy(dtype: str, pair: list[float], seed: int) -> None:
    window = Window(*pair)
    if not fit_on_device(np.dtype(dtype), window):
        return
    generator = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    block = generator.integers(limits.min, limits.max, (3, 5, 4), np.dtype(dtype), endpoint=True)
    unit = normalised(torch.from_numpy(block), window)
    np.testing.assert_array_equal(unit.numpy(), normalise(block, window))
    brighter = np.sqrt(unit.numpy())
    made = restored(torch.from_numpy(brighter), torch.from_numpy(block), window)
    assert made.numpy().dtype == block.dtype
    np.testing.assert_array_equal(made.numpy(), restore(brighter, block, window))


def test_interleaved_colours_stay_interleaved() -> None:
    block = np.arange(60, dtype=np.uint8).reshape(5, 4, 3).transpose(2, 0, 1)
    samples = torch.from_numpy(block)
    unit = normalised(samples, Window(0, 255))
    assert unit.is_contiguous()
    made = restored(unit, samples, Window(0, 255))
    assert made.stride() == samples.stride()
    np.testing.assert_array_equal(made.numpy(), block)
    part = restored(unit[:, 1:4, :3], samples[:, 1:4, :3], Window(0, 255))
    assert part.stride() == (1, 9, 3)


@pytest.mark.parametrize(
    ("dtype", "window", "fit"),
    [
        ("uint8", Window(0, 255), True),
        ("uint16", Window(100.5, 4000), True),
        ("int16", Window(-1e9, 5), False),
        ("uint16", Window(60_000, 60_000 + 1e-6), False),
        ("uint32", Window(0, 255), False),
        ("float32", Window(0, 1), False),
    ],
)
def test_only_what_float32_holds_is_done_there(dtype: str, window: Window, *, fit: bool) -> None:
    assert fit_on_device(np.dtype(dtype), window) is fit
