"""What a backend excludes is told in one sentence, before anything is loaded."""

from __future__ import annotations

import pytest

from napari_zerodce.engine.backend_choice import check_backend
from napari_zerodce.errors import DeviceError


@pytest.mark.parametrize(
    ("device", "precision", "wrong"),
    [
        ("cuda", "auto", "on the CPU only, and the device cuda was chosen"),
        ("mps", "float32", "on the CPU only, and the device mps was chosen"),
        ("auto", "bfloat16", "in float32 only, and the precision bfloat16 was chosen"),
    ],
)
def test_what_excludes_the_backend_is_told_alone(device, precision, wrong):
    with pytest.raises(
        DeviceError, match=rf"^ONNX Runtime runs {wrong}; .*, or the backend PyTorch \('torch'\)\.$"
    ):
        check_backend("onnxruntime", device, precision)
    check_backend("torch", device, precision)
    check_backend("auto", device, precision)


def test_an_unknown_backend_is_told():
    with pytest.raises(DeviceError, match=r"no backend 'mnn'; choose one of auto, onnxruntime, to"):
        check_backend("mnn", "auto", "auto")
