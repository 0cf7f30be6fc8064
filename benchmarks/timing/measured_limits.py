"""What this machine can do, as contenders that take turns with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch

from timing.turns import Contender
from timing.work import Limits

PRODUCT: Final = "a matrix product"
COPY: Final = "a copy in memory"
BUS: Final = "copies to the device and back at once"

LIMITS: Final = (PRODUCT, COPY, BUS)


class LimitContenders:
    """A matrix product, a copy in memory and, for a GPU, copies over the bus.

    Parameters
    ----------
    device : str
    dtype : torch.dtype, optional
        Of the matrices.
    side : int
        Of the matrices.
    copied : int
        Bytes of a copy: many times those of the cache.
    """

    def __init__(
        self,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        *,
        side: int = 1536,
        copied: int = 2**28,
    ) -> None:
        self._device, self._side, self._copied = device, side, copied
        self._matrix = torch.rand(side, side, device=device).to(dtype)
        self._from = torch.zeros(copied, dtype=torch.uint8, device=device)
        self._to = torch.empty_like(self._from)

    def contenders(self) -> dict[str, Contender]:
        """Return the functions to time, by name."""
        found: dict[str, Contender] = {
            PRODUCT: lambda: self._matrix @ self._matrix,
            COPY: lambda: self._to.copy_(self._from),
        }
        return found if self._device == "cpu" else {**found, BUS: self._over_the_bus()}

    def _over_the_bus(self) -> Contender:
        pinned = [torch.zeros(self._copied, dtype=torch.uint8, pin_memory=True) for _ in range(2)]
        streams = torch.cuda.Stream(self._device), torch.cuda.Stream(self._device)

        def copy() -> None:
            with torch.cuda.stream(streams[0]):
                self._to.copy_(pinned[0], non_blocking=True)
            with torch.cuda.stream(streams[1]):
                pinned[1].copy_(self._from, non_blocking=True)

        return copy

    def limits(self, seconds: Mapping[str, float]) -> Limits:
        """Return the limits from the seconds that the contenders took.

        Parameters
        ----------
        seconds : Mapping of str to float
        """
        bus = self._copied / seconds[BUS] if BUS in seconds else float("inf")
        return Limits(2 * self._side**3 / seconds[PRODUCT], 2 * self._copied / seconds[COPY], bus)
