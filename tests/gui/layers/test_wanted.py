"""What a dock asks for, layer by layer, with its plan and its cost."""

from __future__ import annotations

import numpy as np
import psutil
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.gui.layers.scope import ALL, PartChoice
from napari_zerodce.gui.layers.wanted import Wanted, read_wanted
from napari_zerodce.imaging.windows import WindowChoice

SETTINGS = EnhanceSettings(window=WindowChoice("contrast"))


def _read(model: ViewerModel, *layers: Image, choice: PartChoice = ALL) -> Wanted:
    return read_wanted(model, layers, SETTINGS, choice)


def test_each_layer_has_its_own_window_and_part(model: ViewerModel, stack: Image) -> None:
    photo = model.add_image(np.zeros((9, 8, 3), np.uint8), rgb=True, name="photo")
    wanted = _read(model, stack, photo, choice=PartChoice("screen"))
    assert [source.layer for source in wanted.sources] == [stack, photo]
    first, second = wanted.requests
    assert (str(first.scope), second.scope) == ("0:1,0:8,0:8", None)
    assert str(first.settings.window) == "0,1000"
    assert str(second.settings.window) == "0,255"
    assert wanted.describe(None) == [
        "2 images with 2 planes, timing this machine…, 344 bytes in memory"
    ]


def test_plan_of_a_part_says_which(model: ViewerModel, stack: Image) -> None:
    model.dims.set_point(0, 2)
    plan = _read(model, stack, choice=PartChoice("screen")).describe(None)
    assert plan == ["plane 2: 1 plane of 8x8, timing this machine…, 128 bytes of uint16 in memory"]
    assert _read(model, stack).describe(None)[0].startswith("3 planes of 8x8")


def test_one_layer_that_cannot_be_enhanced_is_named_and_the_others_are_wanted(
    model: ViewerModel, stack: Image
) -> None:
    mask = model.add_image(np.zeros((8, 8), bool), name="mask")
    wanted = _read(model, mask, stack)
    assert [source.name for source in wanted.sources] == ["stack"]
    assert wanted.describe(None)[1].startswith("'mask' is left out: The image is a mask (bool)")
    with pytest.raises(ImageError, match="bool"):
        _read(model, mask)


def test_no_layer_is_one_sentence(model: ViewerModel) -> None:
    with pytest.raises(RequestError, match="no image layer"):
        _read(model)


def test_result_larger_than_the_free_memory_is_said_and_refused(
    model: ViewerModel, stack: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = _read(model, stack, stack)  # 2 times 384 bytes
    for free, fits in ((768, True), (767, False)):
        memory = psutil.virtual_memory()._replace(available=free)
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        assert len(wanted.describe(None)) == (1 if fits else 2)
        if fits:
            wanted.check()
        else:
            assert wanted.describe(None)[1].startswith("The result needs 0.0 GiB of memory")
            with pytest.raises(ImageError, match="fewer planes"):
                wanted.check()


def test_the_coarser_levels_need_memory_as_well(model: ViewerModel) -> None:
    fine = np.ones((8, 8), np.uint16)
    layer = model.add_image([fine, fine[::2, ::2]], multiscale=True)
    wanted = _read(model, layer)
    assert wanted.memory == 2 * (64 + 16)
    assert "160 bytes of uint16 in memory" in wanted.describe(None)[0]
