"""Measure a batch with one and with two workers: speed, overhead and memory; extrapolate on paper.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --checkpoint zero-dce --planes 4

Each worker is a process with one thread. It first does the same as 'napari-zerodce enhance' with
the OME-Zarr: it finds the window, reads, enhances and writes. What a batch needs more processor
time for is its overhead: tasks, the scheduler, and images that are opened by several workers. The
time without a task is told beside it. The stack has planes of 2048x2048, the huge plane as many
pixels in one plane.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_zerodce.batch.agreement import check_workers
from napari_zerodce.batch.cluster import connected
from napari_zerodce.batch.facts import facts_here
from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.parts import PIXELS_OF_A_TASK
from napari_zerodce.batch.run import run_batch
from napari_zerodce.batch.tasks import BatchSettings
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.ome_zarr import read_ome_zarr
from napari_zerodce.imaging.files.saved import SavedImage, write_saved
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.files.urls import named
from napari_zerodce.stopping import never

SIDE = 2048
WORKER_COUNTS = (1, 2)
PLATE = {"wells": 384, "fields": 9, "channels": 3}
TEN_TERABYTES = 10e12 / 2  # pixels of 16 bits
MANY_WORKERS = 100


@dataclass(frozen=True)
class RequestFor:
    """The request for an image as read; workers get it."""

    settings: EnhanceSettings

    def __call__(self, image: ImageFile) -> EnhanceRequest:
        """Return the request."""
        return EnhanceRequest(image.array, image.channels, self.settings)


@dataclass(frozen=True)
class Measured:
    """What a batch costs.

    Parameters
    ----------
    seconds : float
        Of the clock.
    processor, alone : float
        Processor seconds of all workers, and those of one process without a batch.
    idle : float
        The part of the clock's time, of all workers, without a task.
    peak : int
        Bytes of memory of the largest worker.
    """

    seconds: float
    processor: float
    alone: float
    idle: float
    peak: int

    def in_words(self, pixels: int) -> str:
        """Return a line of the table."""
        overhead = self.processor - self.alone
        each = 1e3 * overhead * SIDE**2 / pixels
        return (
            f"{self.seconds:.1f} s, {pixels / self.seconds / 1e6:.2f} million pixels/s, overhead "
            f"{overhead / self.alone:.1%} or {each:.0f} ms for 2048x2048, without a task "
            f"{self.idle:.1%}, peak of a worker {self.peak / 2**20:.0f} MiB"
        )


def dim_plane(height: int, width: int) -> np.ndarray[Any, Any]:
    """Return dim noise on a gradient, as 16-bit samples."""
    noise = np.random.default_rng(0).gamma(2, 30, (height, width))
    return (noise + np.linspace(100, 400, width)).astype(np.uint16)


def write_sources(folder: Path, planes: int) -> dict[str, tuple[int, ...]]:
    """Write a stack and a plane of as many pixels; return their shapes."""
    shapes = {"stack": (planes, SIDE, SIDE), "huge plane": (planes * SIDE // 2, 2 * SIDE)}
    for name, shape in shapes.items():
        plane = dim_plane(*shape[-2:])
        array = np.broadcast_to(plane, shape)
        axes, count = "TYX"[-len(shape) :], len(shape)
        ones = (1.0,) * count
        image = SavedImage((array,), "mono", axes, ones, ones, ("pixel",) * count)
        write_saved(folder / f"{name}.ome.zarr", image)
    return shapes


def enhance_alone(settings: EnhanceSettings, source: str, target: str) -> float:
    """Do in one process what 'enhance' does, and return the processor seconds."""
    from napari_zerodce.engine.growing import enhance_into
    from napari_zerodce.engine.lazy import LazyEnhancement
    from napari_zerodce.engine.resolve import resolve
    from napari_zerodce.engine.saved_result import result_to_save

    before = time.process_time()
    image = read_ome_zarr(named(source))
    resolved = resolve(EnhanceRequest(image.levels[0], image.channels, settings))
    result = result_to_save(image, resolved, identity=None, path=source)
    grown = begin(target, result, overwrite=True)
    enhance_into(grown, LazyEnhancement(resolved).levels)
    return time.process_time() - before


def peak_memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def processor_seconds(client: Any) -> float:
    """Return the processor time that all workers have used until now."""
    return sum(client.run(time.process_time).values())


def measure(client: Any, source: Path, target: Path, settings: EnhanceSettings) -> Measured:
    """Measure one source with the workers of a client."""
    checkpoint = str(settings.checkpoint)
    facts = facts_here([checkpoint])
    check_workers(client, facts, report=ignore, should_stop=never)
    places = str(source), str(target.with_name("alone.ome.zarr"))
    # The first time, it loads libraries and starts threads.
    *_, alone = (
        client.submit(enhance_alone, settings, *places, pure=False).result() for _ in range(2)
    )
    shared = BatchSettings(
        os.urandom(4).hex(), RequestFor(settings), "{}", facts, overwrite=True,
        pixels=PIXELS_OF_A_TASK,
    )  # fmt: skip
    image = BatchImage(str(source), str(target), "ome-zarr", source.name)
    failures: list[str] = []
    before, started = processor_seconds(client), time.perf_counter()
    in_tasks = run_batch(
        client,
        [image],
        shared,
        tell=lambda ending: failures.extend(ending.failures),
        report=ignore,
        should_stop=never,
    )
    assert not failures, failures
    took = time.perf_counter() - started
    return Measured(
        seconds=took,
        processor=processor_seconds(client) - before,
        alone=alone,
        idle=1 - in_tasks / (took * len(client.nthreads())),
        peak=max(client.run(peak_memory).values()),
    )


def extrapolate(pixels_per_second: float) -> None:
    """Print how long much larger data would take at the speed of one worker."""
    plate = float(np.prod(list(PLATE.values()))) * SIDE**2
    named = ", ".join(f"{count} {name}" for name, count in PLATE.items())
    for what, pixels in ((f"a plate of {named}", plate), ("10 TB of 16 bits", TEN_TERABYTES)):
        hours = pixels / pixels_per_second / 3600
        print(
            f"{what}: {hours:,.1f} h with one worker of one thread, "
            f"{hours / MANY_WORKERS:,.1f} h with {MANY_WORKERS}"
        )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--checkpoint", default="zero-dce-pp")
    parser.add_argument("--planes", type=int, default=8, help="planes of 2048x2048, an even number")
    options = parser.parse_args()
    settings = EnhanceSettings(checkpoint=options.checkpoint, device="cpu", look=DEFAULT_LOOK)
    pixels, speeds = options.planes * SIDE**2, {}
    print(f"{options.checkpoint}, {pixels / 1e6:.0f} million pixels, one thread for each worker")
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in write_sources(folder, options.planes):
            for workers in WORKER_COUNTS:
                with connected(None, workers=workers, device="cpu", threads=1) as client:
                    found = measure(
                        client,
                        folder / f"{source}.ome.zarr",
                        folder / f"{workers} of {source}.ome.zarr",
                        settings,
                    )
                speeds[source, workers] = pixels / found.seconds
                print(f"{source}, {workers} at a time: {found.in_words(pixels)}")
            gain = speeds[source, 2] / speeds[source, 1]
            print(f"{source}: {gain:.2f} times as fast with two workers")
    extrapolate(speeds["stack", 1])


if __name__ == "__main__":
    main()
