"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from napari_zerodce.counting import counted, there_are


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 sources"), (1, "1 source"), (2, "2 sources"), (20, "20 sources")]
)
def test_only_one_is_singular(number: int, text: str) -> None:
    assert counted(number, "source") == text


def test_the_verb_agrees_with_the_first_number() -> None:
    assert there_are((1, "source"), (2, "target")) == "There is 1 source and 2 targets"
    assert there_are((3, "source"), (1, "target")) == "There are 3 sources and 1 target"
