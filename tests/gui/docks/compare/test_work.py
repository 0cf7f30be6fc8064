"""The jobs: what is compared is what Enhance makes of the layer, and a report is a new folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.compare.candidates import BaselineCandidate, CheckpointCandidate
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.gui.docks.compare.part import of_reference, part_on_screen
from napari_zerodce.gui.docks.compare.work import comparing, saving
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.stopping import never

SETTINGS = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")


def test_plane_is_enhanced_as_in_its_stack(model: Any, stack: Any) -> None:
    model.dims.set_point(0, 1)
    source = read_source(stack)
    request, screen = request_for(source, SETTINGS), part_on_screen(model, source)
    pp = CheckpointCandidate("zero-dce-pp")
    found = comparing(request, screen, [pp])(ignore, never)
    whole = enhance(request)
    np.testing.assert_array_equal(found.compared[1].image, whole.image[1])
    assert found.source.window == whole.window


def test_coarse_level_has_the_window_of_the_layer(model: Any) -> None:
    finest = np.zeros((32, 32), np.uint16)
    finest[1::2, 1::2] = 4000  # the coarser level holds none of them
    layer = model.add_image([finest, finest[::2, ::2] + 5], multiscale=True)
    layer.data_level = 1
    source = read_source(layer)
    settings = EnhanceSettings(device="cpu")
    screen = part_on_screen(model, source)
    gamma = [BaselineCandidate("gamma")]
    found = comparing(request_for(source, settings), screen, gamma)(ignore, never)
    assert found.source.samples.shape == (16, 16)
    assert found.source.window.high > 3000


def test_reference_is_measured_in_its_own_window(model: Any, stack: Any) -> None:
    source = read_source(stack)
    screen = part_on_screen(model, source)
    pair = read_source(model.add_image((stack.data * 0.001).astype(np.float32), name="pair"))
    histogram = [BaselineCandidate("histogram")]
    request = request_for(source, SETTINGS)
    found = comparing(request, screen, histogram, of_reference(pair, screen))(ignore, never)
    assert all(each.figures.psnr is not None for each in found.compared)


def test_cancel_stops(model: Any, stack: Any) -> None:
    source = read_source(stack)
    work = comparing(
        request_for(source, SETTINGS), part_on_screen(model, source), [BaselineCandidate("gamma")]
    )
    with pytest.raises(Cancelled):
        work(ignore, lambda: True)


def test_report_is_a_new_folder_each_time(
    stack: Any, compared_on: Callable[..., Any], tmp_path: Path
) -> None:
    _, comparison = compared_on(stack, "a", "fails")
    save = saving(tmp_path, "a/b: night", comparison, reference_name="")
    first, second = (save(ignore, never) for _ in range(2))
    assert [first.name, second.name] == ["comparison of a-b- night", "comparison of a-b- night 2"]
    page = (first / "index.html").read_text("utf-8")
    assert "It is no checkpoint." in page
    assert "a/b: night" in page
    assert len(list((first / "pictures").iterdir())) == 2


def test_folder_that_cannot_be_written_is_told(
    stack: Any, compared_on: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    _, comparison = compared_on(stack, "a")
    with pytest.raises(RequestError, match="choose another folder"):
        saving(tmp_path / "file", "night", comparison, reference_name="")(ignore, never)
