"""The way of pixels to a GPU and back: from pinned memory, beside the computation.

One stream computes, in the order of the calls of all threads; so a result that several threads
share needs no care. Two further streams copy: while the GPU computes one tile, the next one comes
and the last one goes. PCIe carries 50 GB/s from pinned memory and a fifth of it from other memory
(benchmarks/gpu.py measures both).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.device import import_torch

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Array = np.ndarray[Any, Any]


class CudaTransfer:
    """Copies pixels to a GPU of CUDA and back; threads may share it.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: torch.device) -> None:
        cuda = import_torch().cuda
        self._device = device
        self._up, self._down = cuda.Stream(device), cuda.Stream(device)

    def upload(self, block: Array) -> Tensor:
        """Return a copy on the GPU, which may still be on its way.

        The stream that computes waits for it; the calling thread does not.

        Parameters
        ----------
        block : ndarray
            Of a dtype that torch has, in any byte order. Its memory order is kept.
        """
        cuda = import_torch().cuda
        computing = cuda.current_stream(self._device)
        # Torch keeps the pinned memory until the copy has ended, and uses it again afterwards.
        staged = in_host_memory(block, pinned=True)
        with cuda.stream(self._up):
            samples = staged.to(self._device, non_blocking=True)
            arrived = self._up.record_event()
        computing.wait_event(arrived)
        samples.record_stream(computing)  # else the next upload may get its memory too early
        return samples

    def download(self, values: Tensor) -> Array:
        """Return a copy in the memory of the CPU; the calling thread waits for it.

        Parameters
        ----------
        values : Tensor
            Its memory order is kept.
        """
        torch = import_torch()
        computing = torch.cuda.current_stream(self._device)
        self._down.wait_event(computing.record_event())
        host = _pinned_if_possible(partial(torch.empty_like, values, device="cpu"))
        # A thread that waits for a blocking event sleeps: napari needs the core more.
        gone = torch.cuda.Event(blocking=True)
        with torch.cuda.stream(self._down):
            host.copy_(values, non_blocking=True)
            gone.record()
        gone.synchronize()
        array: Array = host.numpy()
        return array


@cache
def transfer_for(device: torch.device) -> CudaTransfer:
    """Return the transfer of a device, which all runs on it share."""
    return CudaTransfer(device)


def in_host_memory(block: Array, *, pinned: bool) -> Tensor:
    """Return a copy as a tensor with the memory order of the block.

    Interleaved colours stay interleaved: to pick them apart takes a CPU ten times as long as to
    copy them, and a GPU no time.

    Parameters
    ----------
    block : ndarray
        Of a dtype that torch has, in any byte order.
    pinned : bool
        Whether the GPU can read the memory while the CPU does other things.
    """
    torch = import_torch()
    order = sorted(range(block.ndim), key=lambda axis: -abs(block.strides[axis]))
    dtype = getattr(torch, block.dtype.name)
    ordered = block.transpose(order)
    empty = partial(torch.empty, ordered.shape, dtype=dtype)
    copied = _pinned_if_possible(empty) if pinned else empty()
    np.copyto(copied.numpy(), ordered)
    return copied.permute([order.index(axis) for axis in range(block.ndim)])


def _pinned_if_possible(empty: Callable[..., Tensor]) -> Tensor:
    """Return new memory of the CPU; without enough of it to pin, copies only take longer.

    The error of pinned memory says "out of memory", but smaller tiles would not help the GPU.
    """
    try:
        return empty(pin_memory=True)
    except RuntimeError:
        return empty()
