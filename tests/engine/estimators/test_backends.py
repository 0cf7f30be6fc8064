"""The first backend that can run a checkpoint is taken; if none can, a sentence says so."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.device import Device
from napari_zerodce.engine.estimators import backends
from napari_zerodce.engine.estimators.backends import choose_backend, make_runner
from napari_zerodce.engine.placement import device_of
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import DeviceError

CPU, GPU = Device("cpu", "any"), Device("cuda:0", "any")
INFO = load_checkpoint("zero-dce").info


@pytest.fixture
def no_onnxruntime(untried_onnxruntime, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


@pytest.mark.parametrize(
    ("device", "precision", "choice", "found"),
    [
        (CPU, "float32", "auto", "onnxruntime"),
        (CPU, "float32", "onnxruntime", "onnxruntime"),
        (CPU, "float32", "torch", "torch"),
        (CPU, "bfloat16", "auto", "torch"),
        (GPU, "float32", "auto", "torch"),
        (GPU, "float16", "torch", "torch"),
    ],
)
def test_onnxruntime_is_for_float32_on_the_cpu(device, precision, choice, found):
    pytest.importorskip("onnxruntime")
    assert choose_backend(INFO, device, precision, choice) == found


def test_a_network_without_a_graph_of_onnx_runs_on_torch():
    assert choose_backend(replace(INFO, architecture="new"), CPU, "float32") == "torch"


@pytest.mark.parametrize("name", ["onnxruntime", "torch"])
def test_the_backend_that_was_chosen_runs(name):
    if name == "onnxruntime":
        pytest.importorskip(name)
    assert make_runner(load_checkpoint("zero-dce"), CPU, "float32", name).backend == name


def test_torch_runs_everything_where_there_is_nothing_else(no_onnxruntime):
    assert choose_backend(INFO, CPU, "float32") == "torch"
    with pytest.raises(
        DeviceError, match=r"needs the package onnxruntime.*; the backend .*'torch'"
    ):
        device_of(EnhanceSettings(backend="onnxruntime"))


def test_where_neither_is_there_both_are_named(no_onnxruntime, monkeypatch):
    monkeypatch.setattr(backends, "is_torch_installed", lambda: False)
    with pytest.raises(DeviceError, match=r"'pip install onnx onnxruntime' or 'pip install torch'"):
        make_runner(load_checkpoint("zero-dce"), CPU, "float32", "torch")


def test_a_translator_runs_on_torch(tmp_path):
    generator = make_generator(GeneratorDesign("resnet", 1, 1, features=4, depth=6))
    torch.save(generator.state_dict(), tmp_path / "latest_net_G.pth")
    checkpoint = load_checkpoint(tmp_path / "latest_net_G.pth")
    assert choose_backend(checkpoint.info, CPU, "float32") == "torch"
    assert make_runner(checkpoint, CPU, "float32", "torch").backend == "torch"
    with pytest.raises(DeviceError, match=r" cannot run with ONNX Runtime on cpu .*; choose"):
        choose_backend(checkpoint.info, CPU, "float32", "onnxruntime")


def test_no_backend_is_one_sentence(monkeypatch):
    monkeypatch.setattr(backends, "BACKENDS", {})
    with pytest.raises(DeviceError, match=r"^zero-dce cannot run on cpu \(any\) in float16; .*\.$"):
        choose_backend(INFO, CPU, "float16")


def test_the_choice_of_a_backend_loads_no_torch():
    code = (
        "import sys; from napari_zerodce.engine.estimators.backends import choose_backend\n"
        "from napari_zerodce.checkpoints.load import load_checkpoint\n"
        "from napari_zerodce.device import Device\n"
        "choose_backend(load_checkpoint('zero-dce').info, Device('cpu', ''), 'float32')\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=200).returncode == 0
