"""The Compare dock: it compares the chosen layer, follows it, and leaves nothing behind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QFileDialog

from napari_zerodce.checkpoints.registry import BUNDLED
from napari_zerodce.compare.candidates import BaselineCandidate, CheckpointCandidate
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.compare import work
from napari_zerodce.gui.docks.compare.dock import CompareDock
from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.layers.results import insert_quietly


@pytest.fixture
def dock(model: ViewerModel, stack: Any, qtbot: Any, settle: Any) -> Iterator[CompareDock]:
    dock = CompareDock(model)  # pytest-qt would delete it before it is settled
    yield dock
    dock.release_once()
    settle(dock)
    dock.close()
    dock.deleteLater()


def _tick_only(dock: CompareDock, *titles: str) -> None:
    for row in range(dock.form.candidates.list.count()):
        item = dock.form.candidates.list.item(row)
        on = item.text() in titles
        item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


def _pictures(model: ViewerModel) -> list[str]:
    return [layer.name for layer in model.layers if role_of(layer) == "compared" and layer.visible]


def _compare(dock: CompareDock, qtbot: Any) -> None:
    qtbot.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dock._session.busy)


def test_comparison_is_shown_and_closed(
    model: ViewerModel, dock: CompareDock, stack: Any, qtbot: Any
) -> None:
    assert dock.results.table.isHidden()
    assert dock.results.isHidden()
    _tick_only(dock, "zero-dce-pp", "gamma")
    assert dock.run.plan.text() == "The source and 2 methods on 'stack': plane 0, 8x8 pixels."
    _compare(dock, qtbot)
    assert _pictures(model) == ["source", "zero-dce-pp", "gamma"]
    assert dock.results.table.titles() == ["source", "zero-dce-pp", "gamma"]
    assert not dock.results.isHidden()
    assert "3 pictures of 'stack', plane 0" in dock.results.caption.text()
    assert model.layers.selection.active.name == "source"  # for napari's contrast sliders
    dock.results.table.setCurrentCell(2, 1)
    assert model.layers.selection.active.name == "gamma"
    assert dock.form.layers.layer is stack  # still what is compared
    qtbot.mouseClick(dock.results.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: list(model.layers) == [stack])
    assert dock.results.table.isHidden()
    assert dock.run.message.text() == ""
    assert model.layers.selection.active is stack


def test_failure_is_a_sentence_in_the_table(dock: CompareDock, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(b"no weights")
    _tick_only(dock, "gamma")
    dock.form.candidates.add_file(tmp_path / "bad.pth", "")
    _compare(dock, qtbot)
    assert "2 pictures" in dock.results.caption.text()
    assert "1 failed" in dock.results.caption.text()
    assert "bad.pth" in dock.results.table.item(1, 0).text()
    _tick_only(dock, "bad.pth")
    _compare(dock, qtbot)
    assert "Only 'stack', plane 0 itself" in dock.results.caption.text()
    assert "the method failed" in dock.results.caption.text()
    assert dock.results.caption.tone == "bad"


def test_translator_is_a_candidate_like_others(
    model: ViewerModel, dock: CompareDock, qtbot: Any, tmp_path: Path
) -> None:
    import torch

    design = GeneratorDesign("resnet", 1, 1, features=4, depth=6)
    torch.save(make_generator(design).state_dict(), tmp_path / "latest_net_G.pth")
    _tick_only(dock)
    dock.add_files((tmp_path / "latest_net_G.pth",))
    qtbot.waitUntil(lambda: len(dock.form.candidates.chosen()) == 1)
    _compare(dock, qtbot)
    assert _pictures(model) == ["source", "latest_net_G.pth"]


def test_nothing_to_compare_is_said(model: ViewerModel, dock: CompareDock, qtbot: Any) -> None:
    _tick_only(dock)
    assert "Nothing is ticked" in dock.run.plan.text()
    dock.compare()
    assert dock.run.plan.tone == "bad"
    _tick_only(dock, "gamma")
    assert dock.run.plan.tone == "plain"
    model.layers.clear()
    assert "no image layer to compare" in dock.run.plan.text()


def test_3d_is_refused_in_words_of_this_dock(model: ViewerModel, dock: CompareDock) -> None:
    model.dims.ndisplay = 3
    dock.compare()
    assert "3D, but planes are compared" in dock.run.message.text()


def test_reference_gives_figures_and_one_that_does_not_fit_a_sentence(
    model: ViewerModel, dock: CompareDock, stack: Any, qtbot: Any
) -> None:
    pair = model.add_image(stack.data * 3, name="pair")
    other = model.add_image(np.zeros((3, 9, 9)), name="other")
    dock.select_layer(stack)
    _tick_only(dock, "gamma", "histogram matching")
    assert dock.form.chosen() == (BaselineCandidate("gamma"),)
    dock.form.reference.layer = other
    assert "9x9 pixels, but 'stack' has 8x8" in dock.run.plan.text()
    dock.form.reference.layer = pair
    assert dock.form.chosen()[1] == BaselineCandidate("histogram")
    _compare(dock, qtbot)
    assert [dock.results.table.horizontalHeaderItem(n).text() for n in (4, 5)] == ["SSIM", "PSNR"]
    assert _pictures(model) == ["source", "gamma", "histogram matching", "reference"]
    assert "4 pictures" in dock.results.caption.text()
    other = CompareDock(model)  # it shows what the comparison was made from
    qtbot.addWidget(other)
    assert other.form.asked() == (stack, dock.form.chosen(), pair)
    other.release_once()


def test_other_arrangement_needs_no_run(
    model: ViewerModel, dock: CompareDock, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tick_only(dock, "gamma")
    dock.form.arrangement = "mosaic"
    assert dock.shown.comparison is None
    _compare(dock, qtbot)
    assert _pictures(model) == ["stack [compared]", "stack [names]"]
    monkeypatch.setattr(work, "comparing", None)
    dock.form.arrangement = "grid"
    assert _pictures(model) == ["source", "gamma"]
    assert dock.results.table.titles() == ["source", "gamma"]


def test_slider_moves_the_plan_and_the_notice(
    model: ViewerModel, dock: CompareDock, qtbot: Any
) -> None:
    _tick_only(dock, "gamma")
    _compare(dock, qtbot)
    assert dock.results.caption.tone == "good"
    model.dims.set_point(0, 2)
    qtbot.waitUntil(lambda: "plane 2" in dock.run.plan.text())
    assert "pictures are of plane 0 of 'stack'" in dock.results.caption.text()
    assert dock.results.caption.tone == "bad"
    model.dims.set_point(0, 0)
    qtbot.waitUntil(lambda: dock.results.caption.tone == "good")


def test_all_candidates_share_the_settings_of_the_session(
    dock: CompareDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock._session.change(checkpoint="zero-dce-pp", scale_factor=4, time="shared", device="cpu")
    settings = dock._wanted().request.settings
    assert (settings.scale_factor, settings.time, settings.device) == (None, "frames", "cpu")


def test_active_file_is_offered(
    model: ViewerModel, stack: Any, dock: CompareDock, qtbot: Any, settle: Any
) -> None:
    path = BUNDLED[1].path
    dock._session.change(checkpoint=path)
    other = CompareDock(model)
    qtbot.addWidget(other)
    qtbot.waitUntil(lambda: CheckpointCandidate(path) in other.form.candidates.chosen())
    other.release_once()
    settle(other)


def test_files_that_are_no_checkpoint_are_told(
    dock: CompareDock, qtbot: Any, tmp_path: Path
) -> None:
    before = dock.form.candidates.list.count()
    (tmp_path / "bad.pth").write_bytes(b"no weights")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "bad.pth"))])
    dock.dropEvent(QDropEvent(
        QPointF(), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    ))  # fmt: skip
    qtbot.waitUntil(lambda: dock.run.message.tone == "bad")
    assert "bad.pth" in dock.run.message.text()
    assert dock.form.candidates.list.count() == before


def test_good_files_do_not_hide_what_is_wrong_with_others(
    dock: CompareDock, qtbot: Any, tmp_path: Path
) -> None:
    (tmp_path / "bad.pth").write_bytes(b"no weights")
    (tmp_path / "worse.pth").write_bytes(b"")
    good = BUNDLED[1].path
    _tick_only(dock)
    dock.add_files((tmp_path / "bad.pth", tmp_path / "worse.pth", good))
    qtbot.waitUntil(lambda: bool(dock.form.candidates.chosen()))
    assert dock.form.candidates.chosen() == (CheckpointCandidate(good),)
    assert "bad.pth" in dock.run.message.text()
    assert "worse.pth" in dock.run.message.text()


def test_report_is_saved(
    model: ViewerModel, stack: Any, dock: CompareDock, qtbot: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dock.save_report(tmp_path)  # nothing to save
    pair = model.add_image(stack.data * 2, name="the pair")
    dock.select_layer(stack)
    dock.form.reference.layer = pair
    _tick_only(dock, "gamma")
    _compare(dock, qtbot)
    dock.form.reference.layer = None  # the report is of the comparison, not of the form
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(tmp_path))
    qtbot.mouseClick(dock.results.report, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "index.html" in dock.run.message.text())
    page = (tmp_path / "comparison of stack" / "index.html").read_text("utf-8")
    assert "stack" in page
    assert "the pair" in page


# ---- what happens during a run


def _waiting(monkeypatch: pytest.MonkeyPatch, model: ViewerModel) -> list[bool]:
    """Let a comparison wait until the returned list is not empty, or the run is cancelled."""
    go: list[bool] = []
    make = work.comparing

    def comparing(*args: Any) -> Callable[..., Any]:
        compare = make(*args)

        def wait(report: Any, should_stop: Any) -> Any:
            while not go and not should_stop():
                time.sleep(0.005)
            return compare(report, should_stop)

        return wait

    monkeypatch.setattr(work, "comparing", comparing)
    return go


def test_layer_that_is_deleted_during_a_run(
    model: ViewerModel, dock: CompareDock, stack: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = _waiting(monkeypatch, model)
    _tick_only(dock, "gamma")
    dock.compare()
    model.layers.remove(stack)
    go.append(True)
    qtbot.waitUntil(lambda: not dock._session.busy)
    assert "was deleted during the run" in dock.run.message.text()
    assert len(model.layers) == 0


def test_cancel_shows_nothing(
    model: ViewerModel, dock: CompareDock, stack: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _waiting(monkeypatch, model)
    _tick_only(dock, "gamma")
    dock.compare()
    dock.run.cancel()
    qtbot.waitUntil(lambda: not dock._session.busy)
    assert list(model.layers) == [stack]
    assert "Cancelled" in dock.run.message.text()


def test_closing_the_dock_stops_the_run_and_leaves_no_listeners(
    model: ViewerModel, stack: Any, qtbot: Any, settle: Any, count_listeners: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    _waiting(monkeypatch, model)
    first = CompareDock(model)  # makes the session and the shown comparison of the viewer
    session = first._session
    first.release_once()
    before = count_listeners(model, session)
    dock = CompareDock(model)
    _tick_only(dock, "gamma")
    dock.compare()
    assert session.busy
    dock.release_once()
    qtbot.waitUntil(lambda: not session.busy)
    assert list(model.layers) == [stack]
    assert "was closed" in session.outcome.text
    assert count_listeners(model, session) == before
    for each in (first, dock):
        qtbot.addWidget(each)


def test_comparison_outlives_the_dock(
    model: ViewerModel, dock: CompareDock, stack: Any, qtbot: Any, settle: Any, tmp_path: Path
) -> None:
    path = tmp_path / "other name.pth"
    shutil.copy(BUNDLED[1].path, path)
    _tick_only(dock, "gamma")
    dock.form.candidates.add_file(path, "")
    _compare(dock, qtbot)
    dock.form.arrangement = "mosaic"
    dock.release_once()
    other = CompareDock(model)
    qtbot.addWidget(other)
    assert other.results.table.titles() == ["source", "other name.pth", "gamma"]
    assert other.form.asked() == (
        stack,
        (CheckpointCandidate(path), BaselineCandidate("gamma")),
        None,
    )
    assert other.form.arrangement == "mosaic"
    assert _pictures(model) == ["stack [compared]", "stack [names]"]
    assert "of 'stack', plane 0" in other.results.caption.text()
    other.shown.close()
    qtbot.waitUntil(lambda: list(model.layers) == [stack])
    other.release_once()
    settle(other)


def test_second_run_is_refused_while_one_is_in_progress(
    model: ViewerModel, dock: CompareDock, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = _waiting(monkeypatch, model)
    _tick_only(dock, "gamma")
    dock.compare()
    job = dock._session.job
    dock.compare()
    assert dock._session.job is job
    go.append(True)
    qtbot.waitUntil(lambda: not dock._session.busy)
    assert _pictures(model) == ["source", "gamma"]


def test_unfit_reference_is_refused_by_the_button(
    model: ViewerModel, dock: CompareDock, stack: Any
) -> None:
    other = model.add_image(np.zeros((3, 9, 9)), name="other")
    dock.select_layer(stack)
    dock.form.reference.layer = other
    with pytest.raises(RequestError):
        dock._wanted()
    dock.compare()
    assert "choose a reference" in dock.run.plan.text()
    assert not dock._session.busy
    third = Image(stack.data)
    insert_quietly(model, third, above=stack)
    model.layers.remove(third)
    assert "choose a reference" in dock.run.plan.text()  # other layers do not mend it
    dock.form.reference.layer = None
    assert "choose a reference" not in dock.run.plan.text()
