"""What this machine has, found out without torch, whose import takes seconds."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psutil

_CPU_INFO: Final = Path("/proc/cpuinfo")
_FLAGS_OF_BFLOAT16: Final = {"avx512_bf16", "amx_bf16"}
_AVX512_ON_WINDOWS: Final = 41  # PF_AVX512F_INSTRUCTIONS_AVAILABLE

_LIBRARIES_FOR_GPUS: Final = (
    "libtorch_cuda.so", "libtorch_hip.so", "torch_cuda.dll", "torch_hip.dll",
)  # fmt: skip


def may_have_gpu() -> bool:
    """Return whether torch may find a GPU; only then is it worth the time to ask torch."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64" and is_torch_installed()
    return is_torch_built_for_gpus() and (_count_of_cuda() > 0 or Path("/dev/kfd").exists())


@cache
def is_torch_installed() -> bool:
    """Return whether torch can be imported; for Macs with Intel processors pip finds none."""
    return find_spec("torch") is not None


@cache
def is_torch_built_for_gpus() -> bool:
    """Return whether the installed torch holds libraries for CUDA or ROCm."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return False
    folder = Path(found.origin).parent / "lib"
    return any((folder / name).exists() for name in _LIBRARIES_FOR_GPUS)


def _count_of_cuda() -> int:
    """Return the number of CUDA devices, as the driver counts them; 0 without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    return 0 if failed else count.value


@cache
def has_bfloat16() -> bool | None:
    """Return whether the processor computes with bfloat16, or None if only torch can tell.

    Processors of other kinds than x86 count as those that do not.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"} or sys.platform == "darwin":
        return False
    if sys.platform == "win32":
        return None if _has_avx512_on_windows() else False
    flags = _cpu_info("flags")
    return None if flags is None else not _FLAGS_OF_BFLOAT16.isdisjoint(flags.split())


def _has_avx512_on_windows() -> bool:
    windows: Any = getattr(ctypes, "windll")  # noqa: B009  (other systems have none)
    return bool(windows.kernel32.IsProcessorFeaturePresent(_AVX512_ON_WINDOWS))


def usual_threads() -> int:
    """Return the number of threads that computations use, as torch's: that of physical cores.

    The environment variable ``OMP_NUM_THREADS`` says another one.
    """
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if first.isdecimal() and int(first) > 0:
        return int(first)
    here = _usable_processors()
    return max(1, min(psutil.cpu_count(logical=False) or here, here))


def _usable_processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count() or 1


@cache
def processor_name() -> str:
    """Return the processor's name, as its maker gives it, or the machine type."""
    return _cpu_info("model name") or platform.processor() or platform.machine()


def _cpu_info(field: str) -> str | None:
    """Return the first value of a field that Linux tells about the processor."""
    try:
        with _CPU_INFO.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip() == field:
                    return value.strip()
    except OSError:
        pass  # not Linux
    return None
