"""What a machine has is found as the docstrings say, on whatever machine this is."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
import torch

from napari_zerodce import hardware

FORGETFUL = (hardware.is_torch_built_for_gpus, hardware.has_bfloat16, hardware.processor_name)


@pytest.fixture(autouse=True)
def forget():
    yield
    for cached in FORGETFUL:
        cached.cache_clear()


def test_a_gpu_that_torch_finds_may_be_there():
    assert hardware.may_have_gpu() >= torch.cuda.is_available()
    assert hardware.is_torch_built_for_gpus() == bool(torch.version.cuda or torch.version.hip)


@pytest.mark.parametrize(
    ("libraries", "devices", "found"),
    [
        (["libtorch_cpu.so"], 1, False),
        (["libtorch_cuda.so"], 1, True),
        (["libtorch_cuda.so"], 0, False),
        (["torch_cuda.dll"], 2, True),
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has no CUDA")
def test_torch_and_the_driver_must_both_know_gpus(tmp_path, monkeypatch, libraries, devices, found):
    (tmp_path / "lib").mkdir()
    for name in libraries:
        (tmp_path / "lib" / name).touch()
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(hardware, "find_spec", lambda _: spec)
    driver = SimpleNamespace(
        cuInit=lambda _: 0, cuDeviceGetCount=lambda count: setattr(count._obj, "value", devices)
    )
    monkeypatch.setattr(hardware.ctypes, "CDLL", lambda _: driver)
    hardware.is_torch_built_for_gpus.cache_clear()
    assert hardware.may_have_gpu() == found


def test_a_mac_with_an_apple_processor_may_have_a_gpu(monkeypatch):
    monkeypatch.setattr(hardware.sys, "platform", "darwin")
    for machine, found in (("arm64", True), ("x86_64", False)):
        monkeypatch.setattr(hardware.platform, "machine", lambda machine=machine: machine)
        assert hardware.may_have_gpu() == found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists what a processor can do")
@pytest.mark.parametrize(
    ("flags", "known"),
    [
        ("fpu amx_bf16 sse", True),
        ("avx512_bf16", True),
        ("avx512f avx512_bf16x", False),
        ("", None),
    ],
)
def test_bfloat16_is_read_from_what_linux_tells(tmp_path, monkeypatch, flags, known):
    told = tmp_path / "cpuinfo"
    told.write_text("processor : 0\n" + (f"flags\t\t: {flags}\n" if flags else ""))
    monkeypatch.setattr(hardware, "_CPU_INFO", told)
    monkeypatch.setattr(hardware.platform, "machine", lambda: "x86_64")
    hardware.has_bfloat16.cache_clear()
    assert hardware.has_bfloat16() is known


def test_bfloat16_is_what_torch_says_too():
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    if capabilities and hardware.has_bfloat16() is not None:
        native = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
        assert hardware.has_bfloat16() == bool(native)


@pytest.mark.parametrize(("variable", "threads"), [("3", 3), ("5,2", 5), ("0", None), ("x", None)])
def test_threads_are_those_of_the_variable_or_of_the_cores(monkeypatch, variable, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert hardware.usual_threads() == (threads or _cores())


def _cores():
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(psutil.cpu_count(logical=False) or usable, usable)


def test_nothing_of_it_loads_torch():
    code = (
        "import sys; from napari_zerodce import hardware; hardware.usual_threads();"
        "hardware.is_torch_built_for_gpus(); hardware.has_bfloat16(); hardware.processor_name();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=200).returncode == 0
