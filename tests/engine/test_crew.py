"""Items side by side: each once, no more at a time than the crew, and errors end the rest."""

from __future__ import annotations

import contextlib
import gc
import itertools
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from napari_zerodce.device import Device
from napari_zerodce.engine import crew
from napari_zerodce.engine.crew import ALONE, Crew, crew_for, crew_for_curves, crew_for_items
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.estimators.onnx_estimator import OnnxEstimator
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import WindowChoice


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_every_item_is_worked_on_once(size, count):
    done = []
    Crew(size).each(done.append, range(count))
    assert sorted(done) == list(range(count))


def test_several_items_at_a_time_and_no_more_than_the_crew():
    now, most, lock = [], [], threading.Lock()
    together = threading.Barrier(3, timeout=120)

    def work(item):
        with lock:
            now.append(item)
            most.append(len(now))
        if item < 3:
            together.wait()  # the first three meet, so they are at the same time
        with lock:
            now.remove(item)

    Crew(3).each(work, range(12))
    assert max(most) == 3


def test_items_are_taken_in_the_calling_thread_and_few_at_a_time():
    taken, release = [], threading.Event()

    def items():
        for number in range(20):
            taken.append(threading.current_thread())
            if number == 2:
                release.set()
            yield number

    def work(_):
        assert release.wait(120)

    Crew(2).each(work, items())
    assert set(taken) == {threading.current_thread()}
    assert len(taken) == 20


def test_an_error_ends_the_rest_and_is_raised():
    begun, all_taken = [], []

    def items():  # more than any thread can work on while another one raises the error
        deadline = time.monotonic() + 120
        yield from itertools.takewhile(lambda _: time.monotonic() < deadline, itertools.count())
        all_taken.append(True)

    def work(item):
        begun.append(item)
        if item == 3:
            raise ValueError("three")

    with pytest.raises(ValueError, match="three"):
        Crew(2).each(work, items())
    assert not all_taken
    count = len(begun)
    time.sleep(0.05)
    assert len(begun) == count  # nothing goes on after the error


def test_torch_has_one_thread_in_each_and_as_many_as_before_here():
    before = torch.get_num_threads()
    inside = []
    Crew(3).each(lambda _: inside.append(torch.get_num_threads()), range(9))
    assert set(inside) == {1}
    assert torch.get_num_threads() == before


def test_a_gpu_has_few_threads_and_the_cpu_those_of_torch(monkeypatch):
    assert crew_for(Device("cuda:0", ""), "torch").size == 3  # one comes, one is there, one goes
    assert crew_for(Device("mps", ""), "torch") is ALONE
    assert crew_for(Device("cpu", ""), "torch").size == torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    crew = crew_for(Device("cpu", ""), "onnxruntime")
    assert (crew.size, crew.backend) == (3, "onnxruntime")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert crew_for(Device("cpu", ""), "onnxruntime") is ALONE


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize("shape", [(9, 40, 50), (1, 300, 400)])
def test_the_number_of_threads_changes_no_sample(checkpoint, shape, bits_are_steady):
    image = np.random.default_rng(0).integers(0, 4000, shape).astype(np.uint16)
    request = EnhanceRequest(
        image, "mono", EnhanceSettings(checkpoint, device="cpu", tile=100, backend="torch")
    )
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            found.append(enhance(request).image.astype(int))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert np.abs(other - found[0]).max() <= (0 if bits_are_steady else 1)


