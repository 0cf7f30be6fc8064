"""The Enhance dock in a real window: clicks, runs, and what users do in the middle of a run."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QLabel

from napari_zerodce.checkpoints.registry import resolve
from napari_zerodce.checkpoints.save import save_official
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.enhance import dock as enhance_dock
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.layers.scope import PartChoice

PLANES = 8
HELD = 3  # so many planes are finished before a run waits


def _click(dock: Any, qtbot: Any) -> None:
    qtbot.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)


def _wait_until_idle(dock: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: dock.run.state == "idle" and not dock._session.busy)


def _add_dark_stack(viewer: Any, name: str = "stack") -> Image:
    planes = np.full((PLANES, 64, 64), 900, np.uint16)
    layer: Image = viewer.add_image(planes, name=name, contrast_limits=(0, 4095))
    return layer


def _start_and_hold(viewer: Any, dock: Any, qtbot: Any, held: Any) -> Image:
    """Start a run that waits when some planes are finished."""
    dock._session.change(device="cpu")  # it takes planes one by one
    held.before = HELD
    layer = _add_dark_stack(viewer)
    _click(dock, qtbot)
    qtbot.waitUntil(lambda: dock.run.bar.value() == _shown(HELD))
    assert dock.run.button.text() == "Cancel"
    return layer


def _shown(planes: int) -> int:
    """Return the value of the bar when so many planes are finished."""
    return round(1000 * planes / PLANES)


def _cancel(dock: Any, qtbot: Any) -> None:
    dock.run.button._started = 0.0  # as if it were no double click
    _click(dock, qtbot)


def _drop(dock: Any, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    dock.dropEvent(event)


def test_click_gives_the_engines_result_on_top_of_an_untouched_source(
    viewer: Any, dock: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    before = dark_photo.copy()
    source = viewer.add_image(dark_photo, rgb=True, name="photo")
    _click(dock, qtbot)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    _wait_until_idle(dock, qtbot)
    result = viewer.layers[1]
    assert result.name == "photo [Zero-DCE]"
    settings = EnhanceSettings(look=DEFAULT_LOOK)
    expected = enhance(EnhanceRequest(dark_photo, "rgb", settings)).image
    np.testing.assert_array_equal(result.data, expected)
    assert result.data.mean() > 1.5 * before.mean()
    np.testing.assert_array_equal(source.data, before)
    assert result.metadata[METADATA_KEY]["checkpoint"] == "zero-dce"
    assert result.metadata[METADATA_KEY]["look"] == DEFAULT_LOOK.as_dict()
    assert "not for measuring" in dock.run.message.text()


def test_plan_says_what_will_happen(viewer: Any, dock: Any, qtbot: Any) -> None:
    viewer.add_image(np.zeros((3, 4, 70, 90), np.uint16))
    qtbot.waitUntil(lambda: "cpu" in dock.run.plan.text())
    assert dock.run.plan.text().startswith("12 planes of 90x70, cpu")
    assert dock.run.plan.text().endswith("uint16 in memory")


def test_nothing_to_enhance_is_one_sentence(viewer: Any, dock: Any, qtbot: Any) -> None:
    _click(dock, qtbot)
    assert "⚠ There is no image layer" in dock.run.plan.text()
    viewer.add_image(np.zeros((8, 8), bool), name="mask")
    _click(dock, qtbot)
    assert dock.run.plan.text().startswith("⚠ ")
    assert "bool" in dock.run.plan.text()
    assert not dock.run.message.isVisible(), "said once"
    assert dock.run.state == "idle"
    assert len(viewer.layers) == 1


def test_settings_that_exclude_each_other_start_no_job(viewer: Any, dock: Any, qtbot: Any) -> None:
    viewer.add_image(np.zeros((8, 8), np.uint8))
    dock.form.fields["precision"].value = "bfloat16"
    dock.form.fields["backend"].value = "onnxruntime"
    assert dock.run.plan.text().startswith("ONNX Runtime runs in float32 only")
    _click(dock, qtbot)
    assert not dock._session.busy
    assert dock.run.plan.text().startswith("⚠ ONNX Runtime runs in float32 only")
    assert "PyTorch ('torch')" in dock.run.plan.text()


def test_a_mask_that_is_active_as_the_dock_opens_is_one_sentence(
    model: ViewerModel, qtbot: Any, settle: Any, tmp_path: Path
) -> None:
    masks = [model.add_image(np.zeros((2, 8, 8), bool), name=name) for name in "ab"]
    dock = EnhanceDock(model)
    qtbot.addWidget(dock)
    generator = make_generator(GeneratorDesign("resnet", 1, 1, 4, 2))
    for source in ("zero-dce-pp", save_official(tmp_path / "latest_net_G.pth", generator)):
        dock.choose_checkpoint(source)  # pytest-qt reports a traceback in a slot
        qtbot.waitUntil(lambda wanted=source: dock._session.checkpoint == wanted)
        for mask in masks:
            dock.select_layer(mask)
            qtbot.waitUntil(lambda: "is a mask (bool)" in dock.run.plan.text())
    dock.release_once()
    settle(dock)


def test_cancel_ends_a_run_in_the_middle_and_adds_nothing_by_itself(
    viewer: Any, dock: Any, qtbot: Any, held: Any
) -> None:
    layer = _start_and_hold(viewer, dock, qtbot, held)
    dock.run.button._started = 0.0  # as if it were no double click
    _click(dock, qtbot)
    assert dock.run.button.text() == "Cancelling…"
    _wait_until_idle(dock, qtbot)
    assert dock.run.bar.value() == _shown(HELD)
    assert list(viewer.layers) == [layer]
    assert dock.run.button.text() == "Enhance"
    assert dock.run.offer.text() == f"Cancelled; {HELD} of {PLANES} planes are finished."


@pytest.mark.usefixtures("clock")
def test_everything_at_once_during_a_run_is_harmless(
    viewer: Any, dock: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    image = np.stack([dark_photo[..., 0]] * 30)
    source = viewer.add_image(image, name="stack")
    qtbot.mouseDClick(dock.run.button, Qt.MouseButton.LeftButton)
    dock.start()  # a second wish during the run is not a second run
    dock.choose_checkpoint("zero-dce-pp")
    viewer.layers.remove(source)
    qtbot.waitUntil(lambda: len(viewer.layers) == 1)
    _wait_until_idle(dock, qtbot)
    result = viewer.layers[0]
    assert (
        result.metadata[METADATA_KEY]["checkpoint"] == "zero-dce"
    )  # as it was when Enhance was pressed
    assert result.data.shape == image.shape
    qtbot.waitUntil(lambda: dock._session.checkpoint == "zero-dce-pp")


def test_closing_napari_in_the_middle_stops_the_thread(
    make_napari_viewer: Any, qtbot: Any, held: Any
) -> None:
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    _start_and_hold(viewer, dock, qtbot, held)
    job = dock._session.job
    with qtbot.waitSignal(job.finished):
        viewer.close()


def test_a_dock_that_closes_at_once_loads_nothing(
    model: ViewerModel, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    monkeypatch.setattr("napari_zerodce.gui.docks.enhance.dock._PAINT_MS", 0)
    dock, chosen = EnhanceDock(model), []
    monkeypatch.setattr(dock, "choose_checkpoint", chosen.append)
    dock.release_once()
    qtbot.wait(50)
    assert not chosen
    dock.deleteLater()


def test_choice_made_before_the_dock_is_painted_is_not_lost(
    model: ViewerModel, monkeypatch: pytest.MonkeyPatch, qtbot: Any, settle: Any
) -> None:
    painted, check = threading.Event(), enhance_dock.checking
    monkeypatch.setattr(
        enhance_dock, "checking", lambda source: lambda *to: painted.wait(60) and check(source)(*to)
    )
    monkeypatch.setattr(enhance_dock, "_PAINT_MS", 0)
    dock = EnhanceDock(model)
    qtbot.addWidget(dock)
    dock.choose_checkpoint("zero-dce-pp")
    qtbot.waitUntil(lambda: dock.form.fields["device"].native.count() > 1)
    painted.set()
    settle(dock)
    assert dock._session.checkpoint == "zero-dce-pp"
    dock.release_once()


def test_automatic_weights_are_told_after_a_broken_checkpoint(
    model: ViewerModel, qtbot: Any, settle: Any, tmp_path: Path
) -> None:
    dock = EnhanceDock(model)
    qtbot.addWidget(dock)
    settle(dock)
    (tmp_path / "broken.pth").touch()
    dock.choose_checkpoint(tmp_path / "broken.pth")
    model.add_image(np.zeros((8, 8, 3), np.uint8), rgb=True)
    settle(dock)
    assert "broken.pth" in dock.run.message.text()
    assert dock.checkpoints.description.text().startswith("Photo weights, because ")
    model.layers.clear()
    settle(dock)
    assert "as the image needs" in dock.checkpoints.description.text()
    dock.release_once()


def test_run_that_ends_because_another_window_closes_says_so(
    make_napari_viewer: Any, qtbot: Any, held: Any
) -> None:
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    other = make_napari_viewer(show=True)  # napari registers jobs with the newest window
    _start_and_hold(viewer, dock, qtbot, held)
    job = dock._session.job
    other.close()
    assert job._worker.abort_requested
    qtbot.waitUntil(lambda: not dock._session.busy)
    why = "napari stopped the run because another window closed"
    assert dock.run.offer.text() == f"{why}; {HELD} of {PLANES} planes are finished."


def test_scale_factor_is_offered_for_zero_dce_pp_alone(viewer: Any, dock: Any, qtbot: Any) -> None:
    assert dock.form.choices()["scale_factor"] is None
    dock.choose_checkpoint("zero-dce-pp")
    qtbot.waitUntil(dock.form.fields["scale_factor"].native.isVisible)
    assert dock.form.choices()["scale_factor"] == 12
    assert "10,561 parameters" in dock.checkpoints.description.text()


def test_dropped_checkpoint_becomes_active(
    viewer: Any, dock: Any, qtbot: Any, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(resolve("zero-dce-pp").read_bytes())
    _drop(dock, path)
    qtbot.waitUntil(lambda: dock._session.checkpoint == path)
    assert dock.checkpoints.combo.currentText() == "mine.safetensors"


def test_the_dock_says_what_a_dropped_translator_is(
    viewer: Any, dock: Any, qtbot: Any, tmp_path: Path
) -> None:
    generator = make_generator(GeneratorDesign("resnet", 1, 2, 4, 3))
    path = save_official(tmp_path / "latest_net_G.pth", generator)
    _drop(dock, path)
    qtbot.waitUntil(lambda: dock._session.checkpoint == path)
    said = "CycleGAN, ResNet with 3 blocks, 1 -> 2 channels · "
    assert dock.checkpoints.description.text().startswith(said)
    assert "translated" in dock.findChild(QLabel, "purpose").text(), "not only brighter"
    assert not dock.form.fields["scale_factor"].native.isVisible()


def test_a_file_that_was_replaced_is_read_again_before_the_run(
    viewer: Any, dock: Any, qtbot: Any, tmp_path: Path
) -> None:
    def write(channels: int) -> Path:
        generator = make_generator(GeneratorDesign("resnet", channels, channels, 4, 2))
        return save_official(tmp_path / "latest_net_G.pth", generator)

    viewer.add_image(np.eye(16, dtype=np.float32), name="cells")
    dock.choose_checkpoint(path := write(1))
    qtbot.waitUntil(lambda: "1 -> 1" in dock.checkpoints.description.text())
    write(3)
    _click(dock, qtbot)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    _wait_until_idle(dock, qtbot)
    assert "3 -> 3" in dock.checkpoints.description.text()
    assert "3 -> 3" in viewer.layers[1].metadata[METADATA_KEY]["design"]
    path.unlink()
    dock.run.button._started = 0.0  # as if it were no double click
    _click(dock, qtbot)
    qtbot.waitUntil(lambda: "latest_net_G.pth" in dock.run.message.text())
    assert len(viewer.layers) == 2


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><html></html>", b"", b"PK\x03\x04 no archive"]
)
def test_broken_checkpoint_is_one_sentence_and_the_active_one_stays(
    viewer: Any, dock: Any, qtbot: Any, tmp_path: Path, content: bytes
) -> None:
    dock.choose_checkpoint("zero-dce")
    qtbot.waitUntil(lambda: "79,416" in dock.checkpoints.description.text())
    path = tmp_path / "broken.pth"
    path.write_bytes(content)
    _drop(dock, path)
    qtbot.waitUntil(lambda: "broken.pth" in dock.run.message.text())
    assert dock._session.checkpoint == "zero-dce"
    assert dock.checkpoints.combo.currentData() == "zero-dce"
    assert "79,416" in dock.checkpoints.description.text()


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_dock_fits_a_small_screen(
    viewer: Any, dock: Any, qtbot: Any, small_screen: None, settle: Any, checkpoint: str
) -> None:
    dock.choose_checkpoint(checkpoint)
    viewer.add_image(np.zeros((2, 3, 64, 64), np.uint16))
    dock.form.part.choice = PartChoice("range", "screen", ((0, 1), (1, 2)))  # the longest form
    settle(dock)
    assert dock.form.part.choice.planes == "range"
    assert dock.form.fields["scale_factor"].native.isVisible() == (checkpoint == "zero-dce-pp")
    assert dock.width() <= 420
    assert dock.widget().minimumSizeHint().width() <= dock.viewport().width()  # nothing cut off
    assert dock.widget().height() <= dock.viewport().height()  # nothing to scroll for


def test_last_chosen_checkpoint_wins_whatever_loads_first(dock: Any, settle: Any) -> None:
    for _ in range(5):
        dock.choose_checkpoint("zero-dce")
        dock.choose_checkpoint("zero-dce-pp")
        settle(dock)
        assert dock._session.checkpoint == "zero-dce-pp"


def test_plan_and_complaint_do_not_outlive_what_they_speak_of(
    viewer: Any, dock: Any, qtbot: Any, settle: Any
) -> None:
    _click(dock, qtbot)
    assert "⚠ There is no image layer" in dock.run.plan.text()
    layer = viewer.add_image(np.zeros((3, 70, 90), np.uint16))
    assert "⚠" not in dock.run.plan.text()
    qtbot.waitUntil(lambda: "cpu" in dock.run.plan.text())
    viewer.layers.remove(layer)
    settle(dock)
    assert "no image layer" in dock.run.plan.text()


def test_second_dock_follows_the_run_and_can_cancel_it(
    viewer: Any, dock: Any, qtbot: Any, held: Any
) -> None:
    _start_and_hold(viewer, dock, qtbot, held)
    other = EnhanceDock(viewer)
    viewer.window.add_dock_widget(other, name="another")
    assert other.run.button.text() == "Cancel"
    assert other.run.bar.value() == _shown(HELD)
    held.before = HELD + 1
    qtbot.waitUntil(lambda: other.run.bar.value() == _shown(HELD + 1))
    _cancel(other, qtbot)
    _wait_until_idle(dock, qtbot)
    assert other.run.state == "idle"
    assert len(viewer.layers) == 1


# ---- parts of a layer, and several layers


def _enhance(viewer: Any, dock: Any, qtbot: Any) -> list[Image]:
    """Click, and return the layers that were added."""
    before = list(viewer.layers)
    _click(dock, qtbot)
    qtbot.waitUntil(lambda: len(viewer.layers) > len(before))
    _wait_until_idle(dock, qtbot)
    return [layer for layer in viewer.layers if layer not in before]


def _steep_stack() -> np.ndarray:
    """Planes that differ, so that each alone would have another window."""
    ramp = np.linspace(100, 900, 30 * 40).reshape(30, 40)
    return np.stack([ramp / (1 + number) for number in range(4)]).astype(np.uint16)


def test_plane_on_screen_is_that_of_the_whole_result_and_is_shown_there_alone(
    viewer: Any, dock: Any, qtbot: Any
) -> None:
    dock._session.change(precision="float32")
    source = viewer.add_image(_steep_stack(), name="frames", scale=(2, 1, 1))
    (whole,) = _enhance(viewer, dock, qtbot)
    dock.form.part.planes.setCurrentIndex(1)
    viewer.dims.set_point(0, 2 * 3)
    qtbot.waitUntil(lambda: dock.run.plan.text().startswith("plane 3: 1 plane"))
    (plane,) = _enhance(viewer, dock, qtbot)
    assert plane.name == "frames [Zero-DCE, plane 3]"
    assert np.abs(plane.data[0].astype(int) - whole.data[3]).max() <= 1
    np.testing.assert_allclose(plane.data_to_world((0, 5, 6)), source.data_to_world((3, 5, 6)))
    assert dock.form.part.choice.planes == "screen", "the choice stays"
    assert dock.form.layers.layer is source
    viewer.dims.ndisplay = 3
    _click(dock, qtbot)
    assert "3D" in dock.run.message.text()
    assert dock.run.state == "idle"


def test_range_and_region_of_a_stack_are_cut_from_the_whole_result(
    viewer: Any, dock: Any, qtbot: Any
) -> None:
    source = viewer.add_image(_steep_stack(), name="frames")
    viewer.add_shapes([[[4.6, 10], [4.6, 30.2], [20, 30.2], [20, 10]]], name="cell")
    viewer.layers.selection.active = source
    (whole,) = _enhance(viewer, dock, qtbot)
    dock.form.part.planes.setCurrentIndex(2)
    dock.form.part.ranges[0].ends = (1, 2)
    dock.form.part.area.setCurrentIndex(2)
    assert dock.run.plan.text().startswith("planes 1 to 2, region: 2 planes of 21x16")
    (part,) = _enhance(viewer, dock, qtbot)
    assert part.name == "frames [Zero-DCE, planes 1 to 2, region]"
    expected = whole.data[1:3, 5:21, 10:31].astype(int)
    assert np.abs(part.data.astype(int) - expected).max() <= 1


def test_selected_layers_are_enhanced_each_as_what_it_is(
    viewer: Any, dock: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    layers = [
        viewer.add_image(dark_photo, rgb=True, name="photo"),
        viewer.add_image(np.zeros((8, 8), bool), name="mask"),
        viewer.add_image(_steep_stack(), name="frames", colormap="green", translate=(0, 5, 5)),
        viewer.add_points(np.zeros((1, 2)), name="points"),
    ]
    viewer.layers.selection = set(layers)
    assert "'mask' is left out" in dock.run.plan.text()
    added = _enhance(viewer, dock, qtbot)
    assert [layer.name for layer in added] == ["photo [Zero-DCE]", "frames [Zero-DCE]"]
    assert dock.run.message.text().startswith("⚠ Added 2 of 3 layers after")
    assert "'mask' is left out: The image is a mask" in dock.run.message.text()
    for layer, source in zip(added, (layers[0], layers[2]), strict=True):
        settings = EnhanceSettings(look=DEFAULT_LOOK)
        channels: Any = "rgb" if source.rgb else "mono"
        expected = enhance(EnhanceRequest(source.data, channels, settings)).image
        np.testing.assert_array_equal(layer.data, expected)
    assert added[1].colormap.name == "green"
    np.testing.assert_array_equal(added[1].translate, (0, 5, 5))
    assert viewer.layers.selection == set(layers)


def test_cancel_ends_all_layers_that_are_left(
    viewer: Any, dock: Any, qtbot: Any, held: Any
) -> None:
    held.before = 0  # else a plane would be finished, and added
    layers = [_add_dark_stack(viewer, name) for name in "ab"]
    viewer.layers.selection = set(layers)
    _click(dock, qtbot)
    qtbot.waitUntil(lambda: "Layer 1 of 2: " in dock.run.message.text())
    _cancel(dock, qtbot)
    _wait_until_idle(dock, qtbot)
    assert list(viewer.layers) == layers


def test_choice_that_another_layer_lacks_is_said_in_the_plan(
    viewer: Any, dock: Any, dark_photo: np.ndarray
) -> None:
    viewer.add_image(_steep_stack(), name="frames")
    dock.form.part.planes.setCurrentIndex(1)
    viewer.add_image(dark_photo, rgb=True, name="photo")
    assert dock.run.plan.text().startswith("1 plane of 128x96")
    assert "'This plane' is not available here" in dock.run.plan.text()


def test_letters_of_axes_that_do_not_fit_are_told_until_they_fit(viewer: Any, dock: Any) -> None:
    viewer.add_image(np.zeros((3, 40, 50), np.uint16), name="stack")
    letters = dock.form.axes.letters
    for text, is_told in (("YX", True), ("ZYX", False)):
        letters.setText(text)
        letters.editingFinished.emit()
        assert ("The axes 'YX' do not fit the image" in dock.run.message.text()) == is_told
    assert viewer.layers["stack"].axis_labels[0] == "z"
