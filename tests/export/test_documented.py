"""The lines of docs/export.md run, and give the pixels of the engine."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import napari_zerodce
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging import samples

DOCS = Path(__file__).parents[2] / "docs"
SAMPLES = Path(napari_zerodce.__file__).parent / "samples"


def test_python(exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DOCS / "export.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(import numpy.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    shutil.copy(SAMPLES / "night.png", tmp_path)
    Path("zero-dce-pp.onnx").write_bytes(exported("zero-dce-pp")[1].model)
    exec(program, {})
    settings = EnhanceSettings("zero-dce-pp", device="cpu", precision="float32")
    expected = enhance(EnhanceRequest(samples.night(), "rgb", settings)).image
    with Image.open("bright.png") as bright:
        difference = np.abs(np.asarray(bright).astype(int) - expected)
    assert difference.max() <= 1  # where a value lies between two integers
    assert difference.mean() < 1e-4


def test_the_page_and_the_lines_use_the_same_calls() -> None:
    page = (DOCS / "export-demo.html").read_text(encoding="utf-8")
    text = (DOCS / "export.md").read_text(encoding="utf-8")
    for call in (
        "onnxruntime-web@1.30/dist/ort.wasm.min.mjs",
        "InferenceSession.create(",
        "await createImageBitmap(",
        'new OffscreenCanvas(photo.width, photo.height).getContext("2d");',
        "context.drawImage(photo, 0, 0);",
        "context.getImageData(0, 0, photo.width, photo.height);",
        "Tensor.fromImage(pixels)",  # of an ImageData; it misreads other pictures
        "toImageData()",
    ):
        assert call in page
        assert call in text
