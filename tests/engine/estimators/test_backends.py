"""The first backend that can run a checkpoint is taken; if none can, a sentence says so."""

from __future__ import annotations

import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.device import Device
from napari_zerodce.engine.estimators import backends
from napari_zerodce.engine.estimators.backends import make_estimator
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.errors import DeviceError

CPU = Device("cpu", "any")


def test_torch_runs_all_checkpoints():
    assert isinstance(make_estimator(load_checkpoint("zero-dce"), CPU, "float32"), TorchEstimator)


def test_the_first_backend_that_can_is_taken(monkeypatch):
    asked = []

    def cannot(checkpoint, device, precision):
        asked.append((checkpoint.info.name, device, precision))

    monkeypatch.setattr(backends, "BACKENDS", (cannot, lambda *_: "a", lambda *_: "b"))
    assert make_estimator(load_checkpoint("zero-dce-pp"), CPU, "bfloat16") == "a"
    assert asked == [("zero-dce-pp", CPU, "bfloat16")]


def test_no_backend_is_one_sentence(monkeypatch):
    monkeypatch.setattr(backends, "BACKENDS", ())
    with pytest.raises(DeviceError, match=r"^zero-dce cannot run on cpu \(any\) in float16; .*\.$"):
        make_estimator(load_checkpoint("zero-dce"), CPU, "float16")
