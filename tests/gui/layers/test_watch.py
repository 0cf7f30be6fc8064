"""The watch on the list of layers and on their names."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_zerodce.gui.layers.watch import LayerWatch


def watched(model: ViewerModel) -> tuple[LayerWatch, list[str]]:
    heard: list[str] = []
    watch = LayerWatch(model, lambda _: heard.append("list"), lambda _: heard.append("name"))
    return watch, heard


def test_added_moved_and_removed_layers_are_told(model: ViewerModel) -> None:
    _watch, heard = watched(model)
    for change in (
        lambda: model.add_image(np.zeros((4, 4)), name="a"),
        lambda: model.add_image(np.zeros((4, 4)), name="b"),
        lambda: model.layers.move(1, 0),
        lambda: model.layers.remove("a"),
    ):
        heard.clear()
        change()
        assert set(heard) == {"list"}


def test_only_the_names_of_the_last_given_layers_are_told(model: ViewerModel) -> None:
    first = model.add_image(np.zeros((4, 4)))
    second = model.add_image(np.zeros((4, 4)))
    watch, heard = watched(model)
    watch.watch_names([first])
    watch.watch_names([second])
    first.name = "renamed"
    assert heard == []
    second.name = "renamed too"
    assert heard == ["name"]


def test_nothing_is_told_after_the_release(model: ViewerModel) -> None:
    layer = model.add_image(np.zeros((4, 4)))
    watch, heard = watched(model)
    watch.watch_names([layer])
    watch.release()
    layer.name = "renamed"
    model.layers.remove(layer)
    assert heard == []
