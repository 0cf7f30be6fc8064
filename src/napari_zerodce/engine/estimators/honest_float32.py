"""Float32 on a GPU that is really float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@contextmanager
def honest_float32(device: torch.device) -> Iterator[None]:
    """Compute convolutions in float32.

    By default cuDNN computes them with 10-bit mantissas (TF32), which is not the float32 that the
    user chose.

    Parameters
    ----------
    device : torch.device
    """
    if device.type != "cuda":
        yield
        return
    from torch.backends import cudnn

    with cudnn.flags(enabled=True, allow_tf32=False):
        yield
