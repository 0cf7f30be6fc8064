"""A lazy array reads as the whole array would where planes are known, and as empty elsewhere."""

from __future__ import annotations

import gc
import threading
import weakref
from copy import deepcopy
from itertools import product
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.settings import get_settings

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers import lazy_blocks, lazy_layers
from napari_zerodce.gui.layers.lazy_array import BlockKey, Grid, LazyArray
from napari_zerodce.gui.layers.lazy_blocks import LazyBlocks
from napari_zerodce.gui.layers.lazy_layers import LazyLayers
from napari_zerodce.gui.session.session import Session

LEADING = (2, 3)
WHOLE = np.arange(5 * 2 * 3 * 4 * 6, dtype=np.float32).reshape(5, 2, 3, 4, 6)
"""Five iterations of 2x3 planes with 4 rows and 6 columns."""


GRID = Grid(WHOLE.shape, tile=(4, 6), leading=2, first=1)


def _work(key: BlockKey) -> Any:
    return lambda _report, _should_stop: (WHOLE[:, *key.plane],)


def _keys(*planes: tuple[int, int]) -> tuple[BlockKey, ...]:
    return tuple(BlockKey(0, plane) for plane in planes)


@pytest.fixture
def blocks(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> LazyBlocks:
    monkeypatch.setattr(lazy_blocks, "_PATIENCE_MS", 0)
    return LazyBlocks(Session(), title="planes", compute=_work, most_bytes=2**20)


@pytest.fixture
def lazy(blocks: LazyBlocks) -> LazyArray:
    return LazyArray(blocks, GRID, np.float32)


def _know(blocks: LazyBlocks, *keys: tuple[int, int]) -> None:
    for key in _keys(*keys):
        blocks.put(key, (WHOLE[:, *key.plane],))


KEYS = [
    (0,),
    (2, 1, 2),
    (2, 1, -1, slice(None), slice(None)),
    (slice(None), 0, 1),
    (3, slice(None), 2),
    (3, slice(None), slice(None)),
    (slice(1, 4, 2), slice(None), slice(0, 2), 1),
    (4, np.int64(1), 0, slice(1, 3), slice(None, None, 2)),
    (Ellipsis, 5),
    (1, Ellipsis, 5),
    (0, slice(2, 2), 0),
    (),
    3,
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_key_reads_what_the_whole_array_has(
    lazy: LazyArray, blocks: LazyBlocks, key: Any
) -> None:
    _know(blocks, *product(range(2), range(3)))
    np.testing.assert_array_equal(lazy[key], WHOLE[key])
    assert lazy[key].dtype == WHOLE.dtype
    assert (lazy.shape, lazy.ndim, lazy.size, len(lazy)) == (WHOLE.shape, 5, WHOLE.size, 5)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_unknown_planes_read_as_empty(lazy: LazyArray, blocks: LazyBlocks, key: Any) -> None:
    _know(blocks, (1, 2), (0, 1))
    expected = np.full_like(WHOLE, np.nan)
    for plane in ((1, 2), (0, 1)):
        expected[:, *plane] = WHOLE[:, *plane]
    np.testing.assert_array_equal(lazy[key], expected[key])


def test_colours_read_as_transparent(blocks: LazyBlocks) -> None:
    colours = LazyArray(blocks, Grid((3, 4, 6, 4), (4, 6), 1), np.float32, blank=0)
    assert colours.shape == (3, 4, 6, 4)
    np.testing.assert_array_equal(colours[1], np.zeros((4, 6, 4)))


def test_only_what_is_read_is_wanted(lazy: LazyArray, blocks: LazyBlocks) -> None:
    _ = lazy[2, 1, 2, :, :]
    assert blocks.wish_of(lazy) == _keys((1, 2))
    _ = lazy[2, 0]
    assert blocks.wish_of(lazy) == _keys((0, 0), (0, 1), (0, 2))


@pytest.mark.parametrize("key", [(0, 2), (0,) * 6, ([0, 1],), (0, 0, 3)], ids=str)
def test_other_keys_are_index_errors(lazy: LazyArray, key: Any) -> None:
    with pytest.raises(IndexError):
        lazy[key]


def test_whole_array_is_read_only_if_it_is_known(lazy: LazyArray, blocks: LazyBlocks) -> None:
    _know(blocks, (1, 2))
    with pytest.raises(RequestError, match="5 of 6 parts of this layer are not in memory"):
        np.asarray(lazy)
    assert not blocks.missing(), "it asks for nothing"
    _know(blocks, *product(range(2), range(3)))
    np.testing.assert_array_equal(np.asarray(lazy), WHOLE)


# ---- layers


def _add(model: ViewerModel, lazy: LazyArray, **options: Any) -> Image:
    layer: Image = model.add_image(
        lazy, rgb=False, multiscale=False, contrast_limits=(0, 700), **options
    )
    LazyLayers(model, lazy.blocks, [layer])
    return layer


def _shown(layer: Image) -> np.ndarray:
    return np.asarray(layer._data_view)


def test_layer_shows_a_plane_when_it_arrives(
    model: ViewerModel, lazy: LazyArray, qtbot: Any
) -> None:
    layer = _add(model, lazy)
    model.dims.point = (3, 1, 2, 0, 0)
    assert np.isnan(_shown(layer)).all()
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), WHOLE[3, 1, 2]))
    model.dims.set_point(0, 4)
    np.testing.assert_array_equal(_shown(layer), WHOLE[4, 1, 2])
    assert lazy.blocks.known(_keys((0, 0))) == [None], "planes that were not shown are not computed"


