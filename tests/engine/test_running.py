"""A run tells how far it is, stops when asked, and stays within the memory there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.engine import progress as progress_module
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.requests import EnhanceRequest, Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging.intensity import WindowChoice

CHECKPOINTS = ["zero-dce", "zero-dce-pp"]


def request_for(image, checkpoint, **settings):
    given = {"window": WindowChoice("dtype"), "device": "cpu", "precision": "float32", **settings}
    return EnhanceRequest(
        image=image, channels="mono", settings=EnhanceSettings(checkpoint=checkpoint, **given)
    )


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("shape", [(1, 1), (90, 70), (3, 40, 50), (2, 2, 20, 65)])
def test_progress_goes_up_and_ends_at_the_end(monkeypatch, checkpoint, shape):
    monkeypatch.setattr(progress_module, "_SECONDS_BETWEEN_REPORTS", 0.0)
    told = []
    enhance(request_for(np.zeros(shape, np.uint8), checkpoint, tile=16), report=told.append)
    planes = int(np.prod(shape[:-2]))
    assert (told[0].done, told[0].message) == (0, "Loading the checkpoint")
    assert all(progress.total == planes for progress in told[1:])
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert len(set(done[1:])) == len(done[1:])  # each step counts
    assert done[-1] == planes
    assert told[-1].fraction == 1
    assert told[-1].seconds_left == 0
    assert all(0 <= progress.fraction <= 1 for progress in told)
    assert all(progress.seconds_left >= 0 for progress in told[1:])


def test_progress_is_told_no_more_often_than_an_eye_can_follow():
    told = []
    started = time.perf_counter()
    enhance(request_for(np.zeros((300, 300), np.uint8), "zero-dce-pp", tile=16), report=told.append)
    assert 2 <= len(told) <= 3 + (time.perf_counter() - started) / 0.05


def test_a_plane_begun_again_with_smaller_tiles_does_not_take_progress_back(monkeypatch):
    monkeypatch.setattr(progress_module, "_SECONDS_BETWEEN_REPORTS", 0.0)
    told = []
    meter = Meter(2, report=told.append, should_stop=lambda: False)
    plane = meter.plane(0)
    plane.begin(4)
    plane.visit(2)
    plane.begin(8)
    for _ in range(8):
        plane.visit(1)
    plane = meter.plane(1)
    plane.begin(1)
    plane.visit(1)
    assert [progress.done for progress in told] == [
        0.5, 0.5, 0.5, 0.5, 0.5, 0.625, 0.75, 0.875, 1.0, 2.0,
    ]  # fmt: skip
    assert [progress.message for progress in told][-2:] == ["Plane 1 of 2", "Plane 2 of 2"]


def test_a_fraction_of_nothing_is_nothing():
    assert Progress(0, 0, "").fraction == 0
    assert Progress(1, 4, "").fraction == 0.25


THREADS = 2


@pytest.fixture
def two_threads(monkeypatch):
    """What is read or asked between a wish to stop and the stop grows with the machine's cores."""
    monkeypatch.setattr(
        "napari_zerodce.engine.resolved.crew_for", lambda _, backend: Crew(THREADS, backend)
    )


class Watched:
    """An image that counts the pixels that are read, and wishes a stop at the n-th question."""

    def __init__(self, image, stop_at):
        self.shape, self.dtype = image.shape, image.dtype
        self._image, self._stop_at = image, stop_at
        self._read, self.read_at = 0, []

    def __getitem__(self, key):
        part = self._image[key]
        self._read += part.size
        return part

    def should_stop(self):
        self.read_at.append(self._read)
        return len(self.read_at) >= self._stop_at

    def check(self, request):
        """Cancel a run: it asks after little work, and does as little after the answer."""
        with pytest.raises(Cancelled):
            enhance(request, should_stop=self.should_stop)
        assert self._stop_at <= len(self.read_at) <= self._stop_at + 2 * THREADS
        between = np.diff([0, *self.read_at, self._read])
        assert between.max() <= 2**23  # pixels, of which reading takes tenths of a second


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("stop_at", [1, 4, 40])
def test_a_large_image_is_cancelled_after_little_more_work(checkpoint, stop_at):
    # Virtual: only what is looked at is computed, so that making it takes no time.
    image = np.broadcast_to(np.arange(4096, dtype=np.uint16), (9, 60_000, 4096))[0]
    image = Watched(image, stop_at)
    image.check(request_for(image, checkpoint))


