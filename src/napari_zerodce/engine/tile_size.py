"""The side of tiles: small enough for all threads, and halved when a device runs out of memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from napari_zerodce.device import (
    Device,
    MemoryErrorsTranslated,
    OutOfDeviceMemory,
    release_memory,
    smaller_tile,
)

_SMALLEST_SHARED: Final = 64
"""Smaller tiles would consist mostly of halo."""

_STEP: Final = 16
"""Pixels between the sides that are compared."""


def count_of_tiles(shape: tuple[int, int], side: int) -> int:
    """Return how many tiles a plane, or a region of one, is cut into.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    side : int
        Largest side of a tile in pixels.
    """
    rows, columns = shape
    return -(-rows // side) * -(-columns // side)


def side_for_all(side: int, shape: tuple[int, int], *, planes: int, workers: int, halo: int) -> int:
    """Return the side of tiles with which workers are done first.

    Larger tiles have less halo, and smaller ones keep all workers busy until the end.

    Parameters
    ----------
    side : int
        Largest side in pixels that suits the device.
    shape : tuple of int
        Rows and columns of each plane.
    planes : int
        Number of planes.
    workers : int
        Number of tiles that are processed at a time.
    halo : int
        Pixels around a tile that are processed with it.
    """

    def pixels(side: int) -> int:
        """Return how many pixels the busiest worker processes."""
        rounds = -(-planes * count_of_tiles(shape, side) // workers)
        # Tiles are equal parts of a plane, as `imaging.tiling` cuts them.
        parts = [-(-length // -(-length // side)) for length in shape]
        return rounds * (parts[0] + 2 * halo) * (parts[1] + 2 * halo)

    sides = range(side, min(side, _SMALLEST_SHARED) - 1, -_STEP)
    return min(sides, key=pixels)  # of equal ones the largest


class TileSize:
    """The present side of tiles, and notices for the user about it; threads may share it.

    Parameters
    ----------
    device : Device
    side : int
        Of the first tiles, in pixels.
    stack : int, optional
        Number of planes that are processed as one.
    """

    def __init__(self, device: Device, side: int, *, stack: int = 1) -> None:
        self._device = device
        self.side, self.stack = side, stack
        self.notices: list[str] = []
        self._lock = threading.Lock()

    def fits(self, count: int, attempt: Callable[[], None]) -> bool:
        """Call `attempt` for a stack of planes, and return whether there was memory for it.

        If not, later stacks have half as many planes.

        Parameters
        ----------
        count : int
            Number of its planes.
        attempt : callable
        """
        try:
            with MemoryErrorsTranslated():
                attempt()
            return True
        except OutOfDeviceMemory:
            with self._lock:
                self.stack = min(self.stack, max(1, count // 2))
        release_memory(self._device)  # not in the handler, as below
        return False

    def shrink_until_it_fits(self, attempt: Callable[[int], None]) -> None:
        """Call `attempt` with the side of tiles, and again with half of it while memory runs out.

        Raises
        ------
        DeviceError
            If there is too little memory for the smallest tiles too.
        """
        while True:
            tile = self.side
            try:
                with MemoryErrorsTranslated():
                    attempt(tile)
                return
            except OutOfDeviceMemory:
                self._shrink(tile)
            # Not in the handler: there the traceback still holds the tensors of the attempt.
            release_memory(self._device)

    def _shrink(self, tile: int) -> None:
        with self._lock:
            if self.side != tile:
                return  # another plane has found the same
            self.side = smaller_tile(tile)
            self.notices.append(
                f"{self._device} had no memory for tiles of {tile} pixels; "
                f"the run went on with {self.side}."
            )
