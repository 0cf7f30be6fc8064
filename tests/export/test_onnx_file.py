"""ONNX files: all bundled checkpoints equal the engine, and say what they are."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest

from napari_zerodce.checkpoints.read import read_checkpoint
from napari_zerodce.checkpoints.registry import BUNDLED, RegistryEntry
from napari_zerodce.errors import DeviceError, ExportError, RequestError
from napari_zerodce.export.onnx_file import make_onnx
from napari_zerodce.export.subject import Subject


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_bundled(entry: RegistryEntry, exported) -> None:
    content, made = exported(entry.name)
    assert made.subject.channels == (1 if entry.made_for == "fluorescence" else 3)
    assert made.deviation < 1e-6
    model = onnx.load_from_string(made.model)
    facts = {each.key: each.value for each in model.metadata_props}
    assert facts["name"] == entry.name
    assert facts["sha256"] == content.info.sha256
    assert facts["licence"] == "BSD-3-Clause"
    assert facts["iterations"] == "8"
    factor = str(entry.scale_factor) if entry.architecture == "zero-dce-pp" else None
    assert facts.get("scale_factor") == factor
    assert model.model_version == 1
    assert "A > 0 brightens" in facts["curve"]
    assert "10.1109/" in facts["paper"]
    assert ("level + spread" in facts["window"]) == (made.subject.channels == 1)
    assert [each.name for each in model.graph.output] == ["enhanced", "curves"]


def test_other_channels_and_another_scale_factor() -> None:
    content = read_checkpoint(BUNDLED[1].path, scale_factor=5)
    made = make_onnx(content, Subject.of(content.info, 1))
    assert made.subject.channels == 1
    assert made.deviation < 1e-6


def test_a_translator_takes_its_own_channels(translator, exported) -> None:
    content, made = exported(translator)
    assert made.subject.channels == 1
    assert made.deviation < 1e-5
    facts = {each.key: each.value for each in onnx.load_from_string(made.model).metadata_props}
    assert facts["sides"] == "multiples of 4, at least 8 pixels"
    with pytest.raises(RequestError, match="leave --channels out"):
        Subject.of(content.info, 3)


def test_weights_of_a_fine_tuning_on_fluorescence_take_one_channel() -> None:
    info = read_checkpoint(BUNDLED[0].path).info
    elsewhere = info.path.parent / "mine"
    tuned = replace(info, path=elsewhere / "a.pth", provenance={"preset": "fluorescence"})
    assert Subject.of(tuned).channels == 1
    assert Subject.of(replace(tuned, provenance={})).channels == 3


def test_other_pixels_than_those_of_the_engine_are_refused(monkeypatch) -> None:
    content = read_checkpoint(BUNDLED[1].path)
    wrong = {name: each * 1.001 for name, each in content.weights.items()}
    with pytest.raises(ExportError, match="no file was written"):
        make_onnx(replace(content, weights=wrong))


def test_weights_that_overflow_are_named_as_such() -> None:
    content = read_checkpoint(BUNDLED[1].path)
    large = {name: each * np.float32(1e30) for name, each in content.weights.items()}
    with pytest.raises(ExportError, match=r"NaN or infinite pixels .* an earlier checkpoint"):
        make_onnx(replace(content, weights=large))


def test_without_onnx_runtime(untried_onnxruntime, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DeviceError, match="pip install onnx onnxruntime"):
        make_onnx(read_checkpoint(BUNDLED[1].path))


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # cannot be imported
import numpy as np
from napari_zerodce import enhance
from napari_zerodce.cli import main
enhance(np.arange(600, dtype=np.uint8).reshape(20, 30), device="cpu", backend="onnxruntime")
assert main(["export", "zero-dce-pp", "--output", "a.zip"]) == 0
assert main(["export", sys.argv[1], "--output", "b.onnx"]) == 1
"""


def test_without_torch_and_without_telemetry(translator, tmp_path) -> None:
    home = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "LOCALAPPDATA")}
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, translator],
        cwd=tmp_path,
        env={**kept, **home, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "differ from ours in ONNX Runtime and NumPy by at most" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "This needs PyTorch, which is not installed" in done.stderr
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["a.zip"]
