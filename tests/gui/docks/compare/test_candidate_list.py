"""What can be ticked: bundled checkpoints, files, and baselines that may need a reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_zerodce.compare.candidates import BaselineCandidate, CheckpointCandidate
from napari_zerodce.gui.docks.compare.candidate_list import CandidateList


@pytest.fixture
def candidates(qtbot: Any) -> CandidateList:
    widget = CandidateList()
    qtbot.addWidget(widget)
    return widget


def _titles(candidates: CandidateList) -> list[str]:
    return [each.title for each in candidates.chosen()]


def _item(candidates: CandidateList, text: str) -> Any:
    (item,) = candidates.list.findItems(text, Qt.MatchFlag.MatchExactly)
    return item


def test_ticks_follow_the_image_until_the_user_ticks(candidates: CandidateList) -> None:
    candidates.suit(colour=True, has_reference=False)
    assert _titles(candidates) == ["zero-dce", "zero-dce-pp", "gamma", "CLAHE"]
    candidates.suit(colour=False, has_reference=False)
    assert "zero-dce-fluo" in _titles(candidates)
    candidates.suit(colour=True, has_reference=True)
    assert _titles(candidates)[-2:] == ["histogram matching", "mean/std matching"]
    _item(candidates, "gamma").setCheckState(Qt.CheckState.Unchecked)
    chosen = _titles(candidates)
    candidates.suit(colour=False, has_reference=True)
    assert _titles(candidates) == chosen
    assert "gamma" not in chosen


def test_matching_needs_a_reference(candidates: CandidateList) -> None:
    item = _item(candidates, "histogram matching")
    item.setCheckState(Qt.CheckState.Checked)
    assert not item.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "Choose a reference" in item.toolTip()
    assert BaselineCandidate("histogram") not in candidates.chosen()
    candidates.suit(colour=True, has_reference=True)
    assert BaselineCandidate("histogram") in candidates.chosen()
    assert "Choose a reference" not in item.toolTip()


def test_files_come_after_the_checkpoints_once(candidates: CandidateList, tmp_path: Path) -> None:
    for _ in range(2):
        candidates.add_file(tmp_path / "mine.pth", "CycleGAN, ResNet with 9 blocks")
    titles = [candidates.list.item(row).text() for row in range(candidates.list.count())]
    assert titles.count("mine.pth") == 1
    assert titles.index("mine.pth") == titles.index("gamma") - 1
    assert "9 blocks" in _item(candidates, "mine.pth").toolTip()
    assert CheckpointCandidate(tmp_path / "mine.pth") in candidates.chosen()


def test_files_of_one_name_are_told_apart(candidates: CandidateList) -> None:
    for folder in ("day", "night"):
        candidates.add_file(Path("/runs") / folder / "latest_net_G.pth", "")
    titles = {candidates.list.item(row).text() for row in range(candidates.list.count())}
    assert titles >= {"day/latest_net_G.pth", "night/latest_net_G.pth"}


def test_button_asks_for_several_files(
    candidates: CandidateList, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        QFileDialog, "getOpenFileNames", lambda *_, **__: (["/a/x.pth", "/b/x.pth"], "")
    )
    with qtbot.waitSignal(candidates.files_requested) as asked:
        qtbot.mouseClick(candidates.open_button, Qt.MouseButton.LeftButton)
    assert asked.args == [(Path("/a/x.pth"), Path("/b/x.pth"))]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([], ""))
    with qtbot.assertNotEmitted(candidates.files_requested):
        qtbot.mouseClick(candidates.open_button, Qt.MouseButton.LeftButton)
