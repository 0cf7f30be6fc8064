"""Torch is loaded with its libraries first, and the garbage collector is as it was."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from napari_zerodce import torch_import

LOAD_IN_TWO_STEPS = """
import gc, sys
from pathlib import Path
from napari_zerodce import torch_import

torch_import._load_libraries()
loaded = Path("/proc/self/maps").read_text() if sys.platform == "linux" else "libtorch_cpu"
assert "torch" not in sys.modules
torch = torch_import.load_torch()
print("libtorch_cpu" in loaded, torch.ones(2, 3).sum().item())
print(gc.isenabled(), gc.get_freeze_count())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there, torch loads its libraries so by itself")
def test_the_libraries_are_loaded_before_the_module():
    command = [sys.executable, "-c", LOAD_IN_TWO_STEPS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "6.0", "True", "0"]


def test_if_the_libraries_do_not_load_the_import_tells_why(monkeypatch):
    def fail():
        raise OSError("no such library")

    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(torch_import, "_load_libraries", fail)
    monkeypatch.setattr(torch_import, "import_module", lambda name: f"the module {name}")
    assert torch_import.load_torch() == "the module torch"


def test_a_missing_library_ends_the_loading(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(torch_import, "_libraries", lambda _: ((tmp_path / "gone.so", 2),))
    torch_import._load_libraries()


def test_where_other_libraries_are_named_those_of_cuda_are_left_to_torch(monkeypatch):
    def names():
        return [path.stem for path, _ in torch_import._libraries(Path("lib"))]

    monkeypatch.setattr(torch_import.os, "RTLD_NOW", 2, raising=False)
    monkeypatch.setattr(torch_import.os, "RTLD_GLOBAL", 256, raising=False)
    monkeypatch.setattr(sys, "getdlopenflags", lambda: 2, raising=False)
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert names() == ["libtorch_global_deps", "libtorch"]
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/cuda/lib64")
    assert names() == ["libtorch_global_deps", "libtorch_cpu"]


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_garbage_collector_rests_meanwhile_and_is_as_before_afterwards(monkeypatch, is_enabled):
    resting = []
    monkeypatch.setattr(torch_import, "import_module", lambda _: resting.append(gc.isenabled()))
    (gc.enable if is_enabled else gc.disable)()
    try:
        torch_import.load_torch()
        assert (resting, gc.isenabled()) == ([False], is_enabled)
    finally:
        gc.enable()


def test_new_objects_are_old_afterwards_and_still_garbage_one_day(monkeypatch):
    made = []
    monkeypatch.setattr(torch_import, "import_module", lambda _: made.append([]))
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 0)
    torch_import.load_torch()
    assert any(made[0] is each for each in gc.get_objects(generation=2))
