"""How much work an enhancement is at least: operations, and bytes of memory and of the bus."""

from __future__ import annotations

from dataclasses import dataclass

from napari_zerodce.core.architectures import ARCHITECTURES, FEATURES, ITERATIONS, ZERO_DCE

COLOURS = 3


@dataclass(frozen=True)
class Work:
    """The least work for one pixel of a colour image, 8 bits to 8 bits.

    Parameters
    ----------
    operations : float
        Multiplications and additions of the network's convolutions.
    numbers : float
        That the convolutions read and write, if each reads its inputs and writes its outputs once,
        and what is between them costs nothing.
    bus : float
        Bytes to the device, and as many back.
    """

    operations: float
    numbers: float
    bus: float = float(COLOURS)


def work_of(architecture: str, scale_factor: int) -> Work:
    """Return the work for a pixel.

    Parameters
    ----------
    architecture : str
    scale_factor : int
        The network gets a thumbnail that is so many times smaller.
    """
    maps = ARCHITECTURES[architecture].maps  # type: ignore[index]
    weights = moved = 0
    for inputs, outputs in _convolutions(COLOURS * maps):
        if architecture == ZERO_DCE:
            weights += 9 * inputs * outputs
            moved += inputs + outputs
        else:  # depthwise, then pointwise
            weights += 9 * inputs + inputs * outputs
            moved += inputs + inputs + inputs + outputs
    thumbnail = scale_factor**2
    # The curves: each step multiplies and adds twice, and reads its map unless all share one.
    curves = COLOURS * 4 * ITERATIONS
    read = COLOURS * (maps if thumbnail == 1 else 1)
    return Work(2 * weights / thumbnail + curves, moved / thumbnail + read)


def _convolutions(last: int) -> list[tuple[int, int]]:
    """Return the inputs and outputs of the seven convolutions (CVPR 2020, figure 2)."""
    inputs = [COLOURS, *[FEATURES] * 3, *[2 * FEATURES] * 3]
    return list(zip(inputs, [*[FEATURES] * 6, last], strict=True))


@dataclass(frozen=True)
class Limits:
    """What a machine can do, as measured: all numbers for one second.

    Parameters
    ----------
    operations : float
        Multiplications and additions of large matrix products.
    memory : float
        Bytes that a copy reads and writes.
    bus : float, optional
        Bytes that go to the device while as many come back.
    """

    operations: float
    memory: float
    bus: float = float("inf")

    def seconds(self, work: Work, pixels: int, *, bytes_of_number: int = 0) -> float:
        """Return the least seconds for a number of pixels: those of the narrowest way.

        Parameters
        ----------
        work : Work
            For one pixel.
        pixels : int
        bytes_of_number : int
            Of the features between the convolutions; 0 where they stay in the cache, as tiles do on
            a CPU: only the samples then go through the memory.
        """
        moved = work.numbers * bytes_of_number + 2 * work.bus
        return pixels * max(
            work.operations / self.operations, moved / self.memory, work.bus / self.bus
        )

    def described(self) -> str:
        """Return the limits as a sentence."""
        bus = f", {self.bus / 1e9:.0f} GB/s of the bus each way" if self.bus < float("inf") else ""
        return (
            f"{self.operations / 1e12:.3g} TFLOP/s of matrix products, "
            f"{self.memory / 1e9:.0f} GB/s of memory{bus}"
        )
