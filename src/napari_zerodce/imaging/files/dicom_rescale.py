"""The values of a DICOM in their unit, such as Hounsfield units, and which of them are white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from napari_zerodce.imaging.planes import Array

_LONGEST_TABLE: Final = 2**16


def of_frames(data: Any, name: str) -> list[Any]:
    """Return what an enhanced multi-frame file says of all frames at once, or of each one.

    Parameters
    ----------
    data : pydicom.Dataset
    name : str
        Of the sequence of one item that tells it.

    Returns
    -------
    list of pydicom.Dataset
        One item, or one of each frame; none if the file tells nothing.
    """
    for place in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = data.get(place) or ()
        found = [group.get(name)[0] for group in groups if group.get(name)]
        if found and len(found) == len(groups):
            return found
    return []


@dataclass(frozen=True)
class Rescale:
    """How stored samples become values.

    Parameters
    ----------
    slopes, firsts : array
        Of all frames, or of each: then they have the axes of the frames.
    stored : (int, int)
        The lowest and the highest sample that the file can store.
    table : pydicom.Dataset, optional
        A file that has a table in place of slopes.
    """

    slopes: Array
    firsts: Array
    stored: tuple[int, int]
    table: Any = None

    @classmethod
    def of(cls, data: Any, array: Array, frames: int) -> Self:
        """Return that of a file with stored samples, which may have several frames."""
        told = of_frames(data, "PixelValueTransformationSequence") or [data]
        slopes = np.array([_number(each, "RescaleSlope", 1) for each in told])
        firsts = np.array([_number(each, "RescaleIntercept", 0) for each in told])
        alike = len({*zip(slopes.tolist(), firsts.tolist(), strict=True)}) == 1
        shape = () if alike or len(told) != frames else (frames, 1, 1)
        if not shape:
            slopes, firsts = slopes[0], firsts[0]
        bits = int(data.BitsStored)
        signed = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        stored = signed if array.dtype.kind == "i" else (0, 2**bits - 1)
        table = data if "ModalityLUTSequence" in data else None
        return cls(np.reshape(slopes, shape), np.reshape(firsts, shape), stored, table)

    @property
    def _is_none(self) -> bool:
        return self.table is None and bool((self.slopes == 1).all() and (self.firsts == 0).all())

    def applied(self, array: Array) -> Array:
        """Return values as integers if all can be, otherwise as float32.

        Parameters
        ----------
        array : array
            Stored samples.
        """
        if array.dtype == bool or self._is_none:
            return array
        if self.table is not None:
            return self._looked_up(array)
        # The type follows from what is possible, because all files of a series should have one.
        dtype = _smallest(*self._ends(), is_whole=self._gives_integers)
        return (array * self.slopes + self.firsts).astype(dtype)

    @property
    def _gives_integers(self) -> bool:
        return bool((self.slopes % 1 == 0).all() and (self.firsts % 1 == 0).all())

    def _looked_up(self, array: Array) -> Array:
        from pydicom.pixels import apply_modality_lut

        return np.asarray(apply_modality_lut(array, self.table))

    def _ends(self) -> tuple[float, float]:
        """Return the lowest and the highest value that the file can have."""
        if self.table is not None:
            low, high = np.clip(self.stored, -_LONGEST_TABLE, _LONGEST_TABLE)
            table = self._looked_up(np.arange(low, high + 1))
            return float(table.min()), float(table.max())
        ends = np.stack([end * self.slopes + self.firsts for end in self.stored])
        return float(ends.min()), float(ends.max())

    def inverted(self, values: Array) -> Array:
        """Return values of which the lowest possible one becomes the highest, and is white.

        Parameters
        ----------
        values : array
            As `applied` returns them.
        """
        if values.dtype == bool:
            return values
        low, high = self._ends()
        wide = np.float64 if values.dtype.kind == "f" else np.int64
        return (wide(low + high) - values.astype(wide)).astype(values.dtype)


def _number(data: Any, name: str, default: float) -> float:
    value = data.get(name)
    return default if value is None else float(value)


def _smallest(low: float, high: float, *, is_whole: bool) -> type[np.generic]:
    for dtype in (np.int16, np.uint16, np.int32):
        if is_whole and np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return dtype
    return np.float32
