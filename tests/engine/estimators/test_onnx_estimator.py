"""ONNX Runtime as an estimator: the maps of torch, one session for equal weights, errors told."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.device import Device, OutOfDeviceMemory
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.estimators import onnx_estimator
from napari_zerodce.engine.estimators.onnx_estimator import OnnxEstimator
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, DeviceError

pytest.importorskip("onnxruntime")
CPU = Device("cpu", "")


def estimator_of(name="zero-dce-pp", **given):
    return OnnxEstimator(load_checkpoint(name, **given), CPU, "float32")


def noise(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("size", [(1, 1), (9, 40), (70, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_gives_the_maps_of_torch(name, size, channels):
    checkpoint, image = load_checkpoint(name), noise(1, channels, *size)
    found = OnnxEstimator(checkpoint, CPU, "float32").estimate(image)
    expected = TorchEstimator(checkpoint, CPU, "float32").estimate(image)
    assert found.shape == (1, ARCHITECTURES[name].maps, channels, *size)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_a_block_is_not_copied():
    block = noise(3, 8, 8)
    assert np.shares_memory(estimator_of().upload(block), block)


def test_views_of_any_kind_are_taken():
    estimator, image = estimator_of(), noise(1, 3, 20, 30)
    expected = estimator.estimate(image)
    interleaved = np.ascontiguousarray(image.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    interleaved.flags.writeable = False
    assert np.array_equal(estimator.estimate(interleaved), expected)
    larger = np.pad(image, ((0, 0), (0, 0), (3, 4), (5, 6)))
    assert np.array_equal(estimator.estimate(larger[..., 3:-4, 5:-6]), expected)


def test_equal_weights_share_a_session_and_others_do_not(tmp_path):
    first, again = estimator_of(), estimator_of(scale_factor=3)
    assert first._session is again._session
    assert again.scale_factor == 3
    assert estimator_of("zero-dce")._session is not first._session


def test_weights_that_the_user_changes_are_those_that_run():
    checkpoint, image = load_checkpoint("zero-dce-pp"), noise(1, 3, 8, 8)
    before = OnnxEstimator(checkpoint, CPU, "float32").estimate(image)
    with torch.no_grad():
        for weights in checkpoint.network.parameters():
            weights.zero_()
    assert not OnnxEstimator(checkpoint, CPU, "float32").estimate(image).any()
    assert np.array_equal(estimator_of().estimate(image), before), "only that checkpoint changed"


def test_a_stop_is_asked_for():
    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        estimator_of().estimate(noise(1, 3, 8, 8), check=stop)


def test_threads_share_it_and_no_session_starts_threads_of_its_own():
    estimator, image = estimator_of("zero-dce"), noise(1, 3, 40, 40)
    expected = estimator.estimate(image)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(estimator.estimate(image))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(each, expected) for each in found)
    options = estimator._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert estimator._session.get_providers() == ["CPUExecutionProvider"]


class _Failing:
    def __init__(self, message):
        self.message = message

    def run(self, *_):
        raise Exception(self.message)  # as the errors of ONNX Runtime, which have no class


@pytest.mark.parametrize(
    "message",
    [
        "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc",
        "[ONNXRuntimeError] : 1 : FAIL : Failed to allocate memory for requested buffer of size 9",
    ],
)
def test_no_memory_is_told_as_by_torch(message):
    estimator = estimator_of()
    estimator._session = _Failing(message)
    with pytest.raises(OutOfDeviceMemory):
        estimator.estimate(noise(1, 3, 8, 8))


def test_other_errors_are_one_sentence():
    estimator = estimator_of()
    estimator._session = _Failing("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : rank\nmore lines")
    with pytest.raises(DeviceError, match=r"^ONNX Runtime could not run .*rank\); choose the "):
        estimator.estimate(noise(1, 3, 8, 8))


BROKEN = {
    "no onnxruntime": None,
    "no onnx": None,
    "what is left of a removed package": "",
    "an import that fails in its own way": "raise RuntimeError('compiled for another NumPy')",
    "a runtime of another age": """
class SessionOptions:
    def add_session_config_entry(self, *_): ...
class InferenceSession:
    def __init__(self, *_, **__):
        raise Exception("Unsupported model IR version: 8")
def set_default_logger_severity(_): ...
""",
}


@pytest.mark.parametrize("found", BROKEN)
def test_a_runtime_that_does_not_work_is_told_and_tried_once(
    found, untried_onnxruntime, monkeypatch, tmp_path
):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "onnxruntime")
    tried, told = tmp_path / "tried", "ONNX Runtime could not be loaded"
    if (code := BROKEN[found]) is None:
        monkeypatch.setitem(sys.modules, missing := found.split()[-1], None)
        told = f"This needs the package {missing}, which is not installed"
    else:
        count = f"with open({str(tried)!r}, 'a') as tried:\n    tried.write('.')\n"
        (tmp_path / "onnxruntime.py").write_text(count + code)
    assert not OnnxEstimator.can_run(load_checkpoint("zero-dce").info, CPU, "float32")
    for _ in range(2):
        with pytest.raises(DeviceError, match=rf"^{told}.*'torch'"):
            onnx_estimator.import_onnxruntime()
        assert code is None or tried.read_text() == "."
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    result = enhance(EnhanceRequest(image, "mono", EnhanceSettings("zero-dce-pp", device="cpu")))
    assert result.backend == "torch"


def test_a_network_that_makes_no_session_is_one_sentence():
    with pytest.raises(DeviceError, match=r"^ONNX Runtime could not load the network \(.*'torch'"):
        onnx_estimator._new_session(b"no model")


def test_the_memory_of_a_large_tile_is_given_back():
    psutil = pytest.importorskip("psutil")
    estimator, process = estimator_of("zero-dce"), psutil.Process()
    estimator.estimate(noise(1, 3, 64, 64))
    before = process.memory_info().rss
    estimator.estimate(noise(1, 3, 512, 512))  # it needs 220 MiB
    assert process.memory_info().rss - before < 100 * 2**20
