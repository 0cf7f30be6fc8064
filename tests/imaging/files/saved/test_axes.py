"""Letters of axes: from labels, else from units, else one that is left."""

from __future__ import annotations

import pytest

from napari_zerodce.imaging.files.saved.axes import letters_of


@pytest.mark.parametrize(
    ("labels", "units", "letters"),
    [
        ([], [], ""),
        (["t"], ["pixel"], "T"),
        (["Time", "Depth"], ["pixel", "pixel"], "TZ"),
        (["z", "ch"], ["micrometer", "pixel"], "ZC"),
        (["-3"], ["pixel"], "Z"),
        (["-3"], ["millisecond"], "T"),
        (["-3"], ["micrometer"], "Z"),
        (["-4", "-3"], ["pixel", "pixel"], "TZ"),
        (["-4", "z"], ["pixel", "micrometer"], "TZ"),
        (["t", "-3"], ["second", "pixel"], "TZ"),
        (["z", "-3"], ["pixel", "pixel"], "ZT"),
        (["-5", "-4", "-3"], ["pixel"] * 3, "TCZ"),
        (["t", "time"], ["pixel"] * 2, "QQ"),
        (["-3", "-4", "-5", "-6"], ["pixel"] * 4, "QQQQ"),
        (["t", "c", "z", "angle"], ["pixel"] * 4, "QQQQ"),
    ],
)
def test_letters(labels: list[str], units: list[str], letters: str) -> None:
    assert letters_of(labels, units) == letters
