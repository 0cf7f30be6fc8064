"""Commands: the dock that is opened, what it is asked for, and what is said without an image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_zerodce.gui import commands
from napari_zerodce.gui.layers.source import read_source


class Dock:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.live = self

    def select_layer(self, layer: Any) -> None:
        self.asked.append(layer)

    def start(self) -> None:
        self.asked.append("start")

    def add_maps(self) -> None:
        self.asked.append("maps")

    def setChecked(self, on: bool) -> None:  # noqa: N802 - Qt's name
        self.asked.append(("live", on))


@pytest.fixture
def docks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Dock]:
    """The docks that were opened, by their names."""
    opened: dict[str, Dock] = {}
    monkeypatch.setattr(commands, "open_dock", lambda _, name: opened.setdefault(name, Dock()))
    return opened


COMMANDS = [
    (commands.enhance_active_layer, "Enhance", "start", "enhance"),
    (commands.show_curve_maps, "Curve maps", "maps", "analyse"),
    (commands.adjust_active_layer, "Adjust", ("live", True), "adjust"),
]


@pytest.mark.parametrize(("command", "name", "wish", "_verb"), COMMANDS)
def test_command_opens_its_dock_for_the_active_layer(
    model: ViewerModel, docks: dict[str, Dock], command: Any, name: str, wish: Any, _verb: str
) -> None:
    layer = model.add_image(np.zeros((8, 8)))
    model.add_image(np.zeros((8, 8)))
    model.layers.selection.active = layer
    command(model)
    assert list(docks) == [name]
    assert docks[name].asked == [layer, wish]


@pytest.mark.parametrize(("command", "_name", "_wish", "verb"), COMMANDS)
def test_without_an_active_image_a_sentence_says_what_to_select(
    model: ViewerModel, docks: dict[str, Dock], command: Any, _name: str, _wish: Any, verb: str
) -> None:
    def said() -> str:
        command(model)
        return str(notification_manager.records[-1].message)

    sentence = f"No image layer is active; select the image layer to {verb} and try again."
    assert said() == sentence
    image = model.add_image(np.zeros((8, 8)))
    model.add_labels(np.zeros((8, 8), int))
    assert said() == sentence
    metadata = read_source(image).provenance("maps").as_metadata()
    model.add_image(np.zeros((8, 8)), metadata=metadata)
    assert said() == sentence, "maps are no image to enhance"
    assert docks == {}
