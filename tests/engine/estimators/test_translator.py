"""A translator leaves nothing in the threads that use it."""

from __future__ import annotations

import weakref
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.device import resolve_device
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.errors import Cancelled


class _Owner:
    """What a check belongs to: a plane, which may hold large arrays."""

    def __init__(self, stops: bool) -> None:
        self.checks, self._stops = 0, stops

    def check(self) -> None:
        self.checks += 1
        if self._stops:
            raise Cancelled


@pytest.mark.parametrize("stops", [False, True])
def test_thread_keeps_no_check(tmp_path: Path, stops: bool) -> None:
    generator = make_generator(GeneratorDesign("resnet", 1, 1, features=4, depth=6))
    torch.save(generator.state_dict(), tmp_path / "latest_net_G.pth")
    checkpoint = load_checkpoint(tmp_path / "latest_net_G.pth")
    translator = Translator(checkpoint, resolve_device("cpu"), "float32")
    owner = _Owner(stops)
    with suppress(Cancelled):
        translator.translate(np.zeros((1, 1, 8, 8), np.float32), check=owner.check)
    assert owner.checks == (1 if stops else translator.convolutions)
    known = weakref.ref(owner)
    del owner
    assert known() is None
