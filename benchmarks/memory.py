"""Measure the peak memory of an enhancement, without the image and its result.

    python benchmarks/memory.py                     # 12,000 x 12,000 uint16 with Zero-DCE++
    python benchmarks/memory.py --checkpoint zero-dce --size 12000x2000
    python benchmarks/memory.py --limit 4           # GiB of address space at most

Linux only: resident memory is read from /proc, its peak since the image was made.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from timing.photos import parsed_size
from timing.resident import resident

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest, Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError

MEBIBYTE = 2**20


def dark_image(height: int, width: int) -> np.ndarray:
    """Return a uint16 image, made row by row so that it needs no further memory."""
    image = np.empty((height, width), np.uint16)
    generator = np.random.default_rng(0)
    glow = 400 + 300 * np.sin(np.arange(width) / 90)
    for row in range(height):
        image[row] = generator.poisson(glow * (1.2 + np.sin(row / 70)))
    return image


def measure(image: np.ndarray, checkpoint: str, tile: int | None) -> str:
    """Enhance the image once and return the table's row."""
    request = EnhanceRequest(
        image=image,
        channels="mono",
        settings=EnhanceSettings(checkpoint=checkpoint, device="cpu", tile=tile),
    )
    enhance(replace(request, image=image[:64, :64]))  # torch's own memory is not the run's
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = resident("VmRSS")
    started = time.perf_counter()
    result = enhance(request, report=_show)
    seconds = time.perf_counter() - started
    peak = resident("VmHWM")
    row = (
        result.checkpoint.name,
        f"{image.shape[1]}x{image.shape[0]}",
        result.tile,
        f"{image.nbytes / MEBIBYTE:.0f}",
        f"{before:.0f}",
        f"{peak:.0f}",
        f"{peak - before - result.image.nbytes / MEBIBYTE:.0f}",
        f"{seconds:.1f}",
    )
    notices = "".join(f"\n{notice}" for notice in result.notices)
    return "| " + " | ".join(map(str, row)) + " |" + notices


def _show(progress: Progress) -> None:
    print(f"{progress.message}: {progress.fraction:.0%} ", end="\r", file=sys.stderr, flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="zero-dce-pp", help="name or file")
    parser.add_argument("--size", type=parsed_size, default=(12_000, 12_000), metavar="WxH")
    parser.add_argument("--tile", type=int, help="side of a tile (default: one that suits the CPU)")
    parser.add_argument("--limit", type=float, metavar="GIB", help="address space allowed")
    options = parser.parse_args()

    if options.limit is not None:
        resource.setrlimit(resource.RLIMIT_AS, (int(options.limit * 2**30), -1))
    image = dark_image(*options.size)
    print("| checkpoint | size | tile | image MiB | before | peak | above image and result | s |")
    print("|---|---|---|---|---|---|---|---|")
    try:
        print(measure(image, options.checkpoint, options.tile))
    except ZeroDCEError as error:
        print(f"| {options.checkpoint} | {error} |")


if __name__ == "__main__":
    main()
