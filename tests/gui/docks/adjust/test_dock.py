"""The Adjust dock in a real window: looks at once, swipe, the key, Apply, and what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_zerodce.cli import main
from napari_zerodce.engine import forecast
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK, Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.layers.provenance import METADATA_KEY, role_of
from napari_zerodce.gui.layers.scope import PartChoice
from napari_zerodce.gui.shared.dock import frame_of
from napari_zerodce.imaging.windows import WindowChoice


@pytest.fixture
def photo(viewer: Any, adjust: Any, dark_photo: np.ndarray, small_screen: None) -> Any:
    layer = viewer.add_image(dark_photo, rgb=True, name="photo")
    viewer.reset_view()
    return layer


def _go_live(adjust: Any, qtbot: Any) -> Any:
    adjust.live.setChecked(True)
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    return adjust.shown.layer


def _swipe(adjust: Any, qtbot: Any) -> None:
    adjust.swipe_box.setChecked(True)
    qtbot.waitUntil(lambda: adjust.swipe._screen is not None)


def _enhanced(image: np.ndarray, channels: Any = "rgb", **look: Any) -> np.ndarray:
    """Return the image in the default look, except for some settings."""
    settings = EnhanceSettings(look=replace(DEFAULT_LOOK, **look))
    return enhance(EnhanceRequest(image, channels, settings)).image


def test_live_view_is_what_apply_makes(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    live = _go_live(adjust, qtbot)
    np.testing.assert_array_equal(live.data, _enhanced(dark_photo))
    form = adjust.form
    form.fields["strength"].value = 1.7
    form.fields["iterations"].value = 5
    form.fields["exposure"].value = -0.5
    form.fields["detail_gain_limit"].value = 1.5
    settings = {"strength": 1.7, "iterations": 5, "exposure": -0.5, "detail_gain_limit": 1.5}
    expected = _enhanced(dark_photo, **settings)
    qtbot.waitUntil(lambda: np.array_equal(live.data, expected))
    name = "photo [live: Zero-DCE, strength 1.7, 5 iterations, -0.5 EV, detail x1.5]"
    qtbot.waitUntil(lambda: live.name == name)  # once the hand rests
    form.reset_button.click()
    form.fields["detail_gain_limit"].switch.value = False
    expected = _enhanced(dark_photo, detail_gain_limit=None)
    qtbot.waitUntil(lambda: np.array_equal(live.data, expected))
    name = "photo [live: Zero-DCE, no detail limit]"
    qtbot.waitUntil(lambda: live.name == name)
    form.reset_button.click()
    form.fields["global_curve"].value = True
    expected = _enhanced(dark_photo, global_curve=True)
    qtbot.waitUntil(lambda: np.array_equal(live.data, expected))

    qtbot.mouseClick(adjust.run.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(viewer.layers) == 3)
    (result,) = [layer for layer in viewer.layers if role_of(layer) == "result"]
    np.testing.assert_array_equal(result.data, expected)
    assert result.metadata[METADATA_KEY]["look"]["global_curve"] is True
    assert len(result.metadata[METADATA_KEY]["global_curve"]) == 8
    np.testing.assert_array_equal(photo.data, dark_photo)
    assert viewer.layers.selection.active is photo


def test_dock_begins_with_the_default_look_and_leaves_it_behind(
    viewer: Any, adjust: Any, qtbot: Any
) -> None:
    session = adjust._session
    assert adjust.form.look() == session.settings.look == DEFAULT_LOOK
    adjust.form.fields["detail_gain_limit"].switch.value = False
    assert session.settings.look == AS_PUBLISHED
    frame_of(adjust).destroyOnClose()
    assert session.settings.look == DEFAULT_LOOK


def test_moving_a_control_starts_the_live_view(adjust: Any, photo: Any, qtbot: Any) -> None:
    adjust.form.fields["strength"].value = 0
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    np.testing.assert_array_equal(adjust.shown.layer.data, photo.data)  # strength 0


def test_live_view_follows_slider_checkpoint_and_geometry(
    viewer: Any, adjust: Any, qtbot: Any
) -> None:
    ramp = np.linspace(100, 900, 96 * 80).reshape(96, 80)
    stack = np.stack([ramp, ramp / 3]).astype(np.uint16)
    layer = viewer.add_image(stack, name="stack", scale=(3, 0.5, 0.5), translate=(1, 0, 0))
    viewer.dims.set_point(0, 1)
    live = _go_live(adjust, qtbot)
    whole = _enhanced(stack, "mono")
    np.testing.assert_array_equal(live.data[0], whole[0])
    viewer.dims.set_point(0, 4)
    qtbot.waitUntil(lambda: np.array_equal(live.data[0], whole[1]))
    np.testing.assert_allclose(live.data_to_world((0, 5, 6)), layer.data_to_world((1, 5, 6)))
    layer.translate = (1, 20, 30)
    qtbot.waitUntil(
        lambda: np.allclose(live.data_to_world((0, 5, 6)), layer.data_to_world((1, 5, 6))),
    )
    adjust._session.change(checkpoint="zero-dce-pp")
    other = enhance(
        EnhanceRequest(
            stack, "mono", settings=EnhanceSettings(checkpoint="zero-dce-pp", look=DEFAULT_LOOK)
        )
    ).image
    qtbot.waitUntil(lambda: np.array_equal(live.data[0], other[1]))
    qtbot.waitUntil(lambda: "Zero-DCE++" in live.name)


def test_trust_is_told_for_mono_data(viewer: Any, adjust: Any, qtbot: Any) -> None:
    ramp = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    viewer.add_image(ramp, name="ramp", contrast_limits=(0, 1))
    _go_live(adjust, qtbot)
    adjust.form.fields["global_curve"].value = True
    qtbot.waitUntil(lambda: "1.0000" in adjust.trust.text())
    assert "median noise gain" in adjust.trust.text()
    assert "clipped 0.00%" in adjust.trust.text()


def test_swipe_is_dragged_with_the_mouse(
    viewer: Any, adjust: Any, photo: Any, mouse: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    viewer.scene.camera.zoom = 4  # where pixels are large there is no line
    live = _go_live(adjust, qtbot)
    _swipe(adjust, qtbot)
    enhanced = _enhanced(dark_photo)
    middle = round(adjust.swipe.column)
    assert middle == 64
    np.testing.assert_array_equal(live.data[:, : middle - 5], dark_photo[:, : middle - 5])
    np.testing.assert_array_equal(live.data[:, middle + 5 :], enhanced[:, middle + 5 :])
    assert (live.data[10, middle] == 255).all()  # the line

    centre = viewer.scene.camera.center
    mouse.drag(photo, (50, middle), (50, 100))
    assert adjust.swipe.column == pytest.approx(100, abs=1)
    assert viewer.scene.camera.center == centre
    np.testing.assert_array_equal(live.data[:, :95], dark_photo[:, :95])
    np.testing.assert_array_equal(live.data[:, 105:], enhanced[:, 105:])

    mouse.drag(photo, (50, 20), (50, 30))  # away from the line the camera pans as ever
    qtbot.waitUntil(lambda: viewer.scene.camera.center != centre)
    assert adjust.swipe.column == pytest.approx(100, abs=1)
    adjust.swipe_box.setChecked(False)
    qtbot.waitUntil(lambda: np.array_equal(live.data, enhanced))


def test_swipe_compares_a_result_where_nothing_is_live(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    adjust.form.show_look(Look(strength=0.5))
    adjust.live.setChecked(False)
    adjust.apply()
    qtbot.waitUntil(lambda: len(viewer.layers) == 2 and not adjust._session.busy)
    adjust.form.blockSignals(True)
    adjust.swipe_box.setChecked(True)
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    shown = adjust.shown.layer.data
    expected = _enhanced(dark_photo, strength=0.5, detail_gain_limit=None)
    np.testing.assert_array_equal(shown[:, 80:], expected[:, 80:])
    np.testing.assert_array_equal(shown[:, :50], dark_photo[:, :50])


def test_holding_b_shows_the_original_at_the_same_range(
    viewer: Any, adjust: Any, mouse: Any, qtbot: Any
) -> None:
    ramp = np.linspace(0, 900, 64 * 64).reshape(64, 64).astype(np.uint16)
    source = viewer.add_image(ramp, name="ramp", contrast_limits=(0, 100))
    live = _go_live(adjust, qtbot)
    shown = list(live.contrast_limits)
    assert shown != [0, 100]
    mouse.canvas.setFocus()
    qtbot.keyPress(mouse.canvas, Qt.Key.Key_B)
    assert not live.visible
    assert list(source.contrast_limits) == shown
    qtbot.keyRelease(mouse.canvas, Qt.Key.Key_B)
    assert live.visible
    assert list(source.contrast_limits) == [0, 100]


def test_deleting_the_source_ends_the_live_view_and_is_said(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any
) -> None:
    _go_live(adjust, qtbot)
    viewer.layers.remove(photo)
    assert len(viewer.layers) == 0
    assert "'photo' was deleted" in adjust.run.message.text()
    assert not adjust.live.isChecked()


def test_deleting_the_live_layer_switches_it_off(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any, settle: Any
) -> None:
    live = _go_live(adjust, qtbot)
    viewer.layers.remove(live)
    assert not adjust.live.isChecked()
    settle(adjust)
    assert list(viewer.layers) == [photo]


def test_3d_is_said_and_2d_goes_on(viewer: Any, adjust: Any, qtbot: Any) -> None:
    viewer.add_image(np.ones((3, 32, 32), np.uint8), contrast_limits=(0, 255))
    _go_live(adjust, qtbot)
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: "switch to 2D" in adjust.run.message.text())
    assert len(viewer.layers) == 1
    viewer.dims.ndisplay = 2
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    assert not adjust.run.message.isVisible()


def test_nothing_and_masks_are_one_sentence(viewer: Any, adjust: Any, qtbot: Any) -> None:
    qtbot.mouseClick(adjust.run.button, Qt.MouseButton.LeftButton)
    assert "⚠ There is no image layer" in adjust.run.plan.text()
    viewer.add_image(np.ones((9, 9), bool), name="mask")
    adjust.live.setChecked(True)
    qtbot.waitUntil(lambda: "mask (bool)" in adjust.run.plan.text())
    assert len(viewer.layers) == 1


@pytest.mark.parametrize(
    "image",
    [
        np.array([[7]], np.uint8),
        np.full((40, 50), np.nan, np.float32),
        np.arange(-64, 64).reshape(1, 1, 2, 8, 8).astype(np.int8),
    ],
    ids=["1x1", "nan", "int8 5D"],
)
def test_odd_images_have_a_live_view_and_a_swipe(
    viewer: Any, adjust: Any, qtbot: Any, image: np.ndarray
) -> None:
    viewer.add_image(image, rgb=False, contrast_limits=(0, 1))
    live = _go_live(adjust, qtbot)
    assert live.data.dtype == image.dtype
    _swipe(adjust, qtbot)
    assert live.data.shape[-2:] == image.shape[-2:]


def test_removing_the_dock_leaves_nothing_behind(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any
) -> None:
    _go_live(adjust, qtbot)
    callbacks = list(viewer.mouse_drag_callbacks)
    _swipe(adjust, qtbot)
    assert len(viewer.mouse_drag_callbacks) == len(callbacks) + 1
    viewer.window.remove_dock_widget(adjust)
    adjust.deleteLater()
    qtbot.waitUntil(lambda: list(viewer.layers) == [photo])
    assert list(viewer.mouse_drag_callbacks) == callbacks
    viewer.scene.camera.zoom *= 2  # the dead dock no longer listens
    viewer.layers.remove(photo)


def test_reproduce_copies_a_command_that_makes_the_same_pixels(
    viewer: Any, adjust: Any, qtbot: Any, tmp_path: Path, dark_photo: np.ndarray
) -> None:
    import shlex

    path = tmp_path / "a dark photo.png"
    PillowImage.fromarray(dark_photo).save(path)
    viewer.open(path, plugin="napari")
    adjust.form.show_look(Look(strength=1.3, exposure=-0.25, detail_gain_limit=1.5))
    adjust.apply()
    qtbot.waitUntil(lambda: any(role_of(layer) == "result" for layer in viewer.layers))
    qtbot.waitUntil(lambda: not adjust._session.busy)
    adjust.reproduce.copy_command.trigger()
    qtbot.waitUntil(lambda: "Copied" in adjust.run.message.text())
    assert "with the pixels of the layer" in adjust.run.message.text()
    command = shlex.split(QApplication.clipboard().text())
    assert main(command[command.index("enhance") :]) == 0
    (result,) = [layer for layer in viewer.layers if role_of(layer) == "result"]
    made = np.asarray(PillowImage.open(command[command.index("--output") + 1]))
    np.testing.assert_array_equal(made, result.data)

    PillowImage.fromarray(dark_photo + 1).save(path)
    adjust.reproduce.copy_python.trigger()
    qtbot.waitUntil(lambda: "from this viewer" in adjust.run.message.text())


def _reproduced(adjust: Any, action: Any, qtbot: Any) -> str:
    action.trigger()
    qtbot.waitUntil(adjust.reproduce.isEnabled)
    return str(adjust.run.message.text())


def test_layers_from_no_file_are_reproduced_by_python_alone(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any
) -> None:
    adjust.reproduce.copy_command.trigger()
    assert "no result layer" in adjust.run.message.text()
    adjust.apply()
    qtbot.waitUntil(lambda: len(viewer.layers) == 2 and not adjust._session.busy)
    assert "not opened from a file" in _reproduced(adjust, adjust.reproduce.copy_command, qtbot)
    _reproduced(adjust, adjust.reproduce.copy_python, qtbot)
    names: dict[str, Any] = {"viewer": viewer}
    exec(QApplication.clipboard().text(), names)
    np.testing.assert_array_equal(names["enhanced"], viewer.layers[1].data)


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_dock_fits_a_small_screen(
    viewer: Any, adjust: Any, qtbot: Any, small_screen: None, settle: Any, checkpoint: str
) -> None:
    adjust._session.change(checkpoint=checkpoint)
    viewer.add_image(np.linspace(0, 1, 6 * 4096).reshape(2, 3, 64, 64))
    adjust.part.choice = PartChoice("range", "screen", ((0, 1), (1, 2)))  # the longest form
    _go_live(adjust, qtbot)
    qtbot.waitUntil(lambda: adjust.trust.text() != "")
    settle(adjust)
    QApplication.processEvents()  # the layout for all that is said
    assert adjust.width() <= 420
    assert adjust.widget().minimumSizeHint().width() <= adjust.viewport().width()
    assert adjust.widget().height() <= adjust.viewport().height()


def _apply(adjust: Any, viewer: Any, qtbot: Any, look: Look) -> Any:
    adjust.form.show_look(look)
    before = list(viewer.layers)
    adjust.apply()
    qtbot.waitUntil(
        lambda: (
            len([x for x in viewer.layers if role_of(x) == "result"])
            > len([x for x in before if role_of(x) == "result"])
        ),
    )
    qtbot.waitUntil(lambda: not adjust._session.busy)
    return next(x for x in viewer.layers if role_of(x) == "result" and x not in before)


def test_live_view_is_above_results_and_the_newest_result_above_older_ones(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any
) -> None:
    first = _apply(adjust, viewer, qtbot, Look(strength=0.5))
    second = _apply(adjust, viewer, qtbot, Look(strength=1.5))
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    assert list(viewer.layers) == [photo, first, second, adjust.shown.layer]
    adjust.live.setChecked(False)
    live = _go_live(adjust, qtbot)
    assert list(viewer.layers) == [photo, first, second, live]
    _reproduced(adjust, adjust.reproduce.copy_python, qtbot)
    assert "strength=1.5" in QApplication.clipboard().text()
    viewer.layers.selection.active = first  # a result that is asked for is the one
    _reproduced(adjust, adjust.reproduce.copy_python, qtbot)
    assert "strength=0.5" in QApplication.clipboard().text()


def test_swipe_on_a_result_shows_what_it_was_made_from(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    result = _apply(adjust, viewer, qtbot, Look(strength=0.5))
    adjust.live.setChecked(False)
    viewer.layers.selection.active = result
    assert adjust.layers.layer is result
    adjust.swipe_box.setChecked(True)
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    shown = adjust.shown.layer.data
    np.testing.assert_array_equal(shown[:, :50], dark_photo[:, :50])
    np.testing.assert_array_equal(shown[:, 80:], result.data[:, 80:])
    viewer.layers.remove(result)
    assert "was deleted" in adjust.run.message.text()
    assert list(viewer.layers) == [photo]


def test_deleting_the_source_is_said_also_where_another_image_is_left(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any
) -> None:
    viewer.add_image(np.ones((20, 20), np.uint8), name="other")
    viewer.layers.selection.active = photo
    _go_live(adjust, qtbot)
    viewer.layers.remove(photo)
    assert "'photo' was deleted" in adjust.run.message.text()
    assert [layer.name for layer in viewer.layers] == ["other"]


def test_closing_by_the_docks_own_cross_ends_the_live_view(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any
) -> None:
    _go_live(adjust, qtbot)
    _swipe(adjust, qtbot)
    frame_of(adjust).destroyOnClose()  # what the cross calls
    assert list(viewer.layers) == [photo]
    assert not viewer.mouse_move_callbacks


def test_apply_goes_on_after_the_dock_was_closed(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any, held: Any
) -> None:
    session, look = adjust._session, Look(strength=0.5)
    session.change(device="cpu")  # it takes planes one by one
    adjust.form.show_look(look)
    viewer.add_image(np.full((4, 64, 64), 900, np.uint16), name="stack")
    held.before = 1
    adjust.apply()
    qtbot.waitUntil(lambda: adjust.run.bar.value() == 250)
    frame_of(adjust).destroyOnClose()
    assert session.busy
    _, again = viewer.window.add_plugin_dock_widget("napari-zerodce", "Adjust")
    assert again.run.state == "running"
    held.let_go()
    qtbot.waitUntil(lambda: not session.busy)
    (result,) = [layer for layer in viewer.layers if role_of(layer) == "result"]
    assert result.metadata[METADATA_KEY]["look"] == look.as_dict()
    assert again.run.message.text().startswith(f"✓ Added '{result.name}'")


def test_live_view_stays_on_the_layer_that_was_chosen_in_the_dock(
    viewer: Any, adjust: Any, photo: Any, qtbot: Any, settle: Any
) -> None:
    other = viewer.add_image(np.full((30, 40), 20, np.uint8), name="other")
    adjust.layers.layer = photo
    assert viewer.layers.selection.active is other
    live = _go_live(adjust, qtbot)
    settle(adjust)
    assert adjust.layers.layer is photo
    assert adjust.shown.layer is live
    assert live.name.startswith("photo [live")
    assert viewer.layers.selection.active is other


# ---- additive channels


@pytest.fixture
def channels(viewer: Any, adjust: Any, small_screen: None) -> list[Any]:
    """A green and a red channel of the same place, which add up."""
    ramp = np.linspace(20, 120, 96 * 128).reshape(96, 128).astype(np.uint8)
    layers = [
        viewer.add_image(
            image, name=name, colormap=name, blending="additive", contrast_limits=(0, 255)
        )
        for name, image in (("green", ramp), ("red", ramp[::-1].copy()))
    ]
    viewer.layers.selection.active = layers[0]
    viewer.reset_view()
    return layers


def _green(viewer: Any, *alone: Any) -> np.ndarray:
    """Return the green of the canvas, optionally with only some of the layers."""
    before = {layer: layer.visible for layer in viewer.layers}
    for layer in before if alone else ():
        layer.visible = layer in alone
    pixels = viewer.screenshot(canvas_only=True, flash=False)[..., 1].astype(float)
    for layer, visible in before.items():
        layer.visible = visible
    return pixels


def test_additive_live_view_result_key_and_swipe_show_one_image_of_the_channel(
    viewer: Any, adjust: Any, channels: list[Any], mouse: Any, qtbot: Any, settle: Any
) -> None:
    green, red = channels
    before = _green(viewer)
    live = _go_live(adjust, qtbot)
    settle(adjust)
    after = _green(viewer, live, red)
    assert after.mean() > before.mean() + 10
    np.testing.assert_array_equal(_green(viewer), after)
    assert "Hidden while the live view is on: 'green'." in adjust.run.plan.text()

    mouse.canvas.setFocus()
    qtbot.keyPress(mouse.canvas, Qt.Key.Key_B)
    np.testing.assert_array_equal(_green(viewer), before)
    qtbot.keyRelease(mouse.canvas, Qt.Key.Key_B)
    np.testing.assert_array_equal(_green(viewer), after)

    _swipe(adjust, qtbot)
    settle(adjust)
    middle = viewer.canvas.size[1] // 2
    sides = _green(viewer)
    np.testing.assert_array_equal(sides[:, : middle - 20], before[:, : middle - 20])
    np.testing.assert_array_equal(sides[:, middle + 20 :], after[:, middle + 20 :])
    adjust.swipe_box.setChecked(False)
    settle(adjust)

    adjust.apply()
    qtbot.waitUntil(lambda: len(viewer.layers) == 4 and not adjust._session.busy)
    assert "It is hidden while the live view is on." in adjust.run.message.text()
    np.testing.assert_array_equal(_green(viewer), _green(viewer, live, red))
    adjust.live.setChecked(False)
    settle(adjust)
    result = next(layer for layer in viewer.layers if role_of(layer) == "result")
    assert [layer.visible for layer in (green, red, result)] == [False, True, True]
    assert "Hidden" not in adjust.run.plan.text()

    before, after = _green(viewer, green, red), _green(viewer, result, red)
    np.testing.assert_array_equal(_green(viewer), after)
    qtbot.keyPress(mouse.canvas, Qt.Key.Key_B)
    np.testing.assert_array_equal(_green(viewer), before)
    qtbot.keyRelease(mouse.canvas, Qt.Key.Key_B)
    _swipe(adjust, qtbot)
    settle(adjust)
    sides = _green(viewer)
    np.testing.assert_array_equal(sides[:, : middle - 20], before[:, : middle - 20])
    np.testing.assert_array_equal(sides[:, middle + 20 :], after[:, middle + 20 :])


def test_live_view_follows_the_contrast_limits_of_its_source(
    viewer: Any, adjust: Any, qtbot: Any
) -> None:
    ramp = np.linspace(0, 4000, 64 * 64).reshape(64, 64).astype(np.uint16)
    source = viewer.add_image(ramp, name="ramp", contrast_limits=(0, 4000))
    adjust._session.change(window=WindowChoice("contrast"))
    live = _go_live(adjust, qtbot)
    source.contrast_limits = (0, 2000)
    qtbot.waitUntil(lambda: list(live.contrast_limits) == [0, 2000])


# ---- parts of a layer


@pytest.fixture
def frames(viewer: Any, adjust: Any, tmp_path: Path) -> Any:
    """A stack of three planes that was opened from a file."""
    ramp = np.linspace(100, 900, 30 * 40).reshape(30, 40)
    stack = np.stack([ramp / (1 + number) for number in range(3)]).astype(np.uint16)
    np.save(tmp_path / "frames.npy", stack)
    (layer,) = viewer.open(tmp_path / "frames.npy", plugin="napari")
    return layer


def _apply_to_plane(viewer: Any, adjust: Any, qtbot: Any, plane: int) -> Any:
    viewer.dims.set_point(0, plane)
    adjust.part.planes.setCurrentIndex(1)
    qtbot.waitUntil(lambda: adjust.run.plan.text().startswith(f"plane {plane}:"))
    qtbot.mouseClick(adjust.run.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2 and not adjust._session.busy)
    return viewer.layers[1]


def test_plane_is_applied_and_compared_on_its_own_plane(
    viewer: Any, adjust: Any, frames: Any, mouse: Any, qtbot: Any
) -> None:
    result = _apply_to_plane(viewer, adjust, qtbot, 1)
    assert result.name == "frames [Zero-DCE, plane 1]"
    adjust.swipe_box.setChecked(True)
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    shown = adjust.shown.layer
    np.testing.assert_array_equal(shown.data[0, :, :15], frames.data[1, :, :15])
    np.testing.assert_array_equal(shown.data[0, :, 25:], result.data[0, :, 25:])
    viewer.dims.set_point(0, 2)
    qtbot.waitUntil(lambda: "has no pixels here" in adjust.run.plan.text())
    np.testing.assert_array_equal(shown.data[0, :, 25:], frames.data[2, :, 25:])
    adjust.swipe_box.setChecked(False)
    mouse.canvas.setFocus()
    qtbot.keyPress(mouse.canvas, Qt.Key.Key_B)
    assert (frames.visible, result.visible) == (True, False)
    qtbot.keyRelease(mouse.canvas, Qt.Key.Key_B)
    assert (frames.visible, result.visible) == (True, True)


def test_command_makes_the_same_pixels_of_a_part(
    viewer: Any, adjust: Any, frames: Any, qtbot: Any
) -> None:
    import shlex

    result = _apply_to_plane(viewer, adjust, qtbot, 2)
    assert "with the pixels of the layer" in _reproduced(
        adjust, adjust.reproduce.copy_command, qtbot
    )
    command = shlex.split(QApplication.clipboard().text())
    assert command[-2:] == ["--part", "2:3,0:30,0:40"]
    assert main(command[command.index("enhance") :]) == 0
    np.testing.assert_array_equal(np.load(command[command.index("--output") + 1]), result.data)


def test_apply_says_its_cost_beforehand(
    adjust: Any, frames: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "_measured", {})
    monkeypatch.setattr(forecast, "_time", lambda *_: forecast.Speed(1e-6, 1e-6))
    expected = "3 planes of 40x30, cpu, under 1 s, 7.0 KiB of uint16 in memory"
    qtbot.waitUntil(lambda: adjust.run.plan.text() == expected)
    adjust.form.fields["global_curve"].value = True
    qtbot.waitUntil(lambda: "one curve for all planes" in adjust.run.plan.text())
