"""The data of a training run: images from which crops are taken, and the crops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.imaging.planes import Channels
from napari_zerodce.imaging.windows import WindowChoice

CROPS: Final = 128
"""Number of training crops: 50 MB of colour crops with a side of 256 pixels."""


@dataclass(frozen=True)
class TrainingImage:
    """One image from which crops are taken.

    Parameters
    ----------
    name : str
    array : array-like, shape (..., H, W), (..., H, W, 3) or (..., H, W, 4)
    channels : {"mono", "rgb", "rgba"}
    window : WindowChoice
        The intensities that are mapped to [0, 1].
    region : ndarray of bool, shape (h, w), optional
        Mask of every `region_step`-th row and column of the plane. The middle of a crop is inside
        the region; beside the crops for validation, at least a part of the crop is.
    region_step : int
    index : tuple of int, optional
        The one plane from which crops are taken. By default crops come from all planes.
    partner : TrainingImage, optional
        What a translator should make of the image, as large as it; its crops come from the same
        places.
    bits : int, optional
        How many bits of unsigned samples count, if fewer than the dtype has.
    """

    name: str
    array: Any
    channels: Channels
    window: WindowChoice = field(default_factory=WindowChoice)
    region: NDArray[np.bool_] | None = None
    region_step: int = 1
    index: tuple[int, ...] | None = None
    partner: TrainingImage | None = None
    bits: int | None = None


@dataclass(frozen=True)
class CropSet:
    """Square crops, and the largest brightness of the background in each.

    Parameters
    ----------
    values : ndarray, shape (N, 1 or 3, side, side), uint16
        65535 stands for 1.
    background : ndarray, shape (N,), float32
        Patches up to this brightness, in [0, 1], are background; below 0 if a crop has none.
    partners : ndarray, shape (N, 1 or 3, side, side), uint16, optional
        The same places in the partners of the images.
    """

    values: NDArray[np.uint16]
    background: NDArray[np.float32]
    partners: NDArray[np.uint16] | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Crops:
    """Crops for training, crops for validation, and sentences for the user about them."""

    training: CropSet
    validation: CropSet
    notices: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """Side of a crop in pixels."""
        return int(self.training.values.shape[-1])
