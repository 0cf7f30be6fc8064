"""Blocks become tensors of any memory order without a change; the GPU's part is in test_gpu.py."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.engine.estimators.cuda_transfer import in_host_memory

COUNTED = np.arange(2 * 4 * 6).reshape(2, 4, 6)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", ">u2", "float32"])
@pytest.mark.parametrize(
    "block",
    [COUNTED, COUNTED.transpose(2, 0, 1), COUNTED[:, ::-1, 1:4], COUNTED[:, :1], COUNTED[:0]],
    ids=["contiguous", "interleaved", "reversed", "one row", "empty"],
)
def test_a_copy_has_the_samples_and_the_memory_order(block: np.ndarray, dtype: str) -> None:
    block = block.astype(dtype, order="K")
    copied = in_host_memory(block, pinned=False)
    np.testing.assert_array_equal(copied.numpy(), block)
    assert not np.shares_memory(copied.numpy(), block)


def test_memory_that_cannot_be_pinned_serves_too(monkeypatch) -> None:
    empty, pinned = torch.empty, []

    def without_room(*shape: object, pin_memory: bool = False, **options: object) -> torch.Tensor:
        pinned.append(pin_memory)
        if pin_memory:
            raise RuntimeError("CUDA error: out of memory")
        return empty(*shape, **options)

    monkeypatch.setattr(torch, "empty", without_room)
    np.testing.assert_array_equal(in_host_memory(COUNTED, pinned=True).numpy(), COUNTED)
    assert pinned == [True, False]


def test_interleaved_colours_stay_interleaved() -> None:
    block = np.zeros((4, 6, 3), np.uint8).transpose(2, 0, 1)
    assert in_host_memory(block, pinned=False).stride() == (1, 18, 3)
