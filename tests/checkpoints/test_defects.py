"""Words and numbers as they stand in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.checkpoints.defects import (
    Defect,
    defects_as_errors,
    listed,
    readable_size,
    shown,
)
from napari_zerodce.errors import CheckpointError


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (320_017, "312.5 KiB"),
        (64 * 2**20, "64.0 MiB"),
        (10 * 2**30, "10.0 GiB"),
        (2**64, "1.68e+07 TiB"),
    ],
)
def test_readable_size(size, text):
    assert readable_size(size) == text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
        ([str(number) for number in range(5000)], "0, 1, 2 and 4,997 more"),
    ],
)
def test_listed(names, text):
    assert listed(names) == text


def test_shown():
    assert shown("e_conv1.weight") == "e_conv1.weight"
    assert shown("two\nlines\tand\0more") == "two lines and more"
    assert shown("x" * 60) == "x" * 60
    assert shown("x" * 61) == "x" * 59 + "…"
    assert shown("\u202egnp.exe") == "gnp.exe"


def test_defect_becomes_one_sentence_with_its_cause():
    with (
        pytest.raises(CheckpointError, match=r"^b\.pth is empty\.$") as caught,
        defects_as_errors(Path("a/b.pth")),
    ):
        raise Defect("is empty")
    assert isinstance(caught.value.__cause__, Defect)
