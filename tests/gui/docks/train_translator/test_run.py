"""A run of the Train translator dock in a real window: started, killed, resumed, and used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton, QWidget

from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.gui.session import training_process
from napari_zerodce.gui.shared.dock import frame_of


@pytest.fixture(autouse=True)
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep runs out of the user's folder; no training outlives its test."""
    monkeypatch.setenv("NAPARI_ZERODCE_RUNS", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    for child in training_process._children:
        child.kill()
        child.wait(120)


@pytest.fixture
def translator(viewer: Any, qtbot: Any) -> Iterator[Any]:
    """The dock as the plugin menu opens it, with two sets of images and small networks."""
    add_scenes(viewer)
    viewer.window._qt_window.resize(1280, 720)
    _, widget = viewer.window.add_plugin_dock_widget("napari-zerodce", "Train translator")
    make_quick(widget)
    yield widget
    if widget.training is not None:
        widget.training.kill()
        qtbot.waitUntil(lambda: not widget.training.is_running)
        widget.training.release()


def add_scenes(viewer: Any) -> None:
    """Add dark and bright images of different scenes."""
    generator = np.random.default_rng(0)
    for number in range(3):
        scene = generator.integers(20, 255, (96, 96, 3), np.uint8)
        viewer.add_image((scene / 5).astype(np.uint8), name=f"dark {number}")
        viewer.add_image(np.roll(scene, 30, 0), name=f"bright {number}")


def make_quick(dock: Any) -> None:
    for layer in dock._viewer.layers:
        (dock.sources if "dark" in layer.name else dock.targets).tick(layer)
    for name, value in {"crop": 32, "features": 4, "blocks": 1, "checkpoint_steps": 4}.items():
        dock.form.fields[name].value = value
    dock.form.length.show_duration(minutes=None, steps=100_000)  # no test waits for the last


def click(button: QPushButton, qtbot: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_for_steps(dock: Any, qtbot: Any, steps: int) -> None:
    def is_there() -> bool:
        return dock.panel.state == "idle" or (
            dock.training is not None and dock.training.history.step >= steps
        )

    qtbot.waitUntil(is_there)
    assert dock.panel.state != "idle", dock.panel.message.text()


def is_in_sight(part: QWidget) -> bool:
    """Return whether no other part and no edge covers any of a part."""
    return part.visibleRegion().boundingRect() == part.rect()


def wait_until_idle(dock: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: dock.panel.state == "idle")


def test_a_cut_run_is_started_killed_resumed_stopped_and_used(
    viewer: Any, translator: Any, qtbot: Any
) -> None:
    translator.form.name.value = "dark to bright"
    click(translator.panel.button, qtbot)
    wait_for_steps(translator, qtbot, 9)
    assert translator.panel.button.text() == "Stop"
    for part in (translator.panel.status, translator.preview.use_button):
        qtbot.waitUntil(lambda part=part: is_in_sight(part))  # it appears bit by bit
    translator.training._child.kill()
    wait_until_idle(translator, qtbot)
    assert "ended from outside" in translator.panel.message.text()
    qtbot.waitUntil(lambda: is_in_sight(translator.panel.message))
    killed_at = translator.training.history.step

    click(translator.panel.resume_button, qtbot)
    wait_for_steps(translator, qtbot, killed_at + 4)
    history = translator.training.history
    assert history.steps == list(range(1, history.step + 1))
    for name in ("gan", "nce", "discriminator"):
        assert len(translator.losses.plot.lines[name].getOriginalDataset()[0]) >= killed_at
    click(translator.panel.button, qtbot)
    wait_until_idle(translator, qtbot)
    assert history.ending == "stopped"
    assert translator.panel.message.text().startswith("✓ Stopped after")

    preview = translator.preview
    assert preview.isVisible()
    for picture in (preview.original, preview.enhanced):
        assert not picture.pixmap().isNull()
    click(preview.use_button, qtbot)
    chosen = preview.chosen()
    qtbot.waitUntil(lambda: translator._session.checkpoint == chosen)
    info = read_info(chosen)
    assert info.design is not None
    assert (info.design.method, info.design.features, info.design.depth) == ("cut", 4, 1)
    assert info.label.startswith("dark to bright, step ")
    enhance = viewer.window.dock_widgets["Enhance (Zero-DCE)"]
    before = len(viewer.layers)
    enhance.select_layer(viewer.layers["dark 1"])
    qtbot.waitUntil(enhance.run.button.isEnabled)
    click(enhance.run.button, qtbot)
    qtbot.waitUntil(lambda: len(viewer.layers) == before + 1)
    made = next(layer for layer in viewer.layers if "dark to bright, step" in layer.name)
    assert made.data.shape == (96, 96, 3)


def test_a_run_goes_on_without_its_dock_and_is_found_again(
    viewer: Any, translator: Any, qtbot: Any
) -> None:
    click(translator.panel.button, qtbot)
    wait_for_steps(translator, qtbot, 3)
    folder = translator.training.folder
    viewer.window.remove_dock_widget(frame_of(translator))
    translator._session.runs = {}  # as if napari had been closed, too
    _, again = viewer.window.add_plugin_dock_widget("napari-zerodce", "Train translator")
    assert again.training is None
    again.open_run(folder.path)
    qtbot.waitUntil(lambda: again.panel.state == "running")
    assert again.form.details.changes()["features"] == 4
    click(again.panel.button, qtbot)
    wait_until_idle(again, qtbot)
    assert again.training.history.ending == "stopped"
