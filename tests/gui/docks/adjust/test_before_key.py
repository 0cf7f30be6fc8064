"""The key that shows the originals while it is held, and puts back what it found."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.gui.docks.adjust.before_key import bind_before_key
from napari_zerodce.gui.layers.source import read_source


def _made_of(model: ViewerModel, source: Image, role: Any, limits: tuple[float, float]) -> Image:
    metadata = read_source(source).provenance(role).as_metadata()
    layer: Image = model.add_image(
        np.ones((8, 8)), name=role, metadata=metadata, contrast_limits=limits
    )
    return layer


def _photo(model: ViewerModel) -> Image:
    layer: Image = model.add_image(np.zeros((8, 8)), name="photo", contrast_limits=(0, 1))
    return layer


def _press(model: ViewerModel) -> Any:
    """Press the key; what is returned releases it."""
    bind_before_key(model)
    (function,) = model.keymap.values()
    held = function(model)
    next(held)
    return lambda: next(held, None)


def _seen(*layers: Image) -> list[tuple[bool, list[float]]]:
    return [(layer.visible, list(layer.contrast_limits)) for layer in layers]


def test_original_is_shown_at_the_range_of_the_result_while_the_key_is_held() -> None:
    model = ViewerModel()
    photo = _photo(model)
    live, other = _made_of(model, photo, "live", (0, 0.2)), model.add_image(np.zeros((8, 8)))
    photo.visible = False
    before = _seen(photo, live, other)
    release = _press(model)
    assert _seen(photo, live) == [(True, [0, 0.2]), (False, [0, 0.2])]
    assert other.visible
    release()
    assert _seen(photo, live, other) == before


def test_hidden_results_are_not_shown_afterwards() -> None:
    model = ViewerModel()
    photo = _photo(model)
    shown, hidden = (_made_of(model, photo, "result", (0, limit)) for limit in (0.2, 0.5))
    hidden.visible = False
    release = _press(model)
    assert list(photo.contrast_limits) == [0, 0.2]
    release()
    assert (shown.visible, hidden.visible) == (True, False)


def test_maps_are_hidden_and_their_range_is_none_of_the_originals() -> None:
    model = ViewerModel()
    photo = _photo(model)
    maps = _made_of(model, photo, "maps", (-1, 1))
    release = _press(model)
    assert _seen(photo, maps) == [(True, [0, 1]), (False, [-1, 1])]
    release()
    result = _made_of(model, photo, "result", (0, 0.2))
    model.layers.move(model.layers.index(result), 1)  # maps of it are above the result
    release = _press(model)
    assert list(photo.contrast_limits) == [0, 0.2]
    release()


def test_result_of_a_result_shows_the_first_original_alone() -> None:
    model = ViewerModel()
    photo = _photo(model)
    first = _made_of(model, photo, "result", (0, 0.2))
    second = _made_of(model, first, "result", (0, 0.1))
    release = _press(model)
    assert [layer.visible for layer in (photo, first, second)] == [True, False, False]
    release()
    assert [layer.visible for layer in (photo, first, second)] == [True, True, True]


def test_layers_that_are_deleted_meanwhile_are_no_trouble() -> None:
    model = ViewerModel()
    photo = _photo(model)
    _made_of(model, photo, "result", (0, 0.2))
    release = _press(model)
    model.layers.clear()
    release()
    assert len(model.layers) == 0


def test_result_without_its_source_is_hidden_and_comes_back() -> None:
    model = ViewerModel()
    photo = _photo(model)
    result = _made_of(model, photo, "result", (0, 0.2))
    model.layers.remove(photo)
    release = _press(model)
    assert not result.visible
    release()
    assert result.visible


def test_key_does_nothing_in_an_empty_viewer() -> None:
    model = ViewerModel()
    _press(model)()
    assert len(model.layers) == 0


def test_key_is_bound_once_and_not_taken_from_anybody() -> None:
    model = ViewerModel()
    bind_before_key(model)
    bind_before_key(model)
    assert len(model.keymap) == 1
    taken = ViewerModel()

    def of_the_user(_: Any) -> None:
        """Do something else."""

    taken.bind_key("b", of_the_user)
    bind_before_key(taken)
    assert list(taken.keymap.values()) == [of_the_user]
