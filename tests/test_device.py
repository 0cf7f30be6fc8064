"""Devices, precisions and tiles are chosen as the docstrings say, on whatever machine this is."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch

from napari_zerodce import device as device_module
from napari_zerodce.device import (
    LEAST_PIXELS_FOR_HALF,
    Device,
    MemoryErrorsTranslated,
    OutOfDeviceMemory,
    available_devices,
    check_tile,
    default_tile,
    processor_name,
    release_memory,
    resolve_device,
    resolve_precision,
    smaller_tile,
)
from napari_zerodce.errors import DeviceError

CPU = Device("cpu", "any")


def sentence(error):
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_the_cpu_is_always_there_and_comes_last():
    devices = available_devices()
    assert devices[-1] == Device("cpu", processor_name())
    assert len(devices) == torch.cuda.device_count() + torch.backends.mps.is_available() + 1
    assert processor_name()


def test_auto_is_the_best_device():
    assert resolve_device("auto") == available_devices()[0]


def test_a_device_says_its_kind_and_its_name():
    assert Device("cuda:1", "Some GPU").kind == "cuda"
    assert str(Device("cuda:1", "Some GPU")) == "cuda:1 (Some GPU)"
    assert resolve_device("cpu").kind == "cpu"
    assert str(Device("mps", "")) == "mps"


@pytest.mark.parametrize("choice", ["gpu", "cuda:99", "cuda:x", "CPU", "", "cpu:0", "meta"])
def test_an_unknown_device_is_told_with_what_there_is(choice):
    with pytest.raises(DeviceError) as error:
        resolve_device(choice)
    message = sentence(error)
    assert repr(choice) in message
    assert "cpu" in message
    assert "'auto'" in message


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_on_a_machine_without():
    with pytest.raises(DeviceError) as error:
        resolve_device("cuda")
    message = sentence(error)
    assert message.startswith("There is no device 'cuda' on this machine")
    built_without = not (torch.version.cuda or torch.version.hip)
    assert ("built without CUDA" in message) == built_without


@pytest.mark.parametrize("choice", ["cuda", "cuda:1", "mps"])
def test_a_gpu_without_torch_is_told_to_need_it(choice, monkeypatch):
    monkeypatch.setattr(device_module, "available_devices", lambda: (CPU,))
    monkeypatch.setattr(device_module, "is_torch_installed", lambda: False)
    with pytest.raises(DeviceError, match="needs PyTorch, which is not installed"):
        resolve_device(choice)
    with pytest.raises(DeviceError, match=r"no device 'meta' on this machine; choose"):
        resolve_device("meta")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has an Apple GPU")
def test_mps_on_a_machine_without():
    with pytest.raises(DeviceError, match=r"There is no device 'mps' on this machine; choose"):
        resolve_device("mps")


@pytest.mark.parametrize("choice", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("dtype", [None, np.dtype(np.uint8), np.dtype(np.uint16)])
def test_a_named_precision_is_taken(choice, dtype):
    assert resolve_precision(choice, CPU, dtype) == choice


@pytest.mark.parametrize("dtype", ["u2", "i2", "i4", "u8", "f2", "f4", "f8", ">u2", None])
def test_auto_is_float32_unless_an_image_has_eight_bits(dtype):
    dtype = None if dtype is None else np.dtype(dtype)
    assert resolve_precision("auto", available_devices()[0], dtype) == "float32"


@pytest.mark.parametrize("dtype", ["u1", "i1"])
def test_auto_for_eight_bits_is_what_the_device_is_good_at(dtype):
    assert resolve_precision("auto", Device("mps", ""), np.dtype(dtype)) == "float32"
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    native = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    expected = "bfloat16" if native else "float32"
    assert resolve_precision("auto", CPU, np.dtype(dtype)) == expected


def test_auto_is_float32_on_a_cpu_whose_network_sees_few_pixels():
    few = LEAST_PIXELS_FOR_HALF - 1
    assert resolve_precision("auto", CPU, np.dtype(np.uint8), pixels=few) == "float32"


@pytest.mark.parametrize("native", [True, False])
def test_torch_is_asked_for_bfloat16_where_the_system_tells_nothing(monkeypatch, native):
    monkeypatch.setattr(device_module, "has_bfloat16", lambda: None)
    told = {"avx512_bf16": native}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
    unknown = Device("cpu", f"bfloat16: {native}")  # what is known of a device is remembered
    expected = "bfloat16" if native else "float32"
    assert resolve_precision("auto", unknown, np.dtype(np.uint8)) == expected


@pytest.mark.parametrize("choice", ["half", "float64", "fp16", ""])
def test_an_unknown_precision_is_told(choice):
    with pytest.raises(DeviceError) as error:
        resolve_precision(choice, CPU)
    assert repr(choice) in sentence(error)
    assert "auto, float32, bfloat16, float16" in sentence(error)


def test_tiles_are_halved_down_to_the_smallest_and_then_it_is_told():
    tile, tiles = default_tile(CPU), []
    while tile > 64:
        tiles.append(tile)
        tile = smaller_tile(tile)
    assert tiles == [160, 80]
    assert smaller_tile(100) == 64
    for smallest in (64, 10):
        with pytest.raises(DeviceError) as error:
            smaller_tile(smallest)
        assert f"tiles of {smallest} pixels" in sentence(error)
        assert not isinstance(error.value, OutOfDeviceMemory)  # or the run would try for ever


@pytest.mark.parametrize(
    "raised",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nMore lines"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError("could not create a memory object"),
        RuntimeError("could not create a primitive"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("[ONNXRuntimeError] : Failed to allocate memory for requested buffer"),
        MemoryError(),
    ],
)
def test_whatever_says_that_memory_ran_out_becomes_one_error(raised):
    with pytest.raises(OutOfDeviceMemory) as error, MemoryErrorsTranslated():
        raise raised
    assert error.value.__cause__ is raised
    assert "\n" not in str(error.value)


def test_a_real_allocation_that_cannot_be_is_out_of_memory():
    with pytest.raises(OutOfDeviceMemory), MemoryErrorsTranslated():
        torch.empty(2**50)  # 4 PiB: more than there are addresses


def test_other_errors_are_bugs_and_stay_as_they_are():
    with pytest.raises(RuntimeError, match="size of tensor") as error, MemoryErrorsTranslated():
        torch.ones(2) + torch.ones(3)
    assert not isinstance(error.value, DeviceError)
    unknown = RuntimeError("could not create a primitive descriptor for a convolution")
    with pytest.raises(RuntimeError) as error, MemoryErrorsTranslated():
        raise unknown
    assert error.value is unknown


@pytest.mark.parametrize(
    ("name", "expected"), [("cpu", []), ("cuda:0", ["cuda"]), ("mps", ["mps"])]
)
def test_memory_is_released_where_the_device_is(monkeypatch, name, expected):
    released = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: released.append("cuda"))
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: released.append("mps"))
    release_memory(Device(name, "any"))
    assert released == expected


def test_memory_can_be_released_on_every_device_of_this_machine():
    for device in available_devices():
        tensor = torch.ones(2, device=device.name)
        release_memory(device)
        assert tensor.tolist() == [1, 1], "what is in use stays"


def test_torch_is_not_loaded_to_name_the_choices():
    code = (
        "import sys; from napari_zerodce.device import PrecisionChoice, LARGEST_DEVIATION;"
        "sys.exit('torch' in sys.modules)"
    )
    child = subprocess.run([sys.executable, "-c", code], check=False, timeout=200)
    assert child.returncode == 0


def test_a_torch_that_does_not_load_is_told(tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('[WinError 126] c10.dll')")
    code = (
        "from napari_zerodce.device import import_torch\n"
        "from napari_zerodce.errors import DeviceError\n"
        "try:\n    import_torch()\n"
        "except DeviceError as error:\n    print(error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{code}"],
        check=True,
        timeout=200,
        capture_output=True,
        text=True,
    ).stdout
    assert told.startswith("PyTorch could not be loaded ([WinError 126] c10.dll); reinstall it")
    assert told.count("\n") == 1


def test_the_largest_deviation_is_known_for_every_precision():
    deviations = device_module.LARGEST_DEVIATION
    assert deviations["float32"] == 0
    assert 0 < deviations["float16"] < deviations["bfloat16"] < 0.05


def test_tiles_beyond_the_memory_are_refused_on_the_cpu_alone() -> None:
    check_tile(512 * 512, 512, Device("cpu", ""))
    with pytest.raises(DeviceError, match=r"Tiles of 999999 pixels need .* GiB of memory, and"):
        check_tile(999_999**2, 999_999, Device("cpu", ""))
    check_tile(999_999**2, 999_999, Device("cuda:0", ""))  # says so itself, and gets smaller ones


def test_what_a_failed_attempt_held_is_free_at_once():
    """On Python 3.12 and 3.13 a generator's context kept it, and smaller tiles had no room."""

    class Tensor:
        pass

    def attempt(held):
        tensor = Tensor()
        held.append(weakref.ref(tensor))
        raise torch.OutOfMemoryError("CUDA out of memory.")

    held = []
    gc.disable()
    try:
        for _ in range(3):
            try:
                with MemoryErrorsTranslated():
                    attempt(held)
            except OutOfDeviceMemory:
                pass
        assert [reference() for reference in held] == [None] * 3
    finally:
        gc.enable()


def test_without_torch_it_is_told_and_half_precision_is_not_chosen(monkeypatch):
    monkeypatch.setattr(device_module, "is_torch_installed", lambda: False)
    monkeypatch.setattr(device_module, "has_bfloat16", lambda: True)
    uncached = device_module._native_half.__wrapped__
    assert uncached(CPU) == "float32"
    with pytest.raises(DeviceError, match="needs PyTorch, which is not installed"):
        device_module.import_torch.__wrapped__()
