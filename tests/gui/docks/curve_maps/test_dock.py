"""The Curve maps dock in a real window: layers of maps, the pixel's curve, regions, old maps."""

from __future__ import annotations

import csv
import io
import threading
import time
from typing import Any

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.look import Look
from napari_zerodce.engine.maps import curve_maps as estimate
from napari_zerodce.engine.pixel_curve import pixel_curve
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.errors import Cancelled
from napari_zerodce.gui.docks.curve_maps import work
from napari_zerodce.gui.layers.provenance import METADATA_KEY, role_of
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.stopping import raise_if_stopped


def _maps(viewer: Any) -> list[Any]:
    return [layer for layer in viewer.layers if role_of(layer) == "maps"]


def _add(dock: Any, viewer: Any, qtbot: Any) -> list[Any]:
    before = _maps(viewer)
    qtbot.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(_maps(viewer)) > len(before) and not dock._session.busy)
    return [layer for layer in _maps(viewer) if layer not in before]


@pytest.fixture
def photo(viewer: Any, curve_maps: Any, dark_photo: np.ndarray, small_screen: None) -> Any:
    layer = viewer.add_image(dark_photo, rgb=True, name="photo", scale=(0.5, 0.5))
    viewer.reset_view()
    return layer


def test_maps_lie_on_their_image_in_fixed_colours(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    (layer,) = _add(curve_maps, viewer, qtbot)
    expected = estimate(EnhanceRequest(dark_photo, "rgb"))
    np.testing.assert_allclose(layer.data[1:], expected.mean(1), atol=1e-6)
    assert layer.data[1:].mean() > 0  # the paper's sign: this dark photo is brightened
    assert layer.name == "photo A mean [Zero-DCE]"
    assert list(layer.contrast_limits) == [-1, 1]
    assert layer.colormap.name == "PiYG"
    assert curve_maps.scale.isVisible()
    assert (curve_maps.scale.low.text(), curve_maps.scale.high.text()) == ("-1", "1")
    assert 0 < layer.opacity < 1
    assert viewer.dims.axis_labels[0] == "iteration"
    np.testing.assert_allclose(layer.data_to_world((0, 9, 8))[1:], photo.data_to_world((9, 8)))
    assert viewer.dims.current_step[0] == 1  # iterations are counted from 1
    assert layer.metadata[METADATA_KEY]["checkpoint_sha256"]


def test_kinds_channels_and_iterations(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    form = curve_maps.form
    form.fields["kind"].value = "noise-gain"
    assert form.choice().iterations == (8,)
    form.fields["channels"].value = "each"
    names = [layer.name for layer in _add(curve_maps, viewer, qtbot)]
    assert names == [f"photo noise gain 8 {c} [Zero-DCE]" for c in ("red", "green", "blue")]
    form.fields["kind"].value = "steps"
    form.fields["arrangement"].value = "separate"
    for number, button in enumerate(form.iterations, start=1):
        button.setChecked(number in {1, 8})
    first, last = _add(curve_maps, viewer, qtbot)
    assert (first.name, last.name) == ("photo LE 1 rgb [Zero-DCE]", "photo LE 8 rgb [Zero-DCE]")
    assert last.rgb
    assert [layer.visible for layer in _maps(viewer)] == [False] * 4 + [True]
    for button in form.iterations:
        button.setChecked(False)
    qtbot.mouseClick(curve_maps.run.button, Qt.MouseButton.LeftButton)
    assert "⚠ No iteration is chosen" in curve_maps.run.plan.text()


def test_shared_map_is_said_and_shown_once(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    assert not curve_maps.form.shared.isVisible()
    curve_maps._session.change(checkpoint="zero-dce-pp")
    assert curve_maps.form.shared.isVisible()
    assert "one shared map" in curve_maps.form.shared.text()
    (layer,) = _add(curve_maps, viewer, qtbot)
    assert layer.data.shape == dark_photo.shape[:2]


def test_maps_of_a_stack_follow_the_slider_or_are_lazy(
    viewer: Any, curve_maps: Any, qtbot: Any
) -> None:
    ramp = np.linspace(100, 900, 48 * 40).reshape(48, 40)
    stack = np.stack([ramp, ramp / 3, ramp / 9]).astype(np.uint16)
    source = viewer.add_image(stack, name="stack", scale=(2, 1, 1))
    viewer.dims.set_point(0, 0)
    expected = estimate(EnhanceRequest(stack, "mono"))
    (layer,) = _add(curve_maps, viewer, qtbot)
    assert layer.data.shape == (9, 1, 48, 40)
    np.testing.assert_allclose(layer.data[1:, 0], expected[0, :, 0], atol=1e-6)
    viewer.dims.set_point(1, 4)
    qtbot.waitUntil(lambda: np.allclose(layer.data[1:, 0], expected[2, :, 0]))
    np.testing.assert_allclose(
        layer.data_to_world((0, 0, 5, 6))[1:], source.data_to_world((2, 5, 6))
    )
    curve_maps.form.fields["extent"].value = "stack"
    (lazy,) = _add(curve_maps, viewer, qtbot)
    assert lazy.data.shape == (9, 3, 48, 40)
    for plane in (2, 0, 1):
        viewer.dims.set_point(1, 2 * plane)
        wanted = expected[plane, 0, 0]
        qtbot.waitUntil(lambda wanted=wanted: np.allclose(lazy._data_view, wanted, atol=1e-6))
    np.testing.assert_allclose(
        np.asarray(lazy.data)[1:], expected[:, :, 0].swapaxes(0, 1), atol=1e-6
    )


def test_maps_of_another_checkpoint_are_marked_and_never_mixed(
    viewer: Any, curve_maps: Any, qtbot: Any
) -> None:
    stack = np.linspace(0, 900, 2 * 40 * 40).reshape(2, 40, 40).astype(np.uint16)
    viewer.add_image(stack, name="stack")
    viewer.dims.set_point(0, 0)
    (layer,) = _add(curve_maps, viewer, qtbot)
    assert not curve_maps.old.isVisible()
    curve_maps._session.change(checkpoint="zero-dce-pp")
    assert layer.name.endswith("(old checkpoint)")
    assert "1 map layer is of another checkpoint" in curve_maps.old.text()
    # It still follows the slider, with its own checkpoint.
    viewer.dims.set_point(1, 1)
    expected = estimate(EnhanceRequest(stack, "mono"))[1, :, 0]
    qtbot.waitUntil(lambda: np.allclose(layer.data[1:, 0], expected, atol=1e-6))
    curve_maps._session.change(checkpoint="zero-dce")
    assert layer.name == "stack A [Zero-DCE]"
    assert not curve_maps.old.isVisible()


def test_image_deleted_meanwhile_and_map_layer_deleted(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any, settle: Any
) -> None:
    qtbot.mouseClick(curve_maps.run.button, Qt.MouseButton.LeftButton)
    viewer.layers.remove(photo)
    qtbot.waitUntil(lambda: not curve_maps._session.busy)
    assert "deleted during the run" in curve_maps.run.message.text()
    stack = viewer.add_image(np.ones((2, 30, 30), np.uint16), name="stack")
    (layer,) = _add(curve_maps, viewer, qtbot)
    assert len(curve_maps.groups) == 1
    viewer.layers.remove(layer)
    assert not curve_maps.groups
    viewer.dims.set_point(0, 1)
    settle(curve_maps)
    assert list(viewer.layers) == [stack]


def test_no_image_and_labels_are_one_sentence(viewer: Any, curve_maps: Any, qtbot: Any) -> None:
    qtbot.mouseClick(curve_maps.run.button, Qt.MouseButton.LeftButton)
    assert "⚠ There is no image layer" in curve_maps.run.plan.text()
    viewer.add_labels(np.ones((9, 9), int))
    qtbot.mouseClick(curve_maps.run.button, Qt.MouseButton.LeftButton)
    assert "⚠ There is no image layer" in curve_maps.run.plan.text()
    curve_maps.inspector.box.setChecked(True)
    assert "no image layer" in curve_maps.inspector.text.text()


def test_message_goes_with_its_layers(viewer: Any, curve_maps: Any, photo: Any, qtbot: Any) -> None:
    curve_maps.form.fields["channels"].value = "each"
    first, second, third = _add(curve_maps, viewer, qtbot)
    assert curve_maps.run.message.text().startswith("✓ Added 3 layers")
    viewer.layers.remove(first)
    viewer.layers.remove(third)
    assert curve_maps.run.message.text()
    viewer.layers.remove(photo)  # the group is forgotten, but its layer is there
    assert curve_maps.run.message.text()
    viewer.layers.remove(second)
    assert not curve_maps.run.message.text()


def test_message_of_newer_layers_stays(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any
) -> None:
    (old,) = _add(curve_maps, viewer, qtbot)
    curve_maps.form.fields["kind"].value = "gain"
    _add(curve_maps, viewer, qtbot)
    viewer.layers.remove(old)
    assert "gain 8" in curve_maps.run.message.text()


class Gate:
    """The maps of a plane wait until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.index: tuple[int, ...] = ()
        self._mapping, self._is_open = work.mapping, threading.Event()
        monkeypatch.setattr(work, "mapping", self._mapping_later)

    def open(self) -> None:
        self._is_open.set()

    def _mapping_later(self, request: Any, index: Any, choice: Any, **options: Any) -> Any:
        mapped = self._mapping(request, index, choice, **options)

        def wait(report: Any, should_stop: Any) -> Any:
            while index == self.index and not self._is_open.wait(0.002):
                raise_if_stopped(should_stop)
            return mapped(report, should_stop)

        return wait


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


@pytest.mark.parametrize("extent", ["plane", "stack"])
def test_maps_are_said_to_be_added_when_they_are_visible(
    viewer: Any, curve_maps: Any, qtbot: Any, gate: Gate, extent: str
) -> None:
    gate.index = (1,)
    ramp = np.linspace(100, 900, 48 * 40).reshape(48, 40)
    viewer.add_image(np.stack([ramp, ramp / 3]).astype(np.uint16), name="stack")
    viewer.dims.set_point(0, 0)
    curve_maps.form.fields["extent"].value = extent
    qtbot.mouseClick(curve_maps.run.button, Qt.MouseButton.LeftButton)
    viewer.dims.set_point(0, 1)
    qtbot.waitUntil(lambda: "Computing the maps of plane 1" in curve_maps.news.text())
    assert len(_maps(viewer)) == 1
    assert not curve_maps.run.message.text()
    gate.open()
    qtbot.waitUntil(lambda: "✓ Added" in curve_maps.run.message.text())
    assert not np.isnan(_maps(viewer)[0]._data_view).any()
    qtbot.waitUntil(lambda: not curve_maps.news.text())


def _run() -> Job:
    return Job("another run", lambda _report, _should_stop: None)


def test_only_one_sentence_is_shown_about_maps(
    viewer: Any, curve_maps: Any, qtbot: Any, gate: Gate
) -> None:
    gate.index = (2,)
    ramp = np.linspace(100, 900, 48 * 40).reshape(48, 40)
    viewer.add_image(np.stack([ramp, ramp / 3, ramp / 9]).astype(np.uint16), name="stack")
    viewer.dims.set_point(0, 0)
    curve_maps.form.fields["extent"].value = "stack"
    _add(curve_maps, viewer, qtbot)
    assert "✓ Added" in curve_maps.run.message.text()
    curve_maps._session.job = _run()
    viewer.dims.set_point(1, 2)
    qtbot.waitUntil(lambda: bool(curve_maps.news.text()))
    assert curve_maps.news.text() == "The maps of plane 2 are computed after the run."
    assert not curve_maps.run.message.text()
    curve_maps._session.job = None
    qtbot.waitUntil(lambda: "Computing the maps of plane 2" in curve_maps.news.text())
    assert not curve_maps.run.message.text()
    gate.open()
    qtbot.waitUntil(lambda: not curve_maps.news.text())
    assert "✓ Added" in curve_maps.run.message.text()


def test_plan_follows_the_name_of_the_image(viewer: Any, curve_maps: Any, photo: Any) -> None:
    photo.name = "night"
    assert "of 'night'" in curve_maps.run.plan.text()


def test_image_replaced_during_the_run_gets_no_maps(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any
) -> None:
    qtbot.mouseClick(curve_maps.run.button, Qt.MouseButton.LeftButton)
    photo.data = photo.data.copy()
    qtbot.waitUntil(lambda: not curve_maps._session.busy)
    assert curve_maps.run.message.text() == (
        "⚠ 'photo' got another image during the run; no maps were added."
    )
    assert not _maps(viewer)


def test_closing_the_dock_during_its_run_is_told(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mapping(*_: Any, **__: Any) -> Any:
        def wait(_report: Any, should_stop: Any) -> None:
            while not should_stop():
                time.sleep(0.002)
            raise Cancelled

        return wait

    monkeypatch.setattr(work, "mapping", mapping)
    session = curve_maps._session
    qtbot.mouseClick(curve_maps.run.button, Qt.MouseButton.LeftButton)
    viewer.window.remove_dock_widget(curve_maps)
    qtbot.waitUntil(lambda: not session.busy)
    expected = "The Curve maps dock was closed, so its run was stopped; no maps were added."
    assert session.outcome.text == expected
    assert notification_manager.records[-1].message == expected


def test_camera_stays_when_maps_are_added(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any
) -> None:
    camera = viewer.scene.camera
    camera.zoom, camera.center = 8, (0, 20, 30)
    QApplication.processEvents()
    canvas = viewer.window._qt_viewer.canvas
    before = canvas.native.height()
    _add(curve_maps, viewer, qtbot)
    qtbot.waitUntil(lambda: canvas.native.height() < before)  # the slider takes some of it
    qtbot.waitUntil(lambda: canvas.size[0] == canvas.native.height())
    assert camera.zoom == pytest.approx(8)
    assert camera.center[1:] == pytest.approx((20, 30))


# ---- the pixel's curve


@pytest.fixture
def inspector(viewer: Any, curve_maps: Any, photo: Any, qtbot: Any, settle: Any) -> Any:
    curve_maps.inspector.box.setChecked(True)
    qtbot.waitUntil(lambda: curve_maps.follower.view is not None)
    settle(curve_maps)  # the plot is there, and the canvas has its size
    return curve_maps.inspector


def test_mouse_shows_the_curve_of_the_very_pixel(
    inspector: Any, photo: Any, mouse: Any, dark_photo: np.ndarray
) -> None:
    mouse.move(photo, 30, 100)
    whole = Viewport(slice(0, 96), slice(0, 128))
    view = estimate_view(
        EnhanceRequest(dark_photo, "rgb", settings=EnhanceSettings(precision="float32")), whole
    )
    expected = pixel_curve(view, 30, 100, Look())
    np.testing.assert_allclose(inspector.current.outputs, expected.outputs, atol=1e-6)
    drawn = inspector.plot._lines[0].getData()
    np.testing.assert_allclose(drawn[1], expected.outputs[0], atol=1e-6)
    assert len(inspector.plot._steps) == 24
    assert inspector.text.text().startswith("row 30 column 100\nred ")
    before = inspector.text.text()
    mouse.move(photo, 30, 20)
    assert inspector.text.text() != before


def test_click_pins_and_csv_has_the_numbers(
    inspector: Any, photo: Any, mouse: Any, qtbot: Any, viewer: Any
) -> None:
    mouse.click(photo, 40, 110)
    mouse.click(photo, 41, 20)
    assert [name for name, _ in inspector.pins] == ["row 40 column 110", "row 41 column 20"]
    centre = viewer.scene.camera.center
    mouse.drag(photo, (50, 60), (50, 80))  # a drag pans, and pins nothing
    assert len(inspector.pins) == 2
    qtbot.waitUntil(lambda: viewer.scene.camera.center != centre)
    inspector.copy_button.click()
    rows = list(csv.DictReader(io.StringIO(QApplication.clipboard().text())))
    own = [row for row in rows if row["kind"] == "own value" and row["channel"] == "red"]
    assert own[0]["pixel"] == "row 40 column 110"
    assert float(own[0]["input"]) == pytest.approx(photo.data[40, 110, 0] / 255, abs=1e-5)
    inspector.clear_button.click()
    assert not inspector.pins


def test_curves_have_the_look_that_is_set(
    inspector: Any, photo: Any, mouse: Any, curve_maps: Any
) -> None:
    mouse.move(photo, 30, 100)
    curve_maps._session.change(look=Look(strength=0))
    np.testing.assert_allclose(
        inspector.current.outputs, np.tile(inspector.current.inputs, (3, 1)), atol=1e-6
    )
    assert "strength 0" in inspector.text.text()


def test_regions_give_a_mean_curve(inspector: Any, viewer: Any, photo: Any) -> None:
    square = np.array([[10, 10], [10, 40], [30, 40], [30, 10]]) * 0.5  # world units
    shapes = viewer.add_shapes([square], shape_type="polygon", name="square")
    inspector.region.setCurrentIndex(inspector.region.findData(shapes))
    assert "of 'square'" in inspector.region_text.text()
    pixels = int(inspector.region_text.text().split(" pixels")[0].split()[-1])
    assert pixels == pytest.approx(20 * 30, rel=0.1)
    assert inspector.plot._region
    labels = np.zeros((96, 128), int)
    labels[:5, :7] = 3
    layer = viewer.add_labels(labels, name="cells", scale=(0.5, 0.5))
    layer.selected_label = 3
    inspector.region.setCurrentIndex(inspector.region.findData(layer))
    assert "35 pixels of 'cells'" in inspector.region_text.text()
    empty = viewer.add_labels(np.zeros((96, 128), int), name="empty")
    inspector.region.setCurrentIndex(inspector.region.findData(empty))
    assert "'empty' marks no pixel" in inspector.region_text.text()
    viewer.layers.remove(empty)
    assert inspector.region.currentData() is None


def test_deleting_the_inspected_layer_is_said(
    inspector: Any, viewer: Any, photo: Any, curve_maps: Any
) -> None:
    viewer.layers.remove(photo)
    assert "'photo' was deleted" in curve_maps.run.message.text()
    assert not inspector.box.isChecked()
    assert not viewer.mouse_move_callbacks


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_dock_fits_a_small_screen(
    inspector: Any,
    viewer: Any,
    photo: Any,
    mouse: Any,
    curve_maps: Any,
    qtbot: Any,
    settle: Any,
    checkpoint: str,
) -> None:
    curve_maps._session.change(checkpoint=checkpoint)
    settle(curve_maps)
    assert curve_maps.follower.view is not None
    _add(curve_maps, viewer, qtbot)
    settle(curve_maps)
    mouse.move(photo, 30, 100)
    assert curve_maps.width() <= 420
    assert curve_maps.widget().minimumSizeHint().width() <= curve_maps.viewport().width()
    assert curve_maps.widget().height() <= curve_maps.viewport().height()


def test_removing_the_dock_leaves_nothing_listening(
    inspector: Any, viewer: Any, photo: Any, curve_maps: Any, qtbot: Any
) -> None:
    viewer.window.remove_dock_widget(curve_maps)
    curve_maps.deleteLater()
    qtbot.waitUntil(lambda: not viewer.mouse_move_callbacks)
    viewer.add_image(np.zeros((8, 8)))
    viewer.layers.clear()


def test_new_maps_are_above_the_live_view(
    viewer: Any, curve_maps: Any, photo: Any, qtbot: Any
) -> None:
    _, adjust = viewer.window.add_plugin_dock_widget("napari-zerodce", "Adjust")
    adjust.live.setChecked(True)
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    (layer,) = _add(curve_maps, viewer, qtbot)
    assert list(viewer.layers) == [photo, adjust.shown.layer, layer]
    assert layer.visible
