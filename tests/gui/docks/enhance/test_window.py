"""The window "From ... to ..." of the Enhance dock starts with what is found for its layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.gui.sample_data import dim_cells
from napari_zerodce.imaging.window_search import resolve_window
from napari_zerodce.imaging.windows import WindowChoice


@pytest.fixture
def enhance(model: ViewerModel, qtbot: Any, settle: Any) -> Any:
    dock = EnhanceDock(model)
    yield dock
    dock.release_once()
    settle(dock)
    dock.deleteLater()


def _cells() -> Any:
    ((image, *_),) = dim_cells()
    return image


def _choose(dock: EnhanceDock, kind: str) -> None:
    combo = dock.form.window_chooser.kind
    combo.setCurrentIndex(combo.findData(kind))


def _shown(dock: EnhanceDock) -> str:
    chooser = dock.form.window_chooser
    return f"{chooser.low.text()},{chooser.high.text()}"


def _automatic(image: Any) -> WindowChoice:
    window = resolve_window(image, WindowChoice("auto"), channels="mono")
    return WindowChoice("range", window.low, window.high)


def test_two_intensities_are_those_of_the_chosen_layer(
    model: ViewerModel, enhance: EnhanceDock, qtbot: Any
) -> None:
    cells = _cells()
    first = model.add_image(cells, name="cells")
    model.add_image(cells // 2, name="half")
    enhance.select_layer(first)
    _choose(enhance, "range")
    session = enhance._session
    qtbot.waitUntil(lambda: _shown(enhance) == str(_automatic(cells)))
    assert "512x512" in enhance.run.plan.text()
    enhance.select_layer(model.layers["half"])
    qtbot.waitUntil(lambda: _shown(enhance) == str(_automatic(cells // 2)))
    assert session.settings.window == WindowChoice("auto"), "nothing is typed"
    enhance.form.window_chooser.low.setText("7")
    enhance.select_layer(first)
    qtbot.wait(50)
    assert enhance.form.window_chooser.low.text() == "7"
    assert session.settings.window.low == 7


def test_other_windows_read_nothing_for_two_intensities(
    model: ViewerModel, enhance: EnhanceDock, qtbot: Any
) -> None:
    model.add_image(_cells())
    _choose(enhance, "minmax")
    assert enhance.windows.layer is None
    _choose(enhance, "range")
    assert enhance.windows.layer is model.layers[0]
    qtbot.waitUntil(lambda: enhance.windows.fact is not None)


def test_background_of_the_sample_begins_above_its_level(
    model: ViewerModel, enhance: EnhanceDock, qtbot: Any
) -> None:
    cells = _cells()
    model.add_image(cells, name="cells")
    _choose(enhance, "background")
    enhance.start()
    qtbot.waitUntil(lambda: len(model.layers) == 2)
    low, high = model.layers[1].metadata["napari-zerodce"]["window"]
    assert np.percentile(cells, 20) < low < np.percentile(cells, 70)
    assert high == pytest.approx(np.percentile(cells, 99.9), abs=1)
    untouched = cells < low
    np.testing.assert_array_equal(model.layers[1].data[untouched], cells[untouched])


def test_preferences_that_change_are_shown(enhance: EnhanceDock) -> None:
    told = []
    enhance._session.events.settings.connect(lambda new, _old: told.append(new.device))
    enhance._session.change(window=WindowChoice("percentile", 1, 99), device="cpu")
    assert told == ["cpu"], "the form does not answer with half of them"
    assert enhance.form.choices()["window"] == WindowChoice("percentile", 1, 99)
    assert enhance.form.choices()["device"] == "cpu"


def test_look_of_another_dock_is_not_used_and_the_plan_says_so(
    model: ViewerModel, enhance: EnhanceDock, qtbot: Any
) -> None:
    model.add_image(_cells(), name="cells")
    assert "Adjust" not in enhance.run.plan.text()
    enhance._session.change(look=Look(strength=0.2))
    assert "look of the Adjust dock is not used" in enhance.run.plan.text()
    enhance.start()
    qtbot.waitUntil(lambda: len(model.layers) == 2)
    assert model.layers[1].metadata["napari-zerodce"]["look"] == DEFAULT_LOOK.as_dict()
    qtbot.waitUntil(lambda: not enhance._session.busy)
    enhance._session.change(look=DEFAULT_LOOK)
    assert "Adjust" not in enhance.run.plan.text()
