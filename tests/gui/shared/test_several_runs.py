"""Several results become layers above their sources, and what is missing is said, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.gui.layers.scope import ALL
from napari_zerodce.gui.layers.wanted import Wanted, read_wanted
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.several_runs import SeveralRuns
from napari_zerodce.gui.shared.work import Enhanced
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window


def _result(request: EnhanceRequest) -> EnhanceResult:
    return EnhanceResult(
        image=np.asarray(request.image),
        channels=request.channels,
        windows=(Window(0, 255),),
        checkpoint=load_checkpoint("zero-dce").info,
        device="cpu",
        precision="float32",
        tile=8,
        seconds=1.5,
        look=DEFAULT_LOOK,
    )


@pytest.fixture
def wanted(model: ViewerModel) -> Wanted:
    layers = [model.add_image(np.zeros((8, 8), np.uint8), name=name) for name in "ab"]
    return read_wanted(model, layers, EnhanceSettings(), ALL)


@pytest.fixture
def session() -> Session:
    return Session()


def _run(
    model: ViewerModel, session: Session, wanted: Wanted, done: list[Any], qtbot: Any,
    monkeypatch: pytest.MonkeyPatch, *, stopped: bool = False,
) -> Outcome:  # fmt: skip
    """Return what comes of a run whose work is done already."""

    def give(_report: Any, _should_stop: Any) -> list[Any]:
        if stopped:
            stop = Cancelled()
            stop.finished = done
            raise stop
        return done

    monkeypatch.setattr(work, "enhancing_all", lambda *_: give)
    SeveralRuns(model, session, wanted, "Enhance").start()
    assert session.job is not None
    assert session.job.title == "Zero-DCE: enhancing 2 layers"
    qtbot.waitUntil(lambda: not session.busy)
    assert session.outcome is not None
    return session.outcome


def _made(wanted: Wanted) -> list[Any]:
    return [Enhanced(_result(request)) for request in wanted.requests]


def test_each_result_is_above_its_source(
    model: ViewerModel, session: Session, wanted: Wanted, qtbot: Any, monkeypatch: Any
) -> None:
    wanted.sources[0].layer.scale = (2, 3)
    outcome = _run(model, session, wanted, _made(wanted), qtbot, monkeypatch)
    assert [layer.name for layer in model.layers] == ["a", "a [Zero-DCE]", "b", "b [Zero-DCE]"]
    assert list(model.layers[1].scale) == [2, 3]
    assert outcome.text == "Added 2 layers after 3.0 s. For viewing, not for measuring intensities."
    assert (outcome.tone, outcome.action) == ("good", "Enhance")
    assert set(outcome.about or ()) == {model.layers[1], model.layers[3]}
    assert notification_manager.records[-1].message == outcome.text, "there is no panel"


def test_layers_that_are_missing_are_named(
    model: ViewerModel, session: Session, wanted: Wanted, qtbot: Any, monkeypatch: Any
) -> None:
    wanted = replace(wanted, left_out=("'c' is left out: It is a mask.",))
    done = [ImageError("Too large."), _made(wanted)[1]]
    outcome = _run(model, session, wanted, done, qtbot, monkeypatch)
    assert outcome.text == (
        "Added 1 of 3 layers after 1.5 s. For viewing, not for measuring intensities. "
        "'c' is left out: It is a mask. 'a' is left out: Too large."
    )
    assert outcome.tone == "bad"


def test_cancelled_run_adds_what_is_finished(
    model: ViewerModel, session: Session, wanted: Wanted, qtbot: Any, monkeypatch: Any
) -> None:
    outcome = _run(model, session, wanted, _made(wanted)[:1], qtbot, monkeypatch, stopped=True)
    assert outcome.text.startswith("Cancelled; added 1 of 2 layers after 1.5 s.")
    assert [layer.name for layer in model.layers] == ["a", "a [Zero-DCE]", "b"]


@pytest.fixture
def stacks(model: ViewerModel) -> Wanted:
    layers = [model.add_image(np.zeros((5, 8, 8), np.uint8), name=name) for name in "ab"]
    return read_wanted(model, layers, EnhanceSettings(), ALL)


def _first_planes(made: Enhanced, count: int) -> Enhanced:
    scope = Scope(((0, count),), (0, 8), (0, 8))
    return Enhanced(replace(made.result, image=made.result.image[:count], scope=scope))


def test_cancelled_run_adds_the_finished_planes_of_the_layer_in_progress(
    model: ViewerModel, session: Session, stacks: Wanted, qtbot: Any, monkeypatch: Any
) -> None:
    first, second = _made(stacks)
    done = [first, _first_planes(second, 3)]
    outcome = _run(model, session, stacks, done, qtbot, monkeypatch, stopped=True)
    assert outcome.text.startswith("Cancelled; added 2 layers after 3.0 s.")
    assert outcome.text.endswith(" Of 'b', 3 of 5 planes are added.")
    assert outcome.tone == "good"
    names = ["a", "a [Zero-DCE]", "b", "b [Zero-DCE, planes 0 to 2]"]
    assert [layer.name for layer in model.layers] == names


def test_failed_layer_is_named_and_its_finished_planes_are_added(
    model: ViewerModel, session: Session, stacks: Wanted, qtbot: Any, monkeypatch: Any
) -> None:
    first, second = _made(stacks)
    error = ImageError("Plane 1 cannot be read.")
    error.finished = _first_planes(first, 1)
    outcome = _run(model, session, stacks, [error, second], qtbot, monkeypatch)
    assert outcome.text.startswith("Added 2 layers after 3.0 s.")
    told = " 'a' is not whole: Plane 1 cannot be read. Of 'a', 1 of 5 planes is added."
    assert outcome.text.endswith(told)
    assert outcome.tone == "bad"
    assert model.layers[1].name == "a [Zero-DCE, plane 0]"


def test_additive_channels_are_hidden_by_their_results(
    model: ViewerModel, session: Session, wanted: Wanted, qtbot: Any, monkeypatch: Any
) -> None:
    for source in wanted.sources:
        source.layer.blending = "additive"
    model.layers.remove(wanted.sources[1].layer)
    outcome = _run(model, session, wanted, _made(wanted), qtbot, monkeypatch)
    assert [layer.visible for layer in model.layers] == [False, True, True]
    assert "'a' is hidden, because additive blending would mix it with the result." in outcome.text
    assert "'b' was deleted during the run; the result lies where it was." in outcome.text
