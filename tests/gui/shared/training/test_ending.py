"""What is said about a run that has ended, from its folder and its last event."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from napari_zerodce.gui.shared.training.ending import ending_of


def ended(ending: str | None, message: str = "Done.", *, is_run: bool = True) -> Any:
    folder = SimpleNamespace(path="/runs/a", is_run=is_run)
    return SimpleNamespace(history=SimpleNamespace(ending=ending, message=message), folder=folder)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        (ended("done"), ("Done. Folder: /runs/a", "good")),
        (ended("stopped"), ("Done. Folder: /runs/a", "good")),
        (ended("failed", "No room."), ("No room.", "bad")),
        (ended("diverged", "It diverged."), ("It diverged.", "bad")),
        (ended("done", is_run=False), ("The folder of this run was deleted: /runs/a", "bad")),
        (ended("failed", "No room.", is_run=False), ("No room.", "bad")),
        (
            ended(None),
            (
                "This run was interrupted; press Resume to continue it. Folder: /runs/a",
                "bad",
            ),
        ),
    ],
)
def test_the_sentence_and_its_tone(training: Any, expected: tuple[str, str]) -> None:
    assert ending_of(training) == expected
