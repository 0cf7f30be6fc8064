"""Candidates: each has a title of its own, and invalid ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.compare.candidates import (
    ALL_BASELINES,
    SOURCE,
    BaselineCandidate,
    CheckpointCandidate,
    needs_reference,
    titles_of,
)
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.errors import RequestError


def test_usual_titles() -> None:
    candidates = (SOURCE, CheckpointCandidate("auto"), CheckpointCandidate("zero-dce"))
    assert titles_of((*candidates, *ALL_BASELINES)) == (
        "source",
        "auto",
        "zero-dce",
        "gamma",
        "CLAHE",
        "histogram matching",
        "mean/std matching",
    )


def test_files_of_the_same_name_get_their_folders() -> None:
    candidates = [CheckpointCandidate(Path(run, "latest_net_G.pth")) for run in ("day", "stain")]
    assert titles_of(candidates) == ("day/latest_net_G.pth", "stain/latest_net_G.pth")
    assert titles_of(candidates[:1]) == ("latest_net_G.pth",)


def test_titles_differ_in_any_case() -> None:
    same = CheckpointCandidate("a/run/net.pth"), CheckpointCandidate("b/run/net.pth")
    assert titles_of(same) == ("run/net.pth (1)", "run/net.pth (2)")


def test_title_has_what_differs_from_the_default_look() -> None:
    strong = CheckpointCandidate("zero-dce", Look(strength=1.5, detail_gain_limit=2))
    assert strong.title == "zero-dce, strength 1.5"
    assert CheckpointCandidate("zero-dce", DEFAULT_LOOK).title == "zero-dce"
    assert BaselineCandidate("gamma", 0.5).title == "gamma 0.5"


def test_loaded_checkpoint_keeps_its_name() -> None:
    candidate = CheckpointCandidate(load_checkpoint("zero-dce-pp"))
    assert candidate.title == candidate.long_title == "zero-dce-pp"


@pytest.mark.parametrize(
    ("name", "exponent"), [("contrast", None), ("clahe", 0.5), ("gamma", 0), ("gamma", -1)]
)
def test_invalid_baseline_is_refused(name, exponent) -> None:
    with pytest.raises(RequestError):
        BaselineCandidate(name, exponent)


def test_only_matching_needs_a_reference() -> None:
    assert [needs_reference(each) for each in ALL_BASELINES] == [False, False, True, True]
    assert not needs_reference(SOURCE)
    assert not needs_reference(CheckpointCandidate("auto"))
