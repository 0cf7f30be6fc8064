"""The Fine-tune dock in a real window: clicks, a real child process, and what goes wrong."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from napari.layers import Image
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QMessageBox, QPushButton

from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.gui.docks.finetune import work
from napari_zerodce.gui.session import training_process
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.dock import frame_of
from napari_zerodce.gui.shared.training.close_guard import CloseGuard
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training import new_run
from napari_zerodce.training.run_folder import RunFolder

ENDLESS = 100_000
"""Steps of many minutes, so that a run is still on whenever a test looks at it, on any machine; if
the tests are killed, it ends some day."""


@pytest.fixture(autouse=True)
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep runs out of the user's folder; no training outlives its test."""
    monkeypatch.setenv("NAPARI_ZERODCE_RUNS", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    for child in training_process._children:
        child.kill()
        child.wait(120)


@pytest.fixture
def finetune(viewer: Any, qtbot: Any) -> Iterator[Any]:
    """The Fine-tune dock as the plugin menu opens it; its run ends with the test."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    qtbot.waitUntil(lambda: widget.form.start.count() == 6)
    yield widget
    training = widget.training
    if training is not None:
        training.kill()
        qtbot.waitUntil(lambda: not training.is_running)
        training.release()


def night(seed: int = 0, side: int = 96) -> np.ndarray:
    """A dark colour image with texture, shape (side, side, 3), uint8."""
    generator = np.random.default_rng(seed)
    ramp = np.linspace(2, 50, side)[None, :, None]
    return (ramp + generator.uniform(0, 20, (side, side, 3))).astype(np.uint8)


def make_quick(dock: Any, steps: int) -> None:
    """Choose Zero-DCE++, small crops, and steps."""
    choose(dock.form.start, "zero-dce-pp")
    choose(dock.form.length.unit, "steps")
    dock.form.fields["steps"].value = steps
    dock.form.fields["crop"].value = 32
    dock.form.fields["batch"].value = 2


def choose(combo: Any, data: Any) -> None:
    row = combo.findData(data)
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def click(button: QPushButton, qtbot: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_for_steps(dock: Any, qtbot: Any, steps: int = 3) -> None:
    def enough() -> bool:
        return dock.training is not None and dock.training.history.step >= steps

    qtbot.waitUntil(enough)


def wait_until_idle(dock: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: dock.panel.state == "idle")


def test_a_run_by_clicks_ends_with_a_better_checkpoint_in_use(
    viewer: Any, finetune: Any, dock: Any, qtbot: Any, own_runs: Path
) -> None:
    for seed in range(3):
        viewer.add_image(night(seed), name=f"night {seed}")
    finetune.pictures.tick(viewer.layers[2])
    make_quick(finetune, 60)
    finetune.form.fields["target"].value = 0.8
    finetune.form.name.value = "nights of November"
    click(finetune.panel.button, qtbot)
    assert finetune.panel.button.text() == "Cancel"
    wait_until_idle(finetune, qtbot)
    history = finetune.training.history
    assert history.ending == "done"
    assert history.steps == list(range(1, 61))
    assert history.best_validation < history.first_validation
    assert "Step 60 of 60" in finetune.panel.status.text()
    assert finetune.panel.message.text().startswith("✓ Done: 60 steps. Validation loss")
    # The plot has a line for each loss, as long as the run.
    for name in ("spatial", "exposure", "colour", "smoothness", "total"):
        assert len(finetune.losses.plot.lines[name].getData()[0]) == 60
    assert finetune.preview.isVisible()
    assert finetune.preview.enhanced.file.is_file()
    assert not finetune.preview.enhanced.pixmap().isNull()

    click(finetune.preview.best_button, qtbot)
    click(finetune.preview.use_button, qtbot)
    chosen = finetune.preview.chosen()
    qtbot.waitUntil(lambda: finetune._session.checkpoint == chosen)
    # The Enhance dock has it, too, and enhances with it: brighter, as the target says.
    qtbot.waitUntil(lambda: "fine-tuning" in dock.checkpoints.description.text())
    click(dock.run.button, qtbot)
    qtbot.waitUntil(lambda: len(viewer.layers) == 4)
    tuned = next(layer for layer in viewer.layers if "[nights of November, step " in layer.name)
    assert tuned.metadata["napari-zerodce"]["checkpoint_label"].startswith("nights of November")
    assert dock.checkpoints.combo.currentText().startswith("nights of November, step ")
    assert "is now the active checkpoint" in finetune.panel.message.text()
    dock.choose_checkpoint("zero-dce-pp")
    qtbot.waitUntil(lambda: finetune._session.checkpoint == "zero-dce-pp")
    assert finetune.panel.message.text().startswith("✓ Done"), "another one is active"
    click(dock.run.button, qtbot)
    qtbot.waitUntil(lambda: len(viewer.layers) == 5)
    before = next(layer for layer in viewer.layers if "[Zero-DCE++]" in layer.name)
    assert tuned.data.mean() > before.data.mean() + 3


def test_the_scrubber_shows_each_checkpoint_and_saves_it(
    viewer: Any, finetune: Any, qtbot: Any, tmp_path: Path
) -> None:
    viewer.add_image(night(), name="night")
    make_quick(finetune, 12)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    preview = finetune.preview
    steps = [saved.step for saved in finetune.training.history.checkpoints]
    assert (steps[0], steps[-1]) == (0, 12)
    files = []
    for position, step in enumerate(steps):
        preview.slider.setValue(position)
        assert f"Step {step} " in f"{preview.caption.text()} "
        files.append(preview.enhanced.file)
    assert len(set(files)) == len(steps)
    finetune.keep(preview.chosen(), tmp_path / "mine.safetensors")
    qtbot.waitUntil(lambda: "is kept as" in finetune.panel.message.text())
    assert read_info(tmp_path / "mine.safetensors").provenance["step"] == "12 of 12"
    preview.slider.setValue(0)
    assert finetune.panel.message.text().startswith("✓ Done"), "the news was of another checkpoint"
    finetune.keep(preview.chosen(), tmp_path / "no" / "folder" / "mine.safetensors")
    qtbot.waitUntil(lambda: "cannot be saved as" in finetune.panel.message.text())


def test_stop_keeps_what_was_learnt_and_resume_goes_on(
    viewer: Any, finetune: Any, qtbot: Any
) -> None:
    viewer.add_image(night(), name="night")
    make_quick(finetune, ENDLESS)
    click(finetune.panel.button, qtbot)
    wait_for_steps(finetune, qtbot)
    assert finetune.panel.button.text() == "Stop"
    click(finetune.panel.button, qtbot)
    assert finetune.panel.button.text().startswith("Stopping…")
    wait_until_idle(finetune, qtbot)
    stopped = finetune.training.history.step
    assert finetune.training.history.ending == "stopped"
    assert finetune.training.folder.last.is_file()
    assert finetune.panel.resume_button.isVisible()
    click(finetune.panel.resume_button, qtbot)
    wait_for_steps(finetune, qtbot, stopped + 3)
    assert finetune.training.history.steps == list(range(1, finetune.training.history.step + 1))
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)


def test_a_child_killed_from_outside_is_told_and_start_is_usable(
    viewer: Any, finetune: Any, qtbot: Any
) -> None:
    viewer.add_image(night(), name="night")
    make_quick(finetune, ENDLESS)
    click(finetune.panel.button, qtbot)
    wait_for_steps(finetune, qtbot)
    finetune.training._child.kill()
    wait_until_idle(finetune, qtbot)
    assert "ended from outside" in finetune.panel.message.text()
    assert finetune.panel.button.text() == "Start"
    assert finetune.panel.resume_button.isVisible()
    assert finetune.preview.isVisible(), "what was saved can still be looked at and used"


def test_closing_the_dock_leaves_the_run_and_opening_it_shows_it_again(
    viewer: Any, finetune: Any, qtbot: Any
) -> None:
    viewer.add_image(night(), name="night")
    viewer.add_image(night(1), name="other")
    make_quick(finetune, ENDLESS)
    choose(finetune.form.preset, "photo-without-facets")
    finetune.form.fields["crop"].value = 32
    finetune.form.fields["target"].value = 0.45
    finetune.form.name.value = "November"
    settings, images = finetune.form.changes(), finetune.pictures.layers()
    click(finetune.panel.button, qtbot)
    wait_for_steps(finetune, qtbot)
    training = finetune.training
    frame_of(finetune).destroyOnClose()
    _, again = viewer.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    assert again.training is training
    assert again.panel.button.text() == "Stop"
    assert again.form.changes() == settings
    assert again.form.duration() == {"steps": ENDLESS}
    assert again.form.chosen_preset() == "photo-without-facets"
    assert again.pictures.layers() == images
    assert again.form.name.name == again.preview.name.name == "November"
    assert again.settings.text.text().startswith("Starts from Zero-DCE++ (bundled) · window")
    assert again.panel.status.text().startswith("November · Step ")
    before = training.history.step
    wait_for_steps(again, qtbot, before + 3)
    click(again.panel.button, qtbot)
    wait_until_idle(again, qtbot)


def answer(name: str, seen: list[str]) -> None:
    """Press a button of the question that will be asked."""

    def press() -> None:
        for box in QApplication.topLevelWidgets():
            if box.objectName() == "close_guard" and box.isVisible():
                assert isinstance(box, QMessageBox)
                seen.append(box.text())
                next(button for button in box.buttons() if button.text() == name).click()
                return
        QTimer.singleShot(50, press)

    QTimer.singleShot(50, press)


def close_napari_in_the_middle(viewer: Any, qtbot: Any) -> RunFolder:
    """Start a run in a viewer, close that after a change of mind, and return the run's folder."""
    _, finetune = viewer.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    viewer.add_image(night(), name="night")
    qtbot.waitUntil(lambda: finetune.form.start.count() == 6)
    make_quick(finetune, ENDLESS)
    click(finetune.panel.button, qtbot)
    wait_for_steps(finetune, qtbot)
    window = frame_of(finetune).parent()
    questions: list[str] = []
    answer("Keep napari open", questions)
    assert not window.close()
    assert window.isVisible()
    assert would_close(finetune, "Continue the run", questions)
    assert len(questions) == 2
    assert "training run is in progress" in questions[0]
    viewer.close()
    return finetune.training.folder


def would_close(finetune: Any, words: str, questions: list[str]) -> bool:
    """Say whether the window would close after an answer.

    napari's window leaks if it is really closed like that in a test; `Viewer.close` is for tests.
    """
    window = frame_of(finetune).parent()
    (guard,) = window.findChildren(CloseGuard)
    answer(words, questions)
    return not guard.eventFilter(window, QCloseEvent())


def test_napari_closed_in_the_middle_and_the_run_opened_again(
    make_napari_viewer: Callable[..., Any], qtbot: Any
) -> None:
    folder = close_napari_in_the_middle(make_napari_viewer(show=True), qtbot)
    assert folder.is_alive
    second = make_napari_viewer(show=True)
    _, dock = second.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    dock.open_run(folder.path)
    assert dock.panel.button.text() == "Stop"
    before = dock.training.history.step
    wait_for_steps(dock, qtbot, before + 3)
    assert dock.training.history.steps == list(range(1, dock.training.history.step + 1))
    click(dock.panel.button, qtbot)
    wait_until_idle(dock, qtbot)
    assert dock.training.history.ending == "stopped"
    assert not folder.is_alive


def test_stopping_when_napari_is_closed(make_napari_viewer: Callable[..., Any], qtbot: Any) -> None:
    viewer = make_napari_viewer(show=True)
    _, finetune = viewer.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    viewer.add_image(night(), name="night")
    qtbot.waitUntil(lambda: finetune.form.start.count() == 6)
    make_quick(finetune, ENDLESS)
    click(finetune.panel.button, qtbot)
    wait_for_steps(finetune, qtbot)
    folder = finetune.training.folder
    assert would_close(finetune, "Stop the run", [])
    viewer.close()
    qtbot.waitUntil(lambda: not folder.is_alive)
    assert folder.history().ending == "stopped"


def test_a_window_closed_at_once_leaves_no_complaint(make_napari_viewer: Any, qtbot: Any) -> None:
    before = list(notification_manager.records)
    viewer = make_napari_viewer(show=True)
    viewer.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    assert Job._alive
    viewer.close()  # while the dock still reads the active checkpoint
    qtbot.waitUntil(lambda: not Job._alive)
    assert list(notification_manager.records) == before


def test_starts_and_stops_leave_nothing_behind(viewer: Any, finetune: Any, qtbot: Any) -> None:
    viewer.add_image(night(), name="night")
    make_quick(finetune, ENDLESS)
    own = psutil.Process()

    def is_on() -> bool:
        # Not the run before: that has taken steps, too.
        return finetune.panel.state == "running" and finetune.training.history.step > 0

    def once() -> None:
        click(finetune.panel.button, qtbot)
        qtbot.waitUntil(is_on)
        click(finetune.panel.button, qtbot)
        wait_until_idle(finetune, qtbot)

    once()
    files, threads = own.num_fds(), own.num_threads()
    for _ in range(3):
        once()
    assert [child for child in own.children(recursive=True) if "python" in child.name()] == []
    assert own.num_fds() <= files + 2
    assert own.num_threads() <= threads + 2


def test_cancel_while_crops_are_sampled_trains_nothing(
    viewer: Any, finetune: Any, qtbot: Any, own_runs: Path
) -> None:
    viewer.add_image(night(side=512))
    make_quick(finetune, ENDLESS)
    click(finetune.panel.button, qtbot)
    assert finetune.panel.state == "preparing"
    finetune.panel.button._started = 0.0  # as if it were no double click
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    assert "Cancelled" in finetune.panel.message.text()
    assert finetune.training is None
    assert not list(own_runs.glob("*/config.json"))


@pytest.mark.usefixtures("clock")
def test_a_double_click_starts_one_training(viewer: Any, finetune: Any, qtbot: Any) -> None:
    viewer.add_image(night())
    make_quick(finetune, 3)
    qtbot.mouseDClick(finetune.panel.button, Qt.MouseButton.LeftButton)
    click(finetune.panel.button, qtbot)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    assert finetune.training.history.ending == "done"


def test_a_run_folder_deleted_in_the_middle_is_one_sentence(
    viewer: Any, finetune: Any, qtbot: Any
) -> None:
    viewer.add_image(night())
    make_quick(finetune, ENDLESS)
    click(finetune.panel.button, qtbot)
    wait_for_steps(finetune, qtbot)
    folder = finetune.training.folder.path
    child = psutil.Process(finetune.training._child.pid)
    child.suspend()  # else it may write to a folder that is just being emptied
    shutil.rmtree(folder)
    child.resume()
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    assert "was deleted" in finetune.panel.message.text()
    assert not finetune.panel.resume_button.isVisible()
    assert not (folder / "state.pt").exists()


def test_the_dock_is_as_narrow_as_a_small_screen_needs(viewer: Any, finetune: Any) -> None:
    finetune.form.advanced.expand(animate=False)
    finetune.preview.show()
    assert finetune.widget().minimumSizeHint().width() <= 300


# ---- what cannot be trained on


def test_no_image_is_one_sentence(finetune: Any, qtbot: Any) -> None:
    click(finetune.panel.button, qtbot)
    assert "There is no image to train on" in finetune.panel.message.text()
    assert finetune.panel.button.text() == "Start"


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([np.zeros((64, 64, 3), np.uint8)], "black or constant"),
        ([np.full((64, 64), 700, np.uint16)], "black or constant"),
        ([np.zeros((1, 1, 3), np.uint8)], "too few to train on"),
        ([night(), night()[..., 0]], "one kind at a time"),
    ],
)
def test_images_that_will_not_do_are_one_sentence(
    viewer: Any, finetune: Any, qtbot: Any, images: list[np.ndarray], words: str, own_runs: Path
) -> None:
    for image in images:
        layer = viewer.add_image(image, rgb=image.ndim == 3)
        finetune.pictures.tick(layer)
    make_quick(finetune, 5)
    click(finetune.panel.button, qtbot)
    qtbot.waitUntil(lambda: words in finetune.panel.message.text())
    wait_until_idle(finetune, qtbot)
    assert finetune.panel.message.text().count("\n") == 0
    assert list(own_runs.glob("*")) == []


