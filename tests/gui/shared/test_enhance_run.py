"""Runs that enhance: what they add at the end, and what they say about it, whatever happened."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QThreadPool

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, DeviceError, ImageError
from napari_zerodce.gui.layers.provenance import provenance_of, role_of
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.enhance_run import EnhanceRun
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.work import Enhanced
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice

QUICK = EnhanceSettings(
    checkpoint="zero-dce-pp", device="cpu", look=DEFAULT_LOOK, window=WindowChoice("range", 0, 1000)
)


class HeldWork:
    """Work that has its result at once, and gives it when it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.error: Exception | None = None
        self.finished: Any = None

    def enhancing(self, request: EnhanceRequest, _level_shapes: Any) -> Any:
        result = replace(enhance(request), notices=("The tile was halved.",))

        def give(_report: Any, should_stop: Any) -> Enhanced:
            while not self.let_go.wait(0.002):
                if should_stop():
                    stop = Cancelled()
                    stop.finished = self.finished
                    raise stop
            if self.error is not None:
                raise self.error
            return Enhanced(result)

        return give


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldWork:
    held = HeldWork()
    monkeypatch.setattr(work, "enhancing", held.enhancing)
    return held


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def panel(session: Session, qtbot: Any) -> RunPanel:
    panel = RunPanel("Enhance", session)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def _request(layer: Image) -> EnhanceRequest:
    return request_for(read_source(layer), QUICK)


def _start(model: ViewerModel, session: Session, layer: Image) -> None:
    run = EnhanceRun(model, session, read_source(layer), "Enhance")
    run.start(_request(layer))


def _end(session: Session, held: HeldWork, qtbot: Any) -> str:
    held.let_go.set()
    return _wait(session, qtbot)


def _wait(session: Session, qtbot: Any) -> str:
    qtbot.waitUntil(lambda: not session.busy)
    assert session.outcome is not None
    return session.outcome.text


def _result(model: ViewerModel) -> Image:
    (layer,) = [layer for layer in model.layers if role_of(layer) == "result"]
    assert isinstance(layer, Image)
    return layer


@pytest.mark.parametrize(("limits", "tells"), [((0, 1000), False), ((0, 50), True)])
def test_result_is_added_and_what_is_shown_differently_is_said(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel,
    qtbot: Any, limits: Any, tells: bool,
) -> None:  # fmt: skip
    stack.contrast_limits = limits
    _start(model, session, stack)
    assert session.job is not None
    assert session.job.title == "Zero-DCE: enhancing stack"
    text = _end(session, held, qtbot)
    assert [role_of(layer) for layer in model.layers] == [None, "result"]
    np.testing.assert_array_equal(model.layers[1].data, enhance(_request(stack)).image)
    assert text.startswith("Added 'stack [Zero-DCE++]' after ")
    assert "not for measuring intensities" in text
    assert ("Shown from 0 to 1000, unlike the source layer." in text) is tells
    assert panel.message.text() == f"✓ {text}"
    assert notification_manager.records[-1].message == "The tile was halved."
    assert text not in [record.message for record in notification_manager.records]


def test_outcome_without_a_panel_on_screen_is_a_notification(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, qtbot: Any
) -> None:
    _start(model, session, stack)
    text = _end(session, held, qtbot)
    assert text in [record.message for record in notification_manager.records]


def test_error_is_told_in_both_places(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel, qtbot: Any
) -> None:
    held.error = DeviceError("The GPU has no memory left; choose the CPU.")
    _start(model, session, stack)
    text = _end(session, held, qtbot)
    assert panel.message.text() == f"⚠ {text}" == "⚠ The GPU has no memory left; choose the CPU."
    assert notification_manager.records[-1].message == text
    assert list(model.layers) == [stack]


def test_planes_before_an_error_can_be_kept(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel, qtbot: Any
) -> None:
    held.error = error = ImageError("Plane 2 cannot be read: the drive is gone.")
    error.finished = _part(stack, 2)
    _start(model, session, stack)
    text = _end(session, held, qtbot)
    assert text == "Plane 2 cannot be read: the drive is gone. 2 of 3 planes are finished."
    assert panel.offer.text() == f"⚠ {text}"
    assert notification_manager.records[-1].message == str(error)
    panel.keep.click()
    _wait(session, qtbot)
    np.testing.assert_array_equal(_result(model).data, enhance(_request(stack)).image[:2])


# ---- what happened to the layer meanwhile


def test_result_lies_where_the_layer_is_at_the_end(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, qtbot: Any
) -> None:
    _start(model, session, stack)
    stack.name, stack.scale, stack.translate = "renamed", (3, 0.5, 0.25), (1, 2, 3)
    stack.units, stack.axis_labels = ("s", "um", "um"), ("t", "y", "x")
    stack.colormap, stack.gamma = "green", 0.5
    text = _end(session, held, qtbot)
    result = _result(model)
    assert result.name == "renamed [Zero-DCE++]"
    for name in ("scale", "translate"):
        np.testing.assert_array_equal(getattr(result, name), getattr(stack, name))
    assert result.units == stack.units
    assert result.axis_labels == ("t", "y", "x")
    assert (result.colormap.name, result.gamma) == ("green", 0.5)
    assert "during the run" not in text


@pytest.mark.parametrize("deleted", [True, False])
def test_result_of_a_layer_that_is_no_longer_there_lies_where_it_was(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, qtbot: Any, deleted: bool
) -> None:
    stack.scale = (3, 0.5, 0.25)
    expected = enhance(_request(stack)).image
    _start(model, session, stack)
    if deleted:
        model.layers.remove(stack)
    else:
        stack.data, stack.scale = stack.data[:, :4], (1, 1, 1)
    text = _end(session, held, qtbot)
    what = "was deleted" if deleted else "got another image"
    assert f"'stack' {what} during the run; the result " in text
    result = _result(model)
    np.testing.assert_array_equal(result.data, expected)
    assert list(result.scale) == [3, 0.5, 0.25]


