"""Measure peak memory and time for planes that are larger than what a machine likes to hold.

    python benchmarks/huge.py                                     # 20,000 x 20,000 uint16, ++
    python benchmarks/huge.py --kind rgb --source zarr
    python benchmarks/huge.py --checkpoint zero-dce --size 20000x1000
    python benchmarks/huge.py --virtual                           # 100,000 x 100,000, no memory

After a run, crops of the result are compared with a run of that part alone, in one tile. "above" is
the peak of resident memory without image and result. A window "minmax" reads all of an image.
Linux only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from memory import MEBIBYTE, dark_image
from timing.photos import parsed_size
from timing.resident import resident

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.forecast import describe_plan
from napari_zerodce.engine.requests import EnhanceRequest, Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.window_search import background_of, find_window
from napari_zerodce.imaging.windows import WindowChoice

_CHUNK = 2048
_CROP = 300


class Virtual:
    """A plane that computes its pixels when they are read, and counts them."""

    def __init__(self, side: int, chunk: int | None, dtype: str = "uint16") -> None:
        self.shape, self.dtype = (side, side), np.dtype(dtype)
        self.chunks = None if chunk is None else (chunk, chunk)
        self.read = self.largest = 0

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray:
        rows, columns = (np.arange(n)[k] for n, k in zip(self.shape, key, strict=True))
        block = (rows[:, None] * 7 + columns * 13) % 4001 + 100
        self.read += block.size
        self.largest = max(self.largest, block.size)
        return block.astype(self.dtype)


def source_of(image: np.ndarray, kind: str, folder: Path) -> tuple[Any, int]:
    """Return the image as that kind of array, and how much of it stays in memory, in bytes."""
    chunks = (_CHUNK, _CHUNK, *image.shape[2:])
    if kind == "memmap":
        np.save(folder / "image.npy", image)
        return np.load(folder / "image.npy", mmap_mode="r"), 0
    if kind in {"zarr", "dask"}:
        import zarr

        array = zarr.create_array(folder / "a", shape=image.shape, chunks=chunks, dtype=image.dtype)
        array[...] = image
        if kind == "zarr":
            return array, 0
        import dask.array as da

        return da.from_zarr(array), 0
    return image, image.nbytes


def measure(image: Any, held: int, settings: EnhanceSettings, channels: Any) -> str:
    """Enhance the image once and return the table's row."""
    request = EnhanceRequest(image, channels, settings)
    enhance(EnhanceRequest(np.zeros((64, 64), np.uint16), "mono", settings))  # torch's own memory
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before, started = resident("VmRSS"), time.perf_counter()
    result = enhance(request, report=_show)
    seconds = time.perf_counter() - started
    above = resident("VmHWM") - before - result.image.nbytes / MEBIBYTE
    largest = max(_difference(request, result.image, place) for place in (0.0, 0.31, 0.77, 1.0))
    size = "x".join(map(str, image.shape))
    facts = (result.checkpoint.name, size, result.tile, f"{held / MEBIBYTE:.0f}", f"{above:.0f}")
    return f"| {' | '.join(map(str, facts))} | {seconds:.0f} | {largest} |"


def _difference(request: EnhanceRequest, whole: np.ndarray, place: float) -> int:
    """Return the largest difference between the result and a part that is enhanced alone."""
    rows, columns = (
        (start := int(place * (length - _CROP)), start + _CROP) for length in whole.shape[:2]
    )
    scope = Scope((), rows, columns)
    settings = EnhanceSettings(
        request.settings.checkpoint, request.settings.window, device="cpu", tile=2 * _CROP
    )
    part = enhance(EnhanceRequest(request.image, request.channels, settings, scope)).image
    there = whole[slice(*rows), slice(*columns)]
    return int(np.abs(there.astype(int) - part.astype(int)).max())


def _show(progress: Progress) -> None:
    print(f"{progress.message}: {progress.fraction:.0%} ", end="\r", file=sys.stderr, flush=True)


def ask_virtual(side: int) -> None:
    """Print what is read of a virtual plane, and how long it takes."""
    part = Scope((), (5000, 5500), (side // 2, side // 2 + 700))
    plain, small = (
        EnhanceSettings(name, WindowChoice("range", 100, 4100), device="cpu")
        for name in ("zero-dce", "zero-dce-pp")
    )
    enhance(EnhanceRequest(np.zeros((64, 64), np.uint16), "mono", plain))  # torch's own memory
    questions: dict[str, Callable[[Any], Any]] = {
        "plan of all": lambda a: describe_plan(EnhanceRequest(a, "mono", plain), None),
        "automatic window": lambda a: find_window(a, WindowChoice("auto"), channels="mono"),
        "background": lambda a: background_of(a, channels="mono"),
        "part of 500x700": lambda a: enhance(EnhanceRequest(a, "mono", plain, part)),
        "part of 500x700, ++": lambda a: enhance(EnhanceRequest(a, "mono", small, part)),
    }
    print("| question | chunks | s | Mpixels read | largest read | above MiB |")
    print("|---|---|---|---|---|---|")
    for question, ask in questions.items():
        for chunk in (_CHUNK, None):
            array = Virtual(side, chunk)
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            before, started = resident("VmRSS"), time.perf_counter()
            ask(array)
            seconds = time.perf_counter() - started
            above = resident("VmHWM") - before
            print(
                f"| {question} | {chunk} | {seconds:.2f} | {array.read / 1e6:.1f} | "
                f"{array.largest / 1e6:.1f} | {above:.0f} |",
                flush=True,
            )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="zero-dce-pp", help="name or file")
    parser.add_argument("--size", type=parsed_size, default=(20_000, 20_000), metavar="WxH")
    parser.add_argument("--kind", default="uint16", choices=("uint16", "rgb"))
    parser.add_argument("--source", default="numpy", choices=("numpy", "memmap", "zarr", "dask"))
    parser.add_argument("--virtual", type=int, nargs="?", const=100_000, metavar="SIDE")
    options = parser.parse_args()
    if options.virtual:
        ask_virtual(options.virtual)
        return
    image = dark_image(*options.size)
    if options.kind == "rgb":
        small = (image >> 5).astype(np.uint8)
        image = np.stack([small, small // 2, small[:, ::-1]], axis=-1)
    channels = "mono" if options.kind == "uint16" else "rgb"
    window = WindowChoice("range", 0, 255 if channels == "rgb" else 3000)
    settings = EnhanceSettings(options.checkpoint, window, device="cpu")
    print("| checkpoint | size | tile | image in memory, MiB | above, MiB | s | difference |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        source, held = source_of(image, options.source, Path(folder))
        if held == 0:
            del image
        try:
            print(measure(source, held, settings, channels))
        except ZeroDCEError as error:
            print(f"| {options.checkpoint} | {error} |")


if __name__ == "__main__":
    main()
