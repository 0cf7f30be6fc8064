"""A tensor as a file stores it: known by shape and number format before its numbers are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.checkpoints.defects import Defect

ITEM_SIZES: Final = {
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
    "bool": 1,
    "uint8": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
}
"""Bytes of a number."""

WEIGHT_FORMATS: Final = frozenset({"float16", "bfloat16", "float32", "float64"})


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that lies in a file.

    Attributes
    ----------
    number_format : str
        As NumPy or PyTorch name it, such as "float32" or "bfloat16".
    shape : tuple of int
    strides : tuple of int or None
        In numbers, not bytes; None for row-major order.
    offset : int
        Of the first number in the storage, in numbers.
    storage : callable
        Returns the bytes that hold the numbers; raises `Defect` if they are not there.
    big_endian : bool
    """

    number_format: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    offset: int
    storage: Callable[[], bytes | bytearray | memoryview]
    big_endian: bool = False

    def read(self) -> NDArray[np.float32]:
        """Return the numbers as float32, for a tensor of a recognised shape and number format.

        Raises
        ------
        Defect
            If the numbers are not in the file.
        """
        size = ITEM_SIZES[self.number_format]
        brain_float = self.number_format == "bfloat16"
        order = ">" if self.big_endian else "<"
        raw = self._view(np.dtype(f"{order}{'u' if brain_float else 'f'}{size}"), size)
        if brain_float:
            # bfloat16 is the upper half of float32, and NumPy does not know it.
            return (raw.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(
            over="ignore"
        ):  # too large for float32 becomes inf, which is refused later
            return raw.astype(np.float32, order="C")

    def _view(self, dtype: np.dtype[Any], size: int) -> NDArray[Any]:
        strides = None if self.strides is None else tuple(size * step for step in self.strides)
        try:
            # This constructor refuses whatever does not lie within its buffer.
            return np.ndarray(self.shape, dtype, self.storage(), self.offset * size, strides)
        except (TypeError, ValueError, OverflowError) as err:
            raise Defect(
                f"is damaged: one of its tensors claims {math.prod(self.shape):,} numbers "
                "that are not in the file; download or save it again"
            ) from err


@dataclass(frozen=True)
class TensorFile:
    """What a file of any format holds.

    Attributes
    ----------
    groups : iterable of dict
        Tensors by their names. There may be several such groups, of which one is the weights: a
        file of a training may hold two networks, or averages beside the weights.
    metadata : Mapping of str to str
        Free text, empty where the format has no place for it.
    """

    groups: Iterable[Mapping[str, StoredTensor]]
    metadata: Mapping[str, str] = field(default_factory=dict)
