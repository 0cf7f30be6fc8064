"""The flags of cuDNN hold as long as any thread needs them; they exist without a GPU, too."""

from __future__ import annotations

import torch
from torch.backends import cudnn

from napari_zerodce.engine.estimators.honest_float32 import honest_float32

GPU = torch.device("cuda")


def test_the_last_one_restores_the_flags() -> None:
    assert cudnn.allow_tf32
    first, second = honest_float32(GPU), honest_float32(GPU)
    with first:
        second.__enter__()
        assert not cudnn.allow_tf32
    assert not cudnn.allow_tf32  # the second one still computes
    second.__exit__(None, None, None)
    assert cudnn.allow_tf32


def test_a_cpu_needs_no_flags() -> None:
    with honest_float32(torch.device("cpu")):
        assert cudnn.allow_tf32
