"""On a CPU, ONNX Runtime does everything that needs no training; where it lacks, torch does."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tifffile

EVERYTHING = """
import sys
if {hidden}:
    sys.modules["onnxruntime"] = None  # cannot be imported
import numpy as np
from napari_zerodce import choose_weights, curve_maps, enhance
from napari_zerodce.cli import main

rgb = np.random.default_rng(0).integers(0, 60, (70, 90, 3)).astype(np.uint16)
weights = {{"zero-dce": rgb, "zero-dce-pp": rgb}}
weights |= {{"zero-dce-fluo": rgb[..., 0], "zero-dce-pp-fluo": rgb[..., 0], "auto": rgb[..., 0]}}
for name, image in weights.items():
    assert enhance(image, name, device="cpu").shape == image.shape
    assert curve_maps(image, name, device="cpu").shape[-2:] == (70, 90)
choose_weights(rgb[..., 0])
assert main(["enhance", "dark.tif", "--device", "cpu", "--output", "bright.tif"]) == 0
assert main(["maps", "dark.tif", "--device", "cpu", "--output", "maps.tif"]) == 0
print("torch" in sys.modules)
"""


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(
            False,
            marks=pytest.mark.skipif(find_spec("onnxruntime") is None, reason="no ONNX Runtime"),
        ),
        True,
    ],
)
def test_torch_is_loaded_only_where_there_is_nothing_else(tmp_path: Path, hidden: bool) -> None:
    tifffile.imwrite(tmp_path / "dark.tif", np.arange(600, dtype=np.uint16).reshape(20, 30))
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING.format(hidden=hidden)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(hidden)
