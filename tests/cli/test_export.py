"""``napari-zerodce export``: files for other programs, and mistakes in one sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import onnxruntime
import pytest
import torch

from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.cli import main
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator


def test_an_onnx_file_runs(tmp_path: Path, capsys) -> None:
    path = tmp_path / "new" / "model.ONNX"
    assert main(["export", "zero-dce-pp", "--output", str(path)]) == 0
    words = capsys.readouterr().out
    assert words.startswith(f"zero-dce-pp -> {path} (ONNX, opset 17, 3 channels, ")
    assert "differ from ours in PyTorch by at most" in words
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [each.shape for each in session.get_inputs()] == [["N", 3, "H", "W"]]
    assert list(path.parent.iterdir()) == [path]


def test_a_package_is_a_zip_file(tmp_path: Path, capsys) -> None:
    path = tmp_path / "model.zip"
    words = ["export", "zero-dce-pp-fluo", "--format", "bioimageio", "--output", str(path)]
    assert main(words) == 0
    assert "a package of bioimage.io, 1 channel" in capsys.readouterr().out
    assert "rdf.yaml" in zipfile.ZipFile(path).namelist()
    assert main(words) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0


@pytest.mark.parametrize(
    "design",
    [
        GeneratorDesign("resnet", 3, 3, 4, 1),
        GeneratorDesign("resnet", 3, 1, 4, 1, antialias_down=True, antialias_up=True),
        GeneratorDesign("unet", 3, 3, 4, 5, "batch"),
    ],
    ids=lambda design: design.method,
)
def test_translators(design: GeneratorDesign, tmp_path: Path, capsys) -> None:
    torch.manual_seed(0)
    facts = {"given_name": design.method}
    source = tmp_path / "made.safetensors"
    save_checkpoint(source, make_generator(design), licence="MIT", provenance=facts)
    path = tmp_path / "made.onnx"
    assert main(["export", str(source), "--output", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{design.method} -> {path} (ONNX")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (output,) = session.get_outputs()
    assert (output.name, output.shape) == ("translated", ["N", design.outputs, "H", "W"])


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 3), (1, 4)])
def test_translators_of_other_channels_are_refused(inputs, outputs, tmp_path, capsys) -> None:
    source = tmp_path / "made.safetensors"
    generator = make_generator(GeneratorDesign("resnet", inputs, outputs, 4, 1))
    save_checkpoint(source, generator, licence="MIT", provenance={})
    assert main(["export", str(source), "--output", str(tmp_path / "made.zip")]) == 1
    told = f"translates {inputs} -> {outputs} channels, and models for other programs take and"
    assert told in (words := capsys.readouterr().err)
    assert words.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (["nothing", "--output", "a.onnx"], 1, "There is no checkpoint 'nothing'"),
        (["auto", "--output", "a.onnx"], 1, "give the name of a checkpoint"),
        (["zero-dce", "--output", "a.pt"], 2, "ends in .onnx or .zip"),
        (["zero-dce", "--output", "a.zip", "--format", "onnx"], 2, "ends in .onnx was expected"),
        (["zero-dce", "--output", "a.onnx", "--scale-factor", "4"], 2, "has no scale factor"),
        (["zero-dce", "--output", "a.onnx", "--author", "Ada"], 2, "leave --author out"),
        (["zero-dce", "--output", "a.onnx", "--window", "1,2"], 2, "leave --window out"),
        (["zero-dce-fluo", "--output", "a.zip", "--window", "-2,-4"], 2, "must be the smaller"),
        (["zero-dce", "--output", "a.zip", "--author", "Mallory"], 2, "weights of your own"),
        (["zero-dce", "--output", "taken/a.onnx"], 1, "cannot be written"),
    ],
)
def test_mistakes(words, exit_code, told, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("a file where a folder is needed")
    assert main(["export", *words]) == exit_code
    out, err = capsys.readouterr()
    assert not out
    assert told in err
    assert err.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["taken"]
