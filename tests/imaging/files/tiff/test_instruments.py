"""Sizes and names that LSM and STK files tell, worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from napari_zerodce.imaging.files.tiff.instruments import facts_of_lsm, facts_of_stk


def test_sizes_of_an_lsm_are_micrometres():
    told = {"VoxelSizeX": 2e-7, "VoxelSizeY": 2e-7, "VoxelSizeZ": 0.0, "TimeIntervall": 1.5}
    told["ChannelColors"] = {"ColorNames": ["Ch1", "Ch2"]}
    facts = facts_of_lsm(told)
    assert round(facts.pop("PhysicalSizeX"), 12) == 0.2
    assert round(facts.pop("PhysicalSizeY"), 12) == 0.2
    assert facts == {
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeYUnit": "µm",
        "TimeIncrement": 1.5,
        "TimeIncrementUnit": "s",
        "Channel": {"Name": ["Ch1", "Ch2"]},
    }


def test_sizes_of_an_stk_count_if_they_have_a_unit():
    told = {"XCalibration": Fraction(13, 100), "YCalibration": 0.13, "CalibrationUnits": "um"}
    told |= {"ZDistance": np.array([0.0, 0.5, 0.5, 0.5]), "Name": "cells\0"}
    facts = facts_of_stk(told)
    assert facts["PhysicalSizeX"] == facts["PhysicalSizeY"] == 0.13
    assert (facts["PhysicalSizeZ"], facts["Name"]) == (0.5, "cells")
    assert facts_of_stk(told | {"CalibrationUnits": "pixel", "ZDistance": []}) == {"Name": "cells"}


def test_nothing_told_is_nothing():
    assert facts_of_lsm({}) == facts_of_stk({}) == {}
