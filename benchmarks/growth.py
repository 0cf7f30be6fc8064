"""Measure how the cost of an enhancement grows: with the size of a plane, and with their number.

    python benchmarks/growth.py
    python benchmarks/growth.py --checkpoints zero-dce --megapixels 1 4 --planes 1 10
    python benchmarks/growth.py --device cuda

Each row is a run in a fresh process, so that its peak of memory is its own: it makes a dim uint16
image, enhances 64 x 64 pixels of it, so that libraries are loaded, and then all of it. Seconds and
memory for a megapixel should be the same in all rows. Linux only: the peak is that of /proc.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from comparison.tables import Column, Table, markdown_table
from timing.resident import resident

SIDE_OF_PLANES = 256
MEBIBYTE = 2**20

COLUMNS = (
    Column("megapixels", 1),
    Column("s", 2),
    Column("ms for a megapixel", 1),
    Column("MiB beside image and result", 0),
    Column("MiB for a megapixel with both", 1),
    Column("MiB of the GPU", 0),
)


@dataclass(frozen=True)
class Cost:
    """What an enhancement costs.

    Parameters
    ----------
    pixels : int
    seconds : float
    beside : float
        The peak of memory without image, result, libraries and network, in MiB.
    both : float
        Image and result, in MiB.
    gpu : float
        The peak of memory on a GPU in MiB; NaN without one.
    """

    pixels: int
    seconds: float
    beside: float
    both: float
    gpu: float

    def numbers(self) -> tuple[float, ...]:
        """Return the numbers of the row."""
        millions = self.pixels / 1e6
        each = (self.beside + self.both) / millions
        return millions, self.seconds, 1e3 * self.seconds / millions, self.beside, each, self.gpu


def dim_image(planes: int, height: int, width: int) -> np.ndarray:
    """Return a dim stack of planes, made row by row so that it needs no further memory."""
    image = np.empty((planes, height, width), np.uint16)
    glow = 400 + 300 * np.sin(np.arange(width) / 90)
    generator = np.random.default_rng(0)
    for plane in image:
        for row in range(height):
            plane[row] = glow * (1.2 + np.sin(row / 70)) + generator.integers(0, 60, width)
    return image[0] if planes == 1 else image


def measure(shape: tuple[int, int, int], checkpoint: str, device: str) -> Cost:
    """Enhance an image of a shape in this process.

    Parameters
    ----------
    shape : tuple of int
        Planes, rows and columns.
    checkpoint, device : str
    """
    from napari_zerodce.engine.enhance import enhance
    from napari_zerodce.engine.look import DEFAULT_LOOK
    from napari_zerodce.engine.requests import EnhanceRequest
    from napari_zerodce.engine.settings import EnhanceSettings

    image = dim_image(*shape)
    settings = EnhanceSettings(checkpoint=checkpoint, device=device, look=DEFAULT_LOOK)
    request = EnhanceRequest(image, "mono", settings)
    enhance(replace(request, image=image[..., :64, :64][:2]))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before, started = resident("VmRSS"), time.perf_counter()
    result = enhance(request).image
    seconds = time.perf_counter() - started
    of_result = result.nbytes / MEBIBYTE
    beside = resident("VmHWM") - before - of_result
    return Cost(image.size, seconds, beside, image.nbytes / MEBIBYTE + of_result, _peak_of_gpu())


def _peak_of_gpu() -> float:
    """Return the most memory that tensors have had on a GPU, in MiB; torch is not loaded for it."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return float("nan")
    return float(torch.cuda.max_memory_allocated()) / MEBIBYTE


def measured_alone(shape: tuple[int, int, int], checkpoint: str, device: str) -> Cost:
    """Do the same in a fresh process."""
    task = json.dumps([shape, checkpoint, device])
    command = [sys.executable, __file__, "--alone", task]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Cost(**json.loads(output.splitlines()[-1]))


def shapes_of(megapixels: list[float], planes: list[int]) -> list[tuple[int, int, int]]:
    """Return the shapes of single planes, and of stacks of small ones."""
    sides = [round((1e6 * millions) ** 0.5) for millions in megapixels]
    return [
        *((1, side, side) for side in sides),
        *((count, SIDE_OF_PLANES, SIDE_OF_PLANES) for count in planes),
    ]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--checkpoints", nargs="+", default=["zero-dce-pp"], metavar="NAME")
    add("--megapixels", nargs="+", type=float, default=[1, 16, 100], help="of single planes")
    add("--planes", nargs="+", type=int, default=[1, 10, 100, 1000], help="of 256 x 256 pixels")
    add("--device", default="cpu")
    add("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()

    if options.alone:
        shape, checkpoint, device = json.loads(options.alone)
        print(json.dumps(asdict(measure(tuple(shape), checkpoint, device))))
        return
    for checkpoint in options.checkpoints:
        print(f"{checkpoint}, look of the dock\n")
        print(markdown_table(("", *(column.title for column in COLUMNS)), ()), flush=True)
        for shape in shapes_of(options.megapixels, options.planes):
            planes, height, width = shape
            cost = measured_alone(shape, checkpoint, options.device)
            row = (f"{planes} of {width}x{height}", cost.numbers())
            cells = Table("", COLUMNS, (row,)).cells()[0]
            print(f"| {' | '.join(cells)} |", flush=True)
        print()


if __name__ == "__main__":
    main()