def test_a_folder_that_cannot_be_written_is_one_sentence(
    viewer: Any, finetune: Any, qtbot: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    viewer.add_image(night())
    make_quick(finetune, 5)
    finetune.runs.setText(str(tmp_path / "file"))
    click(finetune.panel.button, qtbot)
    qtbot.waitUntil(lambda: "cannot be written" in finetune.panel.message.text())
    wait_until_idle(finetune, qtbot)


def test_a_folder_that_is_no_run_is_one_sentence(finetune: Any, tmp_path: Path) -> None:
    finetune.open_run(tmp_path)
    assert "is not the folder of a run" in finetune.panel.message.text()


def test_a_finished_run_can_be_opened_and_used(viewer: Any, finetune: Any, qtbot: Any) -> None:
    viewer.add_image(night())
    make_quick(finetune, 6)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    path = finetune.training.folder.path
    finetune.open_run(path)
    assert finetune.training.history.ending == "done"
    assert not finetune.panel.resume_button.isVisible()
    assert finetune.preview.chosen() == RunFolder(path).checkpoint(6)


# ---- what is chosen


def test_stacks_and_sixteen_bits_with_the_window_of_the_enhance_dock(
    viewer: Any, finetune: Any, qtbot: Any
) -> None:
    generator = np.random.default_rng(0)
    stack = generator.integers(100, 400, (5, 80, 90)).astype(np.uint16)
    viewer.add_image(stack, name="stack", contrast_limits=(0, 4000))
    make_quick(finetune, 5)
    choose(finetune.form.preset, "fluorescence")
    finetune.form.fields["crop"].value = 32
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    crops, _ = finetune.training.folder.crops()
    # The automatic window: percentiles 0.1 to 99.9, so that crops reach from black to white.
    assert crops.training.values.shape[1:] == (1, 32, 32)
    assert crops.training.values.max() > 64_000
    assert "colour" not in finetune.training.history.losses
    assert finetune.training.folder.config().training.keep_background


def test_regions_of_a_shapes_layer(viewer: Any, finetune: Any, qtbot: Any) -> None:
    image = night(side=160)
    image[100:] = 200 + night(side=160)[100:] // 4  # what must not be trained on
    viewer.add_image(image, name="half")
    shapes = viewer.add_shapes([[[10, 10], [10, 150], [70, 150], [70, 10]]], name="regions")
    make_quick(finetune, 3)
    row = finetune.pictures.regions.findData(shapes)
    finetune.pictures.regions.setCurrentIndex(row)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    crops, _ = finetune.training.folder.crops()
    assert crops.training.values.max() < 150 * 257


def test_shapes_beside_the_image_are_one_sentence(viewer: Any, finetune: Any, qtbot: Any) -> None:
    viewer.add_image(night(), name="night")
    shapes = viewer.add_shapes([[[500, 500], [500, 600], [600, 600]]], shape_type="polygon")
    finetune.pictures.regions.setCurrentIndex(finetune.pictures.regions.findData(shapes))
    click(finetune.panel.button, qtbot)
    assert "No shape of" in finetune.panel.message.text()


def test_a_folder_of_images(viewer: Any, finetune: Any, qtbot: Any, tmp_path: Path) -> None:
    from napari_zerodce.imaging.files.images import ImageFile, write_image

    for seed in range(2):
        write_image(tmp_path / "images" / f"{seed}.png", ImageFile(night(seed), "rgb"))
    finetune.pictures.choose_folder(tmp_path / "images")
    make_quick(finetune, 3)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    assert finetune.training.folder.config().images == ("0.png", "1.png")


def test_the_layer_may_go_while_crops_are_sampled(viewer: Any, finetune: Any, qtbot: Any) -> None:
    layer = viewer.add_image(night(), name="night")
    make_quick(finetune, 3)
    click(finetune.panel.button, qtbot)
    viewer.layers.remove(layer)
    wait_until_idle(finetune, qtbot)
    assert finetune.training.history.ending == "done"


def test_windows_are_those_of_the_layers_if_chosen(viewer: Any, finetune: Any, qtbot: Any) -> None:

    layer: Image = viewer.add_image(
        np.random.default_rng(0).integers(0, 500, (90, 90)).astype(np.uint16)
    )
    layer.contrast_limits = (0, 1000)
    finetune._session.change(window=WindowChoice("contrast"))
    make_quick(finetune, 3)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    crops, _ = finetune.training.folder.crops()
    assert 31_000 < crops.training.values.max() <= 32_768


def test_crops_are_sampled_in_a_thread_of_their_own(
    viewer: Any, finetune: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def create_run(*args: Any, **options: Any) -> Any:
        threads.append(threading.current_thread())
        return new_run.create_run(*args, **options)

    monkeypatch.setattr(work, "create_run", create_run)
    viewer.add_image(night())
    make_quick(finetune, 3)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    assert threads
    assert threading.current_thread() not in threads


def test_a_deleted_run_is_no_success_when_the_dock_is_opened_again(
    viewer: Any, finetune: Any, qtbot: Any
) -> None:
    viewer.add_image(night())
    make_quick(finetune, 2)
    click(finetune.panel.button, qtbot)
    wait_until_idle(finetune, qtbot)
    shutil.rmtree(finetune.training.folder.path)
    frame_of(finetune).destroyOnClose()
    _, again = viewer.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    assert again.panel.message.text().startswith("⚠ The folder of this run was deleted")
    assert again.form.name.name == ""
