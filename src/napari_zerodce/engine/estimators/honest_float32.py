"""Float32 on a GPU that is really float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
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
    _flags.enter()
    try:
        yield
    finally:
        _flags.leave()


class _Flags:
    """cuDNN's flags are those of the process: the first thread sets them, the last restores them.

    If each thread did both, one that ends would give TF32 to another one that still computes.
    """

    def __init__(self) -> None:
        self._lock, self._threads, self._set = Lock(), 0, ExitStack()

    def enter(self) -> None:
        from torch.backends import cudnn

        with self._lock:
            if not self._threads:
                self._set.enter_context(cudnn.flags(enabled=True, allow_tf32=False))
            self._threads += 1

    def leave(self) -> None:
        with self._lock:
            self._threads -= 1
            if not self._threads:
                self._set.close()


_flags = _Flags()
