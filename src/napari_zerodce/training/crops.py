"""What a training looks at: images that crops are taken from, and the crops themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.imaging.planes import Channels
from napari_zerodce.imaging.windows import WindowChoice

CROPS: Final = 128
"""How many crops are trained on: 50 MB of colour crops of 256 pixels."""


@dataclass(frozen=True)
class TrainingImage:
    """One image that crops are taken from.

    Parameters
    ----------
    name : str
    array : array-like, shape (..., H, W), (..., H, W, 3) or (..., H, W, 4)
    channels : {"mono", "rgb", "rgba"}
    window : WindowChoice
        Which intensities are mapped to [0, 1].
    region : ndarray of bool, shape (h, w), optional
        Crops have their middle in it or, beside what is held back, at least a part. It has every
        `region_step`-th row and column of the plane.
    region_step : int
    index : tuple of int, optional
        The one plane that crops are taken from; by default all are.
    """

    name: str
    array: Any
    channels: Channels
    window: WindowChoice = field(default_factory=WindowChoice)
    region: NDArray[np.bool_] | None = None
    region_step: int = 1
    index: tuple[int, ...] | None = None


@dataclass(frozen=True)
class CropSet:
    """Square crops, and from which brightness on each is foreground.

    Parameters
    ----------
    values : ndarray, shape (N, 1 or 3, side, side), uint16
        65535 stands for 1.
    background : ndarray, shape (N,), float32
        Patches up to this brightness, in [0, 1], are background; below 0 where none is.
    """

    values: NDArray[np.uint16]
    background: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Crops:
    """Crops to train on, others that are held back, and sentences the user should see."""

    training: CropSet
    validation: CropSet
    notices: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """Of a crop, in pixels."""
        return int(self.training.values.shape[-1])