# ---- layers that would be mixed with the result


def test_additive_source_is_hidden_and_that_is_said(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, qtbot: Any
) -> None:
    stack.blending = "additive"
    _start(model, session, stack)
    text = _end(session, held, qtbot)
    first = _result(model)
    assert "'stack' is hidden, because additive blending would mix it with the result." in text
    _start(model, session, stack)
    text = _end(session, held, qtbot)
    assert f"'{first.name}' is hidden, because" in text
    stack.visible = first.visible = True
    _start(model, session, stack)
    assert "' are hidden, because additive blending would mix them with" in _end(
        session, held, qtbot
    )
    assert [layer.visible for layer in model.layers] == [False, False, False, True]


def test_result_that_covers_its_source_hides_nothing(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, qtbot: Any
) -> None:
    _start(model, session, stack)
    assert "hidden" not in _end(session, held, qtbot)
    assert stack.visible


@pytest.mark.parametrize("planes", [1, 2])
def test_additive_source_of_a_part_stays_and_that_is_said(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel,
    qtbot: Any, planes: int,
) -> None:  # fmt: skip
    stack.blending = "additive"
    held.finished = _part(stack, planes)
    _start(model, session, stack)
    _cancel(session, qtbot)
    panel.keep.click()
    text = _wait(session, qtbot)
    assert "additive blending mixes it with 'stack'; hide 'stack' to see it alone." in text
    assert stack.visible
    assert _result(model).visible


# ---- cancelled


def _part(layer: Image, planes: int) -> EnhanceResult:
    scope = Scope(((0, planes),), (0, 8), (0, 8))
    return enhance(replace(_request(layer), scope=scope))


def _cancel(session: Session, qtbot: Any) -> str:
    assert session.job is not None
    session.job.cancel()
    return _wait(session, qtbot)


def test_nothing_is_offered_if_no_plane_is_finished(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel, qtbot: Any
) -> None:
    _start(model, session, stack)
    assert _cancel(session, qtbot) == "Cancelled; nothing was changed."
    assert panel.message.text() == "Cancelled; nothing was changed."
    assert not panel.keep.isVisible()


@pytest.mark.parametrize(
    ("planes", "words", "name"),
    [(2, "2 of 3 planes are", "planes 0 to 1"), (1, "1 of 3 planes is", "plane 0")],
)
def test_finished_planes_can_be_kept_and_are_named_so(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel,
    qtbot: Any, planes: int, words: str, name: str,
) -> None:  # fmt: skip
    held.finished = _part(stack, planes)
    _start(model, session, stack)
    assert _cancel(session, qtbot) == f"Cancelled; {words} finished."
    assert list(model.layers) == [stack]
    assert panel.offer.text() == f"Cancelled; {words} finished."
    stack.scale = (3, 1, 1)
    panel.keep.click()
    text = _wait(session, qtbot)
    result = _result(model)
    assert result.name == f"stack [Zero-DCE++, {name}]"
    assert text.startswith(f"Added '{result.name}'")
    np.testing.assert_array_equal(result.data, enhance(_request(stack)).image[:planes])
    assert list(result.scale) == [3, 1, 1]
    made = provenance_of(result)
    assert made is not None
    assert made.made is not None
    assert made.made.part == f"0:{planes},0:8,0:8"
    assert not panel.keep.isVisible()


@pytest.mark.parametrize("planes", [0, 2])
def test_run_that_another_window_ends_is_told_like_a_cancelled_one(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel,
    qtbot: Any, planes: int,
) -> None:  # fmt: skip
    held.finished = _part(stack, planes) if planes else None
    _start(model, session, stack)
    assert session.job is not None
    session.job._worker.quit()  # as napari does
    text = _wait(session, qtbot)
    what = "2 of 3 planes are finished." if planes else "nothing was changed."
    assert text == f"napari stopped the run because another window closed; {what}"
    assert panel.keep.isVisible() is bool(planes)


def test_kept_planes_of_a_multiscale_layer_have_levels(
    model: ViewerModel, session: Session, held: HeldWork, panel: RunPanel, qtbot: Any
) -> None:
    levels = [np.full((3, size, size), 500, np.uint16) for size in (8, 4)]
    layer = model.add_image(levels, multiscale=True, contrast_limits=(0, 1000), name="stack")
    held.finished = _part(layer, 2)
    _start(model, session, layer)
    _cancel(session, qtbot)
    panel.keep.click()
    _wait(session, qtbot)
    result = _result(model)
    assert result.multiscale
    assert [level.shape for level in result.data] == [(2, 8, 8), (2, 4, 4)]


def test_planes_that_are_not_kept_leave_memory(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, panel: RunPanel, qtbot: Any
) -> None:
    held.finished = _part(stack, 2)
    watched = weakref.ref(held.finished)
    _start(model, session, stack)
    _cancel(session, qtbot)
    held.finished = None
    gc.collect()
    assert watched() is not None
    session.outcome = None
    gc.collect()
    assert watched() is None


def test_deleted_result_leaves_memory_although_its_sentence_is_remembered(
    model: ViewerModel, session: Session, stack: Image, held: HeldWork, qtbot: Any
) -> None:
    _start(model, session, stack)
    _end(session, held, qtbot)
    watched = weakref.ref(_result(model).data)
    model.layers.remove(_result(model))
    qtbot.waitUntil(lambda: not Job._alive)
    QThreadPool.globalInstance().waitForDone()  # a thread holds its work until it is back
    gc.collect()
    assert watched() is None
