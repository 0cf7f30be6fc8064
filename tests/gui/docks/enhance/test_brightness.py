"""The rows for time and channels, and the plot of brightness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.enhance.brightness import BrightnessWindow, described
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.gui.docks.enhance.form import EnhanceForm
from napari_zerodce.gui.layers.source import read_source, request_for

TRANSLATOR = CheckpointInfo(
    "latest_net_G.pth", "cyclegan", 1, 9, "ab" * 32, Path("latest_net_G.pth"),
    design=GeneratorDesign("resnet"),
)  # fmt: skip


@pytest.fixture
def form(model: ViewerModel, qtbot: Any) -> Any:
    form = EnhanceForm(model, EnhanceSettings())
    qtbot.addWidget(form)
    yield form
    form.release()


def shown(form: EnhanceForm) -> set[str]:
    rows = {
        "time": form.plot.parentWidget(),
        "time_window": form.fields["time_window"].native,
        "channel_curves": form.fields["channel_curves"].native,
    }
    return {name for name, widget in rows.items() if widget is not None and not widget.isHidden()}


@pytest.mark.parametrize(
    ("labels", "rows"),
    [(("z", "y", "x"), set()), (("t", "y", "x"), {"time"}), (("Frames", "y", "x"), {"time"}),
     (("c", "y", "x"), {"channel_curves"})],
)  # fmt: skip
def test_rows_are_there_for_the_axes_of_the_layer(
    model: ViewerModel, form: EnhanceForm, labels: tuple[str, ...], rows: set[str]
) -> None:
    assert shown(form) == set()
    model.add_image(np.zeros((3, 8, 8), np.uint16), axis_labels=labels)
    assert shown(form) == rows


def test_rows_follow_the_labels_and_the_choice(model: ViewerModel, form: EnhanceForm) -> None:
    layer = model.add_image(np.zeros((3, 8, 8), np.uint16))
    layer.axis_labels = ("t", "y", "x")
    assert shown(form) == {"time"}
    form.fields["time"].value = "smoothed"
    assert shown(form) == {"time", "time_window"}
    assert form.choices()["time"] == "smoothed"
    layer.axis_labels = ("z", "y", "x")
    assert shown(form) == set()


def test_a_layer_without_the_axes_gets_the_usual_settings(model: ViewerModel) -> None:
    settings = EnhanceSettings(time="shared", time_window=7, channel_curves="shared")
    for labels, time, curves in (("tyx", "shared", "own"), ("cyx", "frames", "shared")):
        layer = model.add_image(np.zeros((3, 8, 8), np.uint16), axis_labels=tuple(labels))
        request = request_for(read_source(layer), settings)
        assert (request.settings.time, request.settings.channel_curves) == (time, curves)
        assert request.settings.time_window == (7 if time == "shared" else 11)


def test_the_button_plots_each_frame(model: ViewerModel, qtbot: Any, settle: Any) -> None:
    dock = EnhanceDock(model)
    qtbot.addWidget(dock)
    series = np.full((4, 8, 8), 100, np.uint16)
    series[2] = 200
    model.add_image(series, axis_labels=("t", "y", "x"))
    dock.form.plot.click()
    (window,) = dock.findChildren(BrightnessWindow)
    qtbot.waitUntil(lambda: "before" in window.text.text() or "%" in window.text.text())
    frames, means = window.plot.lines[0].getOriginalDataset()
    assert frames.tolist() == [0, 1, 2, 3]
    assert means.tolist() == [0.8, 0.8, 1.6, 0.8]
    window.close()
    dock.release_once()
    settle(dock)


def test_a_layer_without_time_is_told(model: ViewerModel, qtbot: Any, settle: Any) -> None:
    dock = EnhanceDock(model)
    qtbot.addWidget(dock)
    model.add_image(np.zeros((4, 8, 8), np.uint16), name="stack")
    dock.plot_brightness()
    assert "'stack' has no axis of time" in dock.run.message.text()
    dock.release_once()
    settle(dock)


def test_flicker_in_words() -> None:
    before, after = np.array([90.0, 110, 90, 110, 100]), np.array([100.0, 101, 102, 103, 104])
    assert described([after]) == "From frame to frame, the mean brightness changes by 0.0 %."
    changes = np.diff(before).std()
    expected = f"changes by {changes:.1f} % before and 0.0 % after."
    assert described([before, after]).endswith(expected)
    assert "0.0 %" in described([np.array([np.nan])])


def test_a_translator_has_other_rows(model: ViewerModel, form: EnhanceForm) -> None:
    layer = model.add_image(np.zeros((3, 8, 8), np.uint16), axis_labels=("t", "y", "x"))
    form.fields["time"].value, form.fields["lock_normalisation"].value = "smoothed", True
    form.fields["backend"].value = "onnxruntime"
    lock, precision, backend = (
        form.fields[name].native for name in ("lock_normalisation", "precision", "backend")
    )
    assert lock.isHidden()
    assert form.choices()["lock_normalisation"] is False
    form.show_architecture(TRANSLATOR)
    assert shown(form) == {"time"}  # with the plot alone
    assert form.fields["time"].native.isHidden()
    assert not lock.isHidden()
    assert precision.isHidden()
    assert backend.isHidden()
    chosen = form.choices()
    assert (chosen["time"], chosen["lock_normalisation"]) == ("frames", True)
    assert chosen["backend"] == "auto", "ONNX Runtime cannot run a translator"
    layer.axis_labels = ("c", "y", "x")
    form.show_architecture(TRANSLATOR)
    assert lock.isHidden(), "each channel has one plane"
    layer.data = np.zeros((8, 8), np.uint16)
    form.show_architecture(TRANSLATOR)
    assert lock.isHidden()
    form.show_architecture(None)
    assert not precision.isHidden()
    assert form.choices()["time"] == "smoothed"
