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
"""Bytes per number."""

WEIGHT_FORMATS: Final = frozenset({"float16", "bfloat16", "float32", "float64"})


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file, before its numbers are read.

    Attributes
    ----------
    number_format : str
        Name in NumPy or PyTorch, such as "float32" or "bfloat16".
    shape : tuple of int
    strides : tuple of int or None
        Steps in numbers, not bytes; None for row-major order.
    offset : int
        Position of the first number in the storage, in numbers.
    storage : callable
        Returns the bytes that hold the numbers; raises `Defect` if they are missing.
    big_endian : bool
        Byte order of the numbers.
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
        # A number that is too large for float32 becomes inf, which `read_checkpoint` refuses.
        with np.errstate(over="ignore"):
            return raw.astype(np.float32, order="C")

    def _view(self, dtype: np.dtype[Any], size: int) -> NDArray[Any]:
        strides = None if self.strides is None else tuple(size * step for step in self.strides)
        try:
            # This constructor refuses an array that is not inside its buffer.
            return np.ndarray(self.shape, dtype, self.storage(), self.offset * size, strides)
        except (TypeError, ValueError, OverflowError) as err:
            raise Defect(
                f"is damaged: one of its tensors claims {math.prod(self.shape):,} numbers "
                "that are not in the file; download or save it again"
            ) from err


@dataclass(frozen=True)
class TensorFile:
    """The content of a checkpoint file of any format.

    Attributes
    ----------
    groups : iterable of (str, dict)
        The place of each group in the file, such as "netG", and its tensors by name. One group
        holds the weights. A training may, for example, save two networks in one file, or averages
        beside the weights.
    metadata : Mapping of str to str
        Free text, empty if the format has no place for it.
    """

    groups: Iterable[tuple[str, Mapping[str, StoredTensor]]]
    metadata: Mapping[str, str] = field(default_factory=dict)
