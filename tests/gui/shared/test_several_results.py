"""Several results become layers above their sources, and what is missing is said, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ImageError
from napari_zerodce.gui.layers.scope import ALL
from napari_zerodce.gui.layers.wanted import Wanted, read_wanted
from napari_zerodce.gui.shared.several_results import add_all
from napari_zerodce.imaging.windows import Window


def _result(request: EnhanceRequest) -> EnhanceResult:
    return EnhanceResult(
        image=np.asarray(request.image),
        channels=request.channels,
        window=Window(0, 255),
        checkpoint=load_checkpoint("zero-dce").info,
        device="cpu",
        precision="float32",
        tile=8,
        seconds=1.5,
        look=DEFAULT_LOOK,
    )


@pytest.fixture
def wanted(model: ViewerModel) -> Wanted:
    layers = [model.add_image(np.zeros((8, 8), np.uint8), name=name) for name in "ab"]
    return read_wanted(model, layers, EnhanceSettings(), ALL)


def test_each_result_is_above_its_source(model: ViewerModel, wanted: Wanted) -> None:
    text, tone = add_all(model, wanted, [_result(request) for request in wanted.requests])
    assert [layer.name for layer in model.layers] == ["a", "a [Zero-DCE]", "b", "b [Zero-DCE]"]
    assert text == "Added 2 layers after 3.0 s. For viewing, not for measuring intensities."
    assert tone == "good"


def test_layers_that_are_missing_are_named(model: ViewerModel, wanted: Wanted) -> None:
    wanted = replace(wanted, left_out=("'c' is left out: It is a mask.",))
    done = [ImageError("Too large."), _result(wanted.requests[1])]
    text, tone = add_all(model, wanted, done)
    assert text == (
        "Added 1 of 3 layers after 1.5 s. For viewing, not for measuring intensities. "
        "'c' is left out: It is a mask. 'a' is left out: Too large."
    )
    assert tone == "bad"


def test_cancelled_run_adds_what_is_finished(model: ViewerModel, wanted: Wanted) -> None:
    text, _ = add_all(model, wanted, [_result(wanted.requests[0])])
    assert text.startswith("Cancelled; added 1 of 2 layers after 1.5 s.")
    assert [layer.name for layer in model.layers] == ["a", "a [Zero-DCE]", "b"]
