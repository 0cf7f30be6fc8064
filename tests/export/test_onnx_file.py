"""ONNX files: all bundled checkpoints equal the engine, and say what they are."""

from __future__ import annotations

from dataclasses import replace

import onnx
import pytest

from napari_zerodce.checkpoints.read import read_checkpoint
from napari_zerodce.checkpoints.registry import BUNDLED, RegistryEntry
from napari_zerodce.errors import ExportError, RequestError
from napari_zerodce.export import onnx_file
from napari_zerodce.export.onnx_file import make_onnx


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_bundled(entry: RegistryEntry, exported) -> None:
    content, made = exported(entry.name)
    assert made.channels == (1 if entry.made_for == "fluorescence" else 3)
    assert made.deviation < 1e-6
    model = onnx.load_from_string(made.model)
    facts = {each.key: each.value for each in model.metadata_props}
    assert facts["name"] == entry.name
    assert facts["sha256"] == content.info.sha256
    assert facts["licence"] == "BSD-3-Clause"
    assert facts["iterations"] == "8"
    assert facts["scale_factor"] == str(entry.scale_factor)
    assert "A > 0 brightens" in facts["curve"]
    assert "10.1109/" in facts["paper"]
    assert ("level + spread" in facts["window"]) == (made.channels == 1)
    assert [each.name for each in model.graph.output] == ["enhanced", "curves"]


def test_other_channels_and_another_scale_factor() -> None:
    content = read_checkpoint(BUNDLED[1].path, scale_factor=5)
    made = make_onnx(content, channels=1)
    assert made.channels == 1
    assert made.deviation < 1e-6


def test_a_translator_takes_its_own_channels(translator, exported) -> None:
    content, made = exported(translator)
    assert made.channels == 1
    assert made.deviation < 1e-5
    facts = {each.key: each.value for each in onnx.load_from_string(made.model).metadata_props}
    assert facts["sides"] == "multiples of 4 pixels"
    with pytest.raises(RequestError, match="leave --channels out"):
        make_onnx(content, channels=3)


def test_weights_of_a_fine_tuning_on_fluorescence_take_one_channel() -> None:
    info = read_checkpoint(BUNDLED[0].path).info
    elsewhere = info.path.parent / "mine"
    tuned = replace(info, path=elsewhere / "a.pth", provenance={"preset": "fluorescence"})
    assert onnx_file.channels_of(tuned) == 1
    assert onnx_file.channels_of(replace(tuned, provenance={})) == 3


def test_other_pixels_than_those_of_the_engine_are_refused(monkeypatch) -> None:
    content = read_checkpoint(BUNDLED[1].path)
    wrong = {name: each * 1.001 for name, each in content.weights.items()}
    with pytest.raises(ExportError, match="no file was written"):
        make_onnx(replace(content, weights=wrong))


def test_without_onnx_runtime(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ExportError, match="pip install onnxruntime"):
        make_onnx(read_checkpoint(BUNDLED[1].path))
