"""The one line that tells a user what a checkpoint is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_zerodce.checkpoints.info import CheckpointInfo

ENHANCER = CheckpointInfo(
    name="x",
    architecture="zero-dce-pp",
    scale_factor=12,
    parameters=10_561,
    sha256="1a2b3c4d" * 8,
    path=Path("x.safetensors"),
    licence="BSD-3-Clause",
    provenance={"trained_by": "me", "epochs": "3"},
)


def test_everything_known():
    expected = (
        "Zero-DCE++ · 10,561 parameters · scale 12 · trained by me · licence: BSD-3-Clause"
        " · sha256 1a2b3c4d"
    )
    assert ENHANCER.describe() == expected
    assert ENHANCER.title == "Zero-DCE++"


def test_little_known():
    info = replace(
        ENHANCER,
        architecture="zero-dce",
        scale_factor=1,
        parameters=79_416,
        licence="unknown",
        provenance={},
    )
    expected = "Zero-DCE · 79,416 parameters · licence unknown · sha256 1a2b3c4d"
    assert info.describe() == expected
    assert info.title == "Zero-DCE"
