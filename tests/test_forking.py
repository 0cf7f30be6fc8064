"""A forked child process enhances, too: it waits for no thread and no lock of its parent."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from napari_zerodce.forking import ForkSafeLock

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")

ENHANCED_IN_A_FORK = """
import os, signal, sys, threading
import numpy as np
from napari_zerodce import enhance
from napari_zerodce.engine import crew, forecast, view
from napari_zerodce.recent_results import RecentResults

crew.usual_threads = crew._threads_of_torch = view.usual_threads = lambda: 2
image = np.random.default_rng(0).integers(0, 4000, (2, 60, 70)).astype(np.uint16)
both = [enhance(image, "zero-dce", device="cpu", backend=backend) for backend in sys.argv[1:]]
list(view._strip_workers().map(abs, [1]))
kept = RecentResults(1)
held, forked = threading.Event(), threading.Event()

def hold():
    with kept._lock, crew._changing_torch, forecast._one_at_a_time:
        held.set()
        forked.wait()

threading.Thread(target=hold).start()
held.wait()
child = os.fork()
forked.set()
if child == 0:
    signal.alarm(60)  # it would wait for ever
    again = [enhance(image, "zero-dce", device="cpu", backend=backend) for backend in sys.argv[1:]]
    list(view._strip_workers().map(abs, [1]))
    with forecast._one_at_a_time:
        kept.get(1, int)
    os._exit(not all(map(np.array_equal, both, again)))
sys.exit(os.waitpid(child, 0)[1] != 0)
"""


def test_a_fork_enhances_after_its_parent():
    words = [sys.executable, "-W", "ignore", "-c", ENHANCED_IN_A_FORK, "onnxruntime", "torch"]
    done = subprocess.run(words, check=False, timeout=200, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_renewed_lock_is_free():
    lock = ForkSafeLock()
    with lock:
        assert lock._lock.locked()
        lock.renew()
        assert not lock._lock.locked()
        lock._lock.acquire()
    assert not lock._lock.locked()
