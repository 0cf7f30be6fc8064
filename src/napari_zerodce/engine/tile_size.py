"""The side of tiles, which is halved when a device runs out of memory."""

from __future__ import annotations

from collections.abc import Callable

from napari_zerodce.device import (
    Device,
    MemoryErrorsTranslated,
    OutOfDeviceMemory,
    release_memory,
    smaller_tile,
)


class TileSize:
    """The present side of tiles, and notices for the user about it.

    Parameters
    ----------
    device : Device
    side : int
        Of the first tiles, in pixels.
    """

    def __init__(self, device: Device, side: int) -> None:
        self._device = device
        self.side = side
        self.notices: list[str] = []

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
                self.side = smaller_tile(tile)
            # Not in the handler: there the traceback still holds the tensors of the attempt.
            release_memory(self._device)
            self.notices.append(
                f"{self._device} had no memory for tiles of {tile} pixels; "
                f"the run went on with {self.side}."
            )
