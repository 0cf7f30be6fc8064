"""The order of file names, and the channels that they tell."""

from __future__ import annotations

import pytest

from napari_zerodce.imaging.files.file_names import channel_in, natural_order


def test_natural_order():
    names = ["b1", "a10", "A2", "a", "2", "10"]
    assert sorted(names, key=natural_order) == ["2", "10", "a", "A2", "a10", "b1"]


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("frame_0012", ""),
        ("img_channel001_position000_time0003_z000", "channel1"),
        ("A01_s2_w1", "w1"),
        ("A01_s2_w2DAPI", "w2 dapi"),
        ("r01c02f03p01-ch1sk1fk1fl1", "ch1"),
        ("t001_c0002", "c2"),
        ("C02_field1", ""),
        ("cells-GFP-3", "gfp"),
        ("Ch2_t5", "ch2"),
        ("bright2", ""),
    ],
)
def test_channel_in_the_name_of_a_file(name, channel):
    assert channel_in(name) == channel
