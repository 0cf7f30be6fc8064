"""A lazy result is there at once, has the pixels of `enhance`, and computes what is looked at."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.settings import get_settings
from napari.utils.notifications import notification_manager

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.adjust.reproduction import find_reproduction, subject_of
from napari_zerodce.gui.layers import lazy_blocks
from napari_zerodce.gui.layers.lazy_array import finest_data_of, lazy_arrays_of
from napari_zerodce.gui.layers.provenance import provenance_of
from napari_zerodce.gui.layers.saved import image_to_save
from napari_zerodce.gui.layers.scope import ALL, PartChoice
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.layers.time_series import series_to_measure
from napari_zerodce.gui.layers.wanted import Wanted, read_wanted
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.lazy_run import LazyRun
from napari_zerodce.imaging import recent_chunks, reduced_level
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import never

SETTINGS = EnhanceSettings(
    "zero-dce", look=DEFAULT_LOOK, window=WindowChoice("range", 0, 1000), device="cpu"
)
STACK = np.random.default_rng(0).integers(50, 900, (3, 90, 70)).astype(np.uint16)


class Counted:
    """A lazy stack with chunks that counts the reads of each, and of which some are damaged."""

    def __init__(self, array: np.ndarray, chunks: tuple[int, ...]) -> None:
        self._array, self.chunks = array, chunks
        self.shape, self.dtype = array.shape, array.dtype
        self.ndim, self.size = array.ndim, array.size
        self.read: list[tuple[Any, ...]] = []
        self.damaged: set[int] = set()
        self.bad: tuple[Any, ...] = ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._array

    def __getitem__(self, key: Any) -> np.ndarray:
        if isinstance(key, tuple) and isinstance(key[0], slice):
            self.read.append(tuple((part.start, part.stop) for part in key))
            if key[0].start in self.damaged or self.read[-1] == self.bad:
                raise OSError("bad sector")
        return self._array[key]


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_chunks, "_SIDE", 32)
    monkeypatch.setattr(lazy_blocks, "_PATIENCE_MS", 0)


@pytest.fixture
def session() -> Session:
    return Session()


def _wanted(model: ViewerModel, *layers: Image, choice: PartChoice = ALL) -> Wanted:
    return read_wanted(model, layers, SETTINGS, choice)


def _enhanced(wanted: Wanted) -> np.ndarray:
    return enhance(wanted.requests[0]).image


def _run(model: ViewerModel, session: Session, wanted: Wanted, qtbot: Any) -> Any:
    before = len(model.layers)
    LazyRun(model, session, wanted, "Enhance").start()
    assert len(model.layers) == before + len(wanted.sources), "the layers are there at once"
    qtbot.waitUntil(lambda: not session.busy)


def _shown(layer: Image) -> np.ndarray:
    return np.asarray(layer._data_view)


def test_stack_has_the_pixels_of_an_eager_result(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    source = model.add_image(
        da.from_array(STACK, chunks=(1, 64, 64)), name="cells", contrast_limits=(0, 1000),
        scale=(3, 2, 2), axis_labels=("t", "y", "x"),
    )  # fmt: skip
    wanted = _wanted(model, source)
    assert wanted.is_lazy
    whole = _enhanced(wanted)
    _run(model, session, wanted, qtbot)
    layer = model.layers[1]
    assert layer.name == "cells [Zero-DCE]"
    assert (layer.data.shape, layer.data.dtype) == (STACK.shape, STACK.dtype)
    assert (tuple(layer.scale), layer.axis_labels) == ((3, 2, 2), ("t", "y", "x"))
    for plane in (2, 0):
        model.dims.set_point(0, 3 * plane)
        qtbot.waitUntil(lambda n=plane: np.array_equal(_shown(layer), whole[n]))
    made = provenance_of(layer)
    assert made is not None
    assert made.made is not None
    assert (made.made.checkpoint, made.made.window) == ("zero-dce", (0, 1000))
    assert session.outcome is not None
    assert session.outcome.text.startswith("Added 'cells [Zero-DCE]'. Its pixels are computed")
    np.testing.assert_array_equal(np.asarray(layer.data), whole, "small: NumPy gets all of it")
    np.testing.assert_array_equal(np.asarray(layer.data.computed[1]), whole[1])


def test_a_chooser_takes_the_source_of_a_lazy_result(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    other = model.add_image(np.zeros((8, 9)), name="other")
    source = model.add_image(da.from_array(STACK, chunks=(1, 64, 64)), contrast_limits=(0, 1000))
    _run(model, session, _wanted(model, source), qtbot)
    chooser = LayerChooser(model)
    qtbot.addWidget(chooser)
    model.layers.selection.active = other
    assert chooser.layer is other
    model.layers.selection.active = model.layers[2]
    assert lazy_arrays_of(model.layers[2])
    assert chooser.layer is source
    chooser.release()


def test_brightness_of_frames_is_that_of_the_computed_pixels(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    source = model.add_image(
        da.from_array(STACK, chunks=(1, 64, 64)), contrast_limits=(0, 1000),
        axis_labels=("t", "y", "x"),
    )  # fmt: skip
    wanted = _wanted(model, source)
    LazyRun(model, session, wanted, "Enhance").start()
    with pytest.raises(RequestError, match="has no frames that can be measured yet"):
        series_to_measure(model, source)
    qtbot.waitUntil(lambda: not session.busy)
    before, after = series_to_measure(model, source)
    np.testing.assert_allclose(before.brightness()[1], STACK.mean((1, 2)))
    np.testing.assert_allclose(after.brightness()[1], _enhanced(wanted).mean((1, 2)))


def test_lazy_result_can_be_made_again(model: ViewerModel, session: Session, qtbot: Any) -> None:
    source = model.add_image(
        da.from_array(STACK, chunks=(1, 64, 64)), name="cells", contrast_limits=(0, 1000)
    )
    LazyRun(model, session, _wanted(model, source), "Enhance").start()
    layer = model.layers[1]
    with pytest.raises(RequestError, match="is not ready yet"):
        finest_data_of(layer)
    qtbot.waitUntil(lambda: not session.busy)
    known = provenance_of(layer)
    assert known is not None
    assert known.made is not None
    found = find_reproduction(subject_of(layer, known, known.made, source), never)
    assert (found.place, found.planes) == ("viewer", 3), "its planes were made again, and are equal"


def test_3d_view_fills_up(model: ViewerModel, session: Session, qtbot: Any) -> None:
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000))
    wanted = _wanted(model, source)
    whole = _enhanced(wanted)
    _run(model, session, wanted, qtbot)
    layer = model.layers[1]
    model.dims.ndisplay = 3
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), whole))


def test_part_has_the_pixels_and_the_place_of_the_whole(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000), name="cells")
    choice = PartChoice("range", first_and_last=((1, 2),))
    wanted = _wanted(model, source, choice=choice)
    _run(model, session, wanted, qtbot)
    layer = model.layers[1]
    whole = _enhanced(_wanted(model, source))
    model.dims.set_point(0, 2)
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), whole[2]))
    assert (layer.data.shape, layer.translate[0]) == ((2, 90, 70), 1)
    assert layer.name == "cells [Zero-DCE, planes 1 to 2]"


def test_chunks_are_read_once(model: ViewerModel, session: Session, qtbot: Any) -> None:
    stack = Counted(STACK, (1, 32, 32))
    source = model.add_image(stack, contrast_limits=(0, 1000))
    wanted = _wanted(model, source)
    _run(model, session, wanted, qtbot)
    layer = model.layers[1]
    stack.read.clear()
    qtbot.waitUntil(lambda: not layer.data.blocks.missing())
    assert len(stack.read) <= 9, "one plane has 3x3 chunks"
    assert len(set(stack.read)) == len(stack.read)


def test_coarse_picture_of_the_whole_plane_comes_first(
    model: ViewerModel, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reduced_level, "_MOST_PIXELS_OF_DRAFT", 45 * 35)
    stack = Counted(STACK, (1, 32, 32))
    source = model.add_image(stack, contrast_limits=(0, 1000))
    wanted = _wanted(model, source)
    whole = _enhanced(wanted)
    _run(model, session, wanted, qtbot)
    layer = model.layers[1]
    assert not layer.multiscale
    blocks = layer.data.blocks
    qtbot.waitUntil(lambda: not blocks.missing())
    stack.read.clear()
    source.visible = False
    pictures: list[np.ndarray] = []
    blocks.arrived.connect(lambda _: pictures.append(_shown(layer).copy()))
    model.dims.set_point(0, 2)
    qtbot.waitUntil(lambda: not blocks.missing())
    assert len(pictures) == 1 + 9, "a draft and 3x3 tiles"
    cells = [each[:90, :70].reshape(45, 2, 35, 2) for each in (pictures[0], whole[2])]
    assert (cells[0] == cells[0][:, :1, :, :1]).all(), "a pixel of it covers 2x2"
    errors = cells[0][:, 0, :, 0] - cells[1].mean((1, 3))
    assert np.abs(errors).mean() < 50, "of a window of 1000"
    np.testing.assert_array_equal(_shown(layer), whole[2])
    assert len(set(stack.read)) == len(stack.read) == 9, "each of the chunks is read once for both"


def _pyramid(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    ramp = np.linspace(50, 900, 128 * 128).reshape(128, 128)
    return [
        np.broadcast_to(ramp[:: 128 // shape[-2], :: 128 // shape[-1]], shape).astype(np.uint16)
        for shape in shapes
    ]


@pytest.mark.parametrize(
    "shapes",
    [
        ((128, 128), (64, 64), (32, 32)),
        ((4, 128, 128), (4, 64, 64)),
        ((4, 128, 128), (2, 64, 64)),
    ],
    ids=str,
)
def test_pyramid_has_lazy_levels_and_its_coarsest_is_shown_when_it_is_known(
    model: ViewerModel, session: Session, qtbot: Any, shapes: Any
) -> None:
    levels = [Counted(level, (1,) * (level.ndim - 2) + (32, 32)) for level in _pyramid(*shapes)]
    source = model.add_image(levels, multiscale=True, contrast_limits=(0, 1000), name="slide")
    _run(model, session, _wanted(model, source), qtbot)
    layer = model.layers[1]
    assert [level.shape for level in layer.data] == list(shapes)
    computed = [level.computed for level in layer.data]
    assert [level.number for level in computed] == list(range(len(shapes)))
    saved = image_to_save(*layer.as_layer_data_tuple()[:2])
    assert list(saved.levels) == computed, "what is saved has all pixels"
    last = layer.data[-1]
    expected = np.asarray(last.computed[(0,) * (len(shapes[0]) - 2)])
    model.dims.point = (0,) * len(shapes[0])
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), expected))
    assert expected.mean() > 1.2 * _pyramid(*shapes)[-1].mean(), "it is brighter"


def test_unknown_tiles_show_the_coarser_level(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    levels = [Counted(level, (32, 32)) for level in _pyramid((128, 128), (32, 32))]
    source = model.add_image(levels, multiscale=True, contrast_limits=(7, 1000))
    _run(model, session, _wanted(model, source), qtbot)
    fine, coarse = model.layers[1].data
    qtbot.waitUntil(lambda: not fine.blocks.missing())
    known = np.asarray(coarse)
    fine.blocks.release()  # nothing more is computed
    np.testing.assert_array_equal(
        np.asarray(fine[:32, 64:]), known[:8, 16:].repeat(4, 0).repeat(4, 1)
    )


def test_large_plane_without_levels_gets_some(
    model: ViewerModel, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reduced_level, "_LARGEST_PLAIN", 64)
    monkeypatch.setattr(reduced_level, "_LARGEST_COARSEST", 64)
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000))
    wanted = _wanted(model, source)
    _run(model, session, wanted, qtbot)
    fine, coarse = model.layers[1].data
    assert coarse.shape == (3, 22, 17)
    whole = _enhanced(wanted)
    np.testing.assert_array_equal(np.asarray(fine.computed[1]), whole[1])
    assert np.asarray(coarse.computed[0]).mean() == pytest.approx(whole[0].mean(), rel=0.03)


def test_unreadable_plane_is_named_once_and_the_rest_goes_on(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    stack = Counted(STACK, (1, 32, 32))
    source = model.add_image(stack, contrast_limits=(0, 1000))
    wanted = _wanted(model, source)
    whole = _enhanced(wanted)
    _run(model, session, wanted, qtbot)
    layer = model.layers[1]
    source.visible = False  # napari itself cannot show the plane either
    stack.damaged.add(2)
    told = len(notification_manager.records)
    model.dims.set_point(0, 2)
    qtbot.waitUntil(lambda: not layer.data.blocks.missing())
    sentences = [str(record.message) for record in notification_manager.records[told:]]
    assert len(sentences) == 1
    assert sentences[0].startswith(
        "9 parts of 'stack' stay empty (Plane 2, rows 0 to 31, columns 0 to 31; Plane 2, rows 0 "
    )
    assert (_shown(layer) == 0).all()
    model.dims.set_point(0, 0)
    qtbot.waitUntil(lambda: np.array_equal(_shown(layer), whole[0]))


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_unreadable_chunk_stays_empty_and_the_rest_of_its_plane_is_enhanced(
    model: ViewerModel, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch, dtype: Any
) -> None:
    monkeypatch.setattr(reduced_level, "_MOST_PIXELS_OF_DRAFT", 45 * 35)
    stack = Counted(STACK.astype(dtype) - 500, (1, 32, 32))
    source = model.add_image(stack, contrast_limits=(-500, 500), name="cells")
    settings = replace(SETTINGS, window=WindowChoice("range", -500, 500))
    wanted = read_wanted(model, [source], settings, PartChoice("range", first_and_last=((1, 2),)))
    _run(model, session, wanted, qtbot)
    layer = model.layers[1]
    source.visible = False
    stack.bad = ((2, 3), (32, 64), (32, 64))
    told = len(notification_manager.records)
    model.dims.set_point(0, 2)
    qtbot.waitUntil(lambda: not layer.data.blocks.missing())
    shown = _shown(layer)
    bad = np.zeros(shown.shape, bool)
    bad[32:64, 32:64] = True
    assert np.isnan(shown[bad]).all() if dtype == np.float32 else (shown[bad] == 0).all()
    assert shown[~bad].mean() > stack._array[2][~bad].mean() + 50, "it is brighter"
    sentences = [str(record.message) for record in notification_manager.records[told:]]
    (sentence,) = sentences
    assert sentence == (
        "1 part of 'cells' stays empty: Plane 2, rows 32 to 63, columns 32 to 63 cannot be read: "
        "bad sector; check the file that it comes from, and press Enhance again."
    )
    assert stack.read.count(stack.bad) == 1, "it is tried once"
    with pytest.raises(ZeroDCEError, match="cannot be read: bad sector"):
        layer.data.computed[1]  # what is saved has all pixels


def test_cancelled_run_takes_its_layer_away(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000))
    LazyRun(model, session, _wanted(model, source), "Enhance").start()
    assert session.job is not None
    session.job._stop.set()
    session.job.cancelled.emit(None)
    assert list(model.layers) == [source]
    qtbot.waitUntil(lambda: not session.busy)
    assert list(model.layers) == [source]


def test_layer_or_source_may_be_deleted_meanwhile(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000))
    LazyRun(model, session, _wanted(model, source), "Enhance").start()
    model.layers.remove(model.layers[1])
    qtbot.waitUntil(lambda: not session.busy)
    assert list(model.layers) == [source]
    _run(model, session, _wanted(model, source), qtbot)
    model.layers.remove(source)
    (layer,) = model.layers
    qtbot.waitUntil(lambda: not layer.data.blocks.missing())
    assert _shown(layer).any(), "it reads the image on"


def test_invalid_weights_take_the_layer_away_and_are_told(
    model: ViewerModel, session: Session, qtbot: Any
) -> None:
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000))
    settings = EnhanceSettings("no such weights", device="cpu")
    _run(model, session, read_wanted(model, [source], settings, ALL), qtbot)
    assert list(model.layers) == [source]
    assert session.outcome is not None
    assert (session.outcome.tone, "no such weights" in session.outcome.text) == ("bad", True)


def test_duplicate_shares_the_tiles(model: ViewerModel, session: Session, qtbot: Any) -> None:
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000))
    _run(model, session, _wanted(model, source), qtbot)
    layer = model.layers[1]
    data, state, _ = layer.as_layer_data_tuple()
    twin = model.add_image(deepcopy(data), **{**state, "name": "twin"})
    qtbot.waitUntil(lambda: not layer.data.blocks.missing())
    np.testing.assert_array_equal(_shown(twin), _shown(layer))
    assert _shown(twin).any()


def test_lazy_result_is_no_source(model: ViewerModel, session: Session, qtbot: Any) -> None:
    source = model.add_image(Counted(STACK, (1, 32, 32)), contrast_limits=(0, 1000), name="cells")
    _run(model, session, _wanted(model, source), qtbot)
    with pytest.raises(RequestError, match=r"'cells \[Zero-DCE\]' is computed where you look"):
        read_source(model.layers[1])


@pytest.mark.parametrize("in_thread", [False, True])
def test_real_window_shows_a_pyramid(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, *, in_thread: bool
) -> None:
    monkeypatch.setattr(get_settings().experimental, "async_", in_thread)
    session = Session()
    levels = [Counted(level, (32, 32)) for level in _pyramid((128, 128), (32, 32))]
    source = viewer.add_image(levels, multiscale=True, contrast_limits=(0, 1000))
    _run(viewer, session, _wanted(viewer, source), qtbot)
    layer = viewer.layers[1]
    blocks = layer.data[0].blocks

    def is_shown() -> bool:
        number = layer.data_level
        (top, left), (bottom, right) = layer.corner_pixels.astype(int)
        level = np.asarray(layer.data[number].computed[...])
        return not blocks.missing() and np.array_equal(
            _shown(layer), level[top : bottom + 1, left : right + 1]
        )

    qtbot.waitUntil(is_shown)
    viewer.scene.camera.zoom = 40
    qtbot.waitUntil(lambda: layer.data_level == 0 and is_shown())
