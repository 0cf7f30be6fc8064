"""Both backends give the same photos within 1e-6, and share the cores with whatever else runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
from skimage.io import imread

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import WindowChoice

pytest.importorskip("onnxruntime")
WEIGHTS = ("zero-dce", "zero-dce-pp", "zero-dce-fluo", "zero-dce-pp-fluo")


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_photo_is_the_same_within_a_millionth(name):
    photo = imread(str(files("napari_zerodce") / "samples" / "night.png"))[:300, :400, :3]
    photo = photo.astype(np.float32) / 255
    found = []
    for backend in ("onnxruntime", "torch"):
        settings = EnhanceSettings(
            name, WindowChoice("range", 0, 1), device="cpu", precision="float32", backend=backend
        )
        result = enhance(EnhanceRequest(photo, "rgb", settings))
        assert result.provenance.backend == backend
        found.append(result.image)
    assert np.abs(found[0] - found[1]).max() <= 1e-6


@pytest.mark.parametrize("name", ["zero-dce", "zero-dce-pp"])
def test_tiles_of_any_size_are_the_whole(name):
    image = np.random.default_rng(0).random((150, 170, 3), np.float32)
    given = {"device": "cpu", "backend": "onnxruntime", "window": WindowChoice("range", 0, 1)}
    whole, tiled = (
        enhance(EnhanceRequest(image, "rgb", EnhanceSettings(name, tile=tile, **given))).image
        for tile in (200, 47)
    )
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize("time", ["frames", "shared"])
def test_onnx_runtime_needs_nothing_of_a_torch_that_is_being_imported(monkeypatch, time):
    half_made = ModuleType("torch")  # as in `sys.modules` for the seconds of its import
    half_made.__spec__ = find_spec("torch")
    monkeypatch.setitem(sys.modules, "torch", half_made)
    stack = np.random.default_rng(0).integers(0, 99, (2, 40, 50)).astype(np.uint16)
    settings = EnhanceSettings("zero-dce-pp", device="cpu", backend="onnxruntime", time=time)
    assert enhance(EnhanceRequest(stack, "mono", settings, time_axis=0)).image.shape == stack.shape


THREADS = """
import json, threading
import numpy as np, psutil
from napari_zerodce import enhance

image = np.random.default_rng(0).integers(0, 99, (300, 400)).astype(np.uint16)
process, counts, stop = psutil.Process(), [], threading.Event()

def count():
    while not stop.wait(0.002):
        counts.append(process.num_threads())

def run():
    for name in ("zero-dce", "zero-dce-pp"):
        enhance(image, name, device="cpu")

run()
before = process.num_threads()
others = [threading.Thread(target=run) for _ in range(4)]
watch = threading.Thread(target=count)
watch.start()
for thread in others:
    thread.start()
for thread in others:
    thread.join()
stop.set()
watch.join()
print(json.dumps({"before": before, "most": max(counts), "after": process.num_threads()}))
"""


def test_enhancements_at_once_share_their_threads():
    done = subprocess.run(
        [sys.executable, "-c", THREADS],
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "3"},
    )
    threads = json.loads(done.stdout)
    # Pools start a thread when it is needed: up to 3 may be new. Apart from these there are the
    # four that call, and the one that counts; a pool for each caller would be 12 threads.
    assert threads["most"] <= threads["before"] + 3 + 5
    assert threads["after"] <= threads["before"] + 3
