"""Pixel sizes and names of channels that LSM and STK files tell, in the words of OME."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import tifffile

_MICROMETRES_PER_METRE = 1e6


def facts_of(file: tifffile.TiffFile) -> dict[str, Any] | None:
    """Return the facts for an OME-TIFF, None if the file is neither LSM nor STK.

    Parameters
    ----------
    file : TiffFile
    """
    if not (file.is_lsm or file.is_stk):
        return None
    # The dictionaries come from bytes that nobody checks.
    with suppress(KeyError, TypeError, ValueError, IndexError, AttributeError):
        if file.is_lsm:
            return facts_of_lsm(file.lsm_metadata or {})
        return facts_of_stk(file.stk_metadata or {})
    return {}


def facts_of_lsm(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a file of Zeiss LSM.

    Parameters
    ----------
    told : mapping
        `tifffile.TiffFile.lsm_metadata`; voxels in metres, seconds between frames.
    """
    facts: dict[str, Any] = {}
    for axis in "XYZ":
        size = float(told.get(f"VoxelSize{axis}") or 0) * _MICROMETRES_PER_METRE
        if math.isfinite(size) and size > 0:
            facts |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "µm"}
    step = float(told.get("TimeIntervall") or 0)  # as the format spells it
    if math.isfinite(step) and step > 0:
        facts |= {"TimeIncrement": step, "TimeIncrementUnit": "s"}
    names = (told.get("ChannelColors") or {}).get("ColorNames") or []
    return facts | ({"Channel": {"Name": [str(name) for name in names]}} if names else {})


def facts_of_stk(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a MetaMorph stack.

    Parameters
    ----------
    told : mapping
        `tifffile.TiffFile.stk_metadata`; distances in micrometres.
    """
    facts: dict[str, Any] = {}
    if str(told.get("CalibrationUnits", "")).strip().lower() in {"um", "µm", "microns"}:
        for axis in "XY":
            size = float(told.get(f"{axis}Calibration") or 0)
            if math.isfinite(size) and size > 0:
                facts |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "µm"}
    distances = np.abs(np.asarray(told.get("ZDistance", ()), float))
    if distances.size and math.isfinite(step := float(np.median(distances))) and step > 0:
        facts |= {"PhysicalSizeZ": step, "PhysicalSizeZUnit": "µm"}
    name = str(told.get("Name", "")).strip("\0 ")
    return facts | ({"Name": name} if name else {})
