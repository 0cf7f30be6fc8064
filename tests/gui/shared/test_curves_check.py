"""What docks know of the session's checkpoint: whether it has curves, and why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from napari.components import ViewerModel
from qtpy.QtCore import QObject

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.errors import CheckpointError
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import session_of
from napari_zerodce.gui.shared.curves_check import CurvesCheck


@pytest.fixture
def translator(tmp_path: Path) -> Path:
    path = tmp_path / "latest_net_G.pth"
    torch.save(make_generator(GeneratorDesign("resnet", features=4, depth=1)).state_dict(), path)
    return path


def test_a_translator_has_no_curves_until_another_checkpoint_is_active(
    model: ViewerModel, qtbot: Any, translator: Path
) -> None:
    session, parent = session_of(model), QObject()
    check = CurvesCheck(session, parent)
    check.check()
    with qtbot.waitSignal(check.changed):
        session.change(checkpoint=translator)
    assert not check.has_curves
    with pytest.raises(CheckpointError, match=r"CycleGAN.* has no curves; choose Zero-DCE"):
        check.check()
    with qtbot.waitSignal(check.changed):
        session.change(checkpoint="zero-dce")
    check.check()
    check.release()


def test_nothing_is_told_after_the_dock_was_closed(
    model: ViewerModel, qtbot: Any, translator: Path
) -> None:
    session, parent = session_of(model), QObject()
    check = CurvesCheck(session, parent)
    session.change(checkpoint=translator)
    check.release()
    qtbot.waitUntil(lambda: not Job._alive)
    assert check.has_curves