def test_3d_view_fills_up_with_few_refreshes(
    model: ViewerModel, lazy: LazyArray, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy_layers, "_SECONDS_BETWEEN", 1000)
    layer = _add(model, lazy)
    model.dims.point = (3, 1, 2, 0, 0)
    qtbot.waitUntil(lambda: not lazy.blocks.missing())
    refreshed: list[Any] = []
    refresh = layer.refresh
    monkeypatch.setattr(
        layer, "refresh", lambda **options: (refreshed.append(1), refresh(**options))
    )
    model.dims.ndisplay = 3
    assert lazy.blocks.missing() == [*_keys((1, 0), (1, 1))]
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), WHOLE[3, 1]))
    assert len(refreshed) == 1


def test_hidden_layer_wants_nothing_until_it_is_shown(
    model: ViewerModel, lazy: LazyArray, qtbot: Any
) -> None:
    layer = _add(model, lazy, visible=False)
    assert lazy.blocks.missing() == []
    model.dims.point = (3, 1, 0, 0, 0)
    assert lazy.blocks.missing() == []
    layer.visible = True
    assert lazy.blocks.missing() == [*_keys((1, 0))]
    layer.visible = False
    assert lazy.blocks.missing() == []


def test_deleted_layer_wants_nothing_and_the_last_one_ends_it_all(
    model: ViewerModel, blocks: LazyBlocks, qtbot: Any
) -> None:
    arrays = [LazyArray(blocks, GRID, np.float32) for _ in range(2)]
    layers = [
        model.add_image(array, rgb=False, multiscale=False, contrast_limits=(0, 700))
        for array in arrays
    ]
    before = len(model.layers.events.removed.callbacks)
    LazyLayers(model, blocks, layers)
    model.layers.remove(layers[0])
    assert blocks.wish_of(arrays[0]) == ()
    assert blocks.wish_of(arrays[1])
    model.layers.remove(layers[1])
    assert blocks.missing() == []
    assert len(model.layers.events.removed.callbacks) == before
    _ = arrays[1][0, 0, 0]
    assert blocks.missing() == []


def test_duplicate_shows_what_arrives_and_lives_on(
    model: ViewerModel, lazy: LazyArray, qtbot: Any
) -> None:
    layer = _add(model, lazy)
    data, state, _ = layer.as_layer_data_tuple()
    twin = model.add_image(deepcopy(data), **state)
    assert twin.data.blocks is lazy.blocks
    model.layers.remove(layer)
    model.dims.point = (3, 1, 2, 0, 0)
    qtbot.waitUntil(lambda: np.array_equal(_shown(twin), WHOLE[3, 1, 2]))
    model.layers.remove(twin)
    _ = twin.data[0, 0, 0]
    assert lazy.blocks.missing() == []


def _added_and_deleted(model: ViewerModel, blocks: LazyBlocks) -> Any:
    lazy = LazyArray(blocks, GRID, np.float32)
    layer = _add(model, lazy, name="lazy")
    model.layers.remove(layer)
    return weakref.ref(layer.data)


def test_deleted_layers_leave_nothing(model: ViewerModel, blocks: LazyBlocks) -> None:
    gone = _added_and_deleted(model, blocks)
    model.add_image(np.zeros((4, 6)))  # napari's selection remembers the last layer
    model.layers.clear()
    gc.collect()
    assert gone() is None


def test_napari_may_slice_in_a_thread_of_its_own(
    viewer: Any, lazy: LazyArray, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    want = lazy.blocks.want
    monkeypatch.setattr(
        lazy.blocks, "want", lambda *args: (threads.add(threading.get_ident()), want(*args))[1]
    )
    monkeypatch.setattr(get_settings().experimental, "async_", True)
    layer = _add(viewer, lazy)
    viewer.dims.point = (3, 1, 2, 0, 0)
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), WHOLE[3, 1, 2]))
    assert threads - {threading.get_ident()}
