"""Exported checkpoints, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from napari_zerodce.checkpoints.read import CheckpointContent, read_checkpoint
from napari_zerodce.checkpoints.registry import resolve
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.export.onnx_file import OnnxFile, make_onnx


@cache
def _exported(source: str | Path) -> tuple[CheckpointContent, OnnxFile]:
    content = read_checkpoint(resolve(source))
    return content, make_onnx(content)


@pytest.fixture(scope="session")
def exported() -> Callable[[str | Path], tuple[CheckpointContent, OnnxFile]]:
    """Exports a checkpoint, or gives what it gave before."""
    return _exported


@pytest.fixture(scope="session")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small translator of one channel into three, of a given name and an unknown licence."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("translator") / "latest.safetensors"
    generator = make_generator(GeneratorDesign("resnet", 1, 3, 4, 1))
    facts = {"given_name": "day/night ü"}
    return save_checkpoint(path, generator, licence="unknown", provenance=facts)