def test_an_error_keeps_nothing_alive():
    class Big:
        pass

    held, both = [], threading.Barrier(2, timeout=120)

    def work(_):
        big = Big()
        held.append(weakref.ref(big))
        both.wait()
        raise MemoryError

    gc.disable()  # on a full device, nobody waits for it
    try:
        with contextlib.suppress(MemoryError):
            Crew(2).each(work, range(2))
        assert len(held) == 2
        assert [reference() for reference in held] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("pixels", "scale_factor", "size"),
    [
        (30 * 40, 1, 4),  # the network runs on each pixel
        (20 * 20, 1, 1),
        (160 * 160, 12, 1),  # the network runs on 178 pixels
        (256 * 256, 12, 4),
    ],
)
def test_small_items_have_one_thread(pixels, scale_factor, size):
    assert crew_for_items(Crew(4), pixels, scale_factor).size == size
    with_onnx = crew_for_items(Crew(4, "onnxruntime"), pixels, scale_factor)
    assert (with_onnx is ALONE) == (size == 1)
    assert crew_for_items(ALONE, pixels, scale_factor) is ALONE


def test_few_threads_leave_the_curves_of_tiles_to_one():
    assert crew_for_curves(Crew(2, "onnxruntime")) is ALONE
    assert crew_for_curves(Crew(2, "torch")).size == 1
    assert crew_for_curves(ALONE) is ALONE
    several = Crew(3, "onnxruntime")
    assert crew_for_curves(several) is several


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_the_curves_of_tiles_are_estimated_at_the_same_time(monkeypatch, backend):
    # One lock for all tiles, such as that of functools.cached_property, would make threads useless.
    together = threading.Barrier(2, timeout=120)
    estimator = {"onnxruntime": OnnxEstimator, "torch": TorchEstimator}[backend]
    estimate = estimator.estimate

    def met(self, image, **named):
        together.wait()
        return estimate(self, image, **named)

    monkeypatch.setattr(estimator, "estimate", met)
    monkeypatch.setattr("napari_zerodce.engine.resolved.crew_for", lambda *_: Crew(2, backend))
    settings = EnhanceSettings("zero-dce", device="cpu", tile=100, backend=backend)
    for shape in ((4, 64, 64), (1, 200, 200)):
        image = np.random.default_rng(0).integers(0, 4000, shape).astype(np.uint16)
        assert (enhance(EnhanceRequest(image, "mono", settings)).image >= image).any()


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_thread_of_a_crew_works_alone_and_waits_for_no_other(size):
    # As when a lazy plane is itself a result: all threads would wait for each other.
    done, threads = [], set()

    def inner(item):
        done.append(item)
        threads.add(threading.current_thread())

    def outer(item):
        own = threading.current_thread()
        threads.clear()
        Crew(size).each(lambda number: inner((item, number)), range(3))
        assert size > 1 or threads == {own}

    Crew(size).each(outer, range(4))
    assert sorted(done) == [(item, number) for item in range(4) for number in range(3)]


def test_a_lazy_image_may_itself_be_enhanced(monkeypatch):
    monkeypatch.setattr("napari_zerodce.engine.image_plane._LARGEST_LOADED", 0)  # read tile by tile
    monkeypatch.setattr("napari_zerodce.engine.resolved.crew_for", lambda *_: Crew(2))
    image = np.random.default_rng(0).integers(0, 4000, (96, 96)).astype(np.uint16)
    settings = EnhanceSettings("zero-dce-pp", WindowChoice("range", 0, 4000), device="cpu", tile=40)

    class Enhanced:
        shape, dtype = image.shape, image.dtype

        def __getitem__(self, key):
            return enhance(EnhanceRequest(image, "mono", settings)).image[key]

    once = enhance(EnhanceRequest(image, "mono", settings)).image
    twice = enhance(EnhanceRequest(Enhanced(), "mono", settings)).image
    np.testing.assert_array_equal(twice, enhance(EnhanceRequest(once, "mono", settings)).image)


def test_two_first_runs_at_once_share_one_pool(monkeypatch):
    made = []

    class SlowPool(ThreadPoolExecutor):
        def __init__(self, *arguments) -> None:
            made.append(arguments)
            time.sleep(0.1)  # the other thread asks meanwhile
            super().__init__(*arguments)

    monkeypatch.setattr(crew, "ThreadPoolExecutor", SlowPool)
    runs = [
        threading.Thread(target=Crew(9, "onnxruntime").each, args=(print, ())) for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert made == [(9, "crew")]