@pytest.mark.usefixtures("two_threads")
def test_cancelling_while_the_window_is_looked_for():
    image = Watched(np.broadcast_to(np.linspace(0, 1, 4096), (50_000, 4096)), 9)
    image.check(request_for(image, "zero-dce", window=WindowChoice("minmax")))


@pytest.mark.usefixtures("two_threads")
def test_cancelling_between_the_planes_of_a_lazy_image():
    image = Watched(da.zeros((100_000, 64, 64), dtype=np.uint16, chunks=(1, 64, 64)), 40)
    image.check(request_for(image, "zero-dce-pp"))


def test_a_run_that_is_stopped_before_it_starts_raises_cancelled():
    with pytest.raises(Cancelled):
        enhance(request_for(np.zeros((5, 5), np.uint8), "zero-dce"), should_stop=lambda: True)


def run_with_little_memory(code, backend="auto", **environment):
    """Run code in a process of its own, where `limit(megabytes)` allows only so much more."""
    preamble = """
        import json, resource, sys
        from pathlib import Path
        import numpy as np
        from napari_zerodce.engine.enhance import enhance
        from napari_zerodce.engine.requests import EnhanceRequest
        from napari_zerodce.engine.settings import EnhanceSettings
        from napari_zerodce.errors import DeviceError
        from napari_zerodce.imaging.intensity import WindowChoice

        def limit(megabytes):
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 2**20, -1))

        def run(image, **settings):
            usual = {"channels": "mono", "device": "cpu", "precision": "float32"}
            usual["backend"] = sys.argv[1]
            given = {"checkpoint": "zero-dce", **usual, **settings}
            channels = given.pop("channels")
            settings = EnhanceSettings(window=WindowChoice("dtype"), **given)
            return enhance(EnhanceRequest(image, channels, settings))

        def tell(**facts):
            print(json.dumps(facts))

        # What is loaded and started once, threads above all, is not to count.
        for checkpoint in ("zero-dce", "zero-dce-pp"):
            run(np.zeros((100, 100), np.uint8), checkpoint=checkpoint)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(preamble) + textwrap.dedent(code), backend],
        check=False,
        timeout=280,
        capture_output=True,
        text=True,
        # Many threads would have many stacks and buffers.
        env={**os.environ, "OMP_NUM_THREADS": "2", **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="a process's memory can only be limited on Linux"
)


@linux_only
# ONNX Runtime does not check whether there is room for the small buffers of its kernels, and may
# crash if nothing at all is left; hence torch in some of these tests.
@pytest.mark.parametrize(
    ("checkpoint", "scale_factor", "backend"),
    [("zero-dce", None, "auto"), ("zero-dce", None, "torch"), ("zero-dce-pp", 1, "torch")],
)
def test_out_of_memory_halves_the_tile_and_goes_on(
    bits_are_steady, checkpoint, scale_factor, backend
):
    facts = run_with_little_memory(
        f"""
        image = np.random.default_rng(0).integers(0, 256, (400, 410, 3)).astype(np.uint8)
        settings = dict(channels="rgb", checkpoint={checkpoint!r}, scale_factor={scale_factor})
        unlimited = run(image, tile=1000, **settings)
        limit(80)
        limited = run(image, tile=1000, **settings)
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        difference = np.abs(limited.image.astype(int) - unlimited.image)
        tell(
            tiles=(unlimited.tile, limited.tile), first_notices=unlimited.notices,
            notices=limited.notices, largest=int(difference.max()),
        )
    """,
        backend,
        # The heap keeps what is freed in pieces, in which the next attempt may find no room; memory
        # that is mapped goes back at once, and the limit means what it says. So it does with one
        # heap: the C library reserves 64 MB of addresses for the heap of each thread.
        MALLOC_MMAP_THRESHOLD_="65536",
        MALLOC_ARENA_MAX="1",
    )
    assert facts["tiles"][0] == 410
    assert facts["tiles"][1] < 410
    assert facts["first_notices"] == []
    assert "had no memory for tiles of 410 pixels; the run went on with 205." in facts["notices"][0]
    assert facts["largest"] <= (0 if bits_are_steady else 1)


@linux_only
def test_no_memory_for_the_smallest_tile_is_told():
    facts = run_with_little_memory(
        """
        image = np.zeros((1000, 1000), np.uint8)
        limit(4)
        hoard = []  # of what was freed before, up to two megabytes: the smallest tile takes eight
        try:
            while True:
                hoard.append(bytearray(2**20))
        except MemoryError:
            del hoard[-2:]
        try:
            run(image)
        except DeviceError as error:
            hoard.clear()
            tell(message=str(error))
    """,
        "torch",
        # With an own heap for each thread, what one thread frees is no room for another.
        MALLOC_ARENA_MAX="1",
    )
    assert facts["message"].startswith("The device has no memory left even for tiles of 64 pixels")


@linux_only
@pytest.mark.parametrize(
    ("checkpoint", "side", "megabytes"),
    # At once, Zero-DCE would need 1,300 MB for this image, and Zero-DCE++ 1,100 MB for its curves.
    [("zero-dce", 1000, 200), ("zero-dce-pp", 6000, 200)],
)
def test_memory_is_bounded_whatever_the_size(checkpoint, side, megabytes):
    facts = run_with_little_memory(f"""
        image = np.full(({side}, {side}), 500, np.uint16)
        limit({megabytes})
        result = run(image, checkpoint={checkpoint!r})
        tell(notices=result.notices, changed=bool((result.image > 500).all()))
    """)
    assert facts == {"notices": [], "changed": True}


def test_reading_for_the_window_is_told_with_its_parts(monkeypatch):
    monkeypatch.setattr(progress_module, "_SECONDS_BEFORE_READING_IS_TOLD", 0.0)
    monkeypatch.setattr(progress_module, "_SECONDS_BETWEEN_REPORTS", 0.0)
    image = da.zeros((5, 2048, 2048), dtype=np.uint16, chunks=(1, 2048, 2048))
    told = []

    def stop_at_the_end() -> bool:
        return bool(told) and told[-1].message.endswith("5 of 5 parts read")

    with pytest.raises(Cancelled):
        enhance(
            request_for(image, "zero-dce-pp", window=WindowChoice("minmax")),
            report=told.append,
            should_stop=stop_at_the_end,
        )
    reading = [progress for progress in told if "window" in progress.message]
    expected = [f"Finding the window: {done} of 5 parts read" for done in range(6)]
    assert [progress.message for progress in reading] == expected
    assert [progress.fraction for progress in reading] == [0] * 6
    assert reading[0].seconds_left is None
    assert reading[-1].seconds_left == 0


def test_the_remaining_time_follows_the_present_pace(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress_module.time, "perf_counter", lambda: clock[0])
    told = []
    meter = Meter(1000, report=told.append, should_stop=lambda: False)

    def do(planes, seconds):
        for _ in range(planes):
            clock[0] += seconds
            plane = meter.plane(round(meter._done))
            plane.begin(1)
            plane.visit(1)

    do(100, 1.0)
    assert told[-1].seconds_left == pytest.approx(900)
    do(100, 4.0)  # the machine became busy
    assert told[-1].seconds_left == pytest.approx(800 * 4, rel=0.3)
