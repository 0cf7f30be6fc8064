"""The input and the output of the engine: plain frozen values; no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.device import Precision
from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.planes import Channels, PlaneLayout, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window, enclosing


@dataclass(frozen=True)
class EnhanceRequest:
    """An image, and the settings to enhance it with.

    Parameters
    ----------
    image : array-like
        NumPy, dask, zarr or anything else with ``shape``, ``dtype`` and slicing;
        shape (..., H, W) if mono, (..., H, W, 3 or 4) if rgb or rgba.
    channels : {"mono", "rgb", "rgba"}
    settings : EnhanceSettings
    scope : Scope, optional
        The part of the image to enhance, by default all. The window is that of the whole image, and
        the part gets the curves that it has in whole planes; a global curve is the mean of the
        part.
    channel_axis : int, optional
        The leading axis of the channels, each of which has a window of its own. By default one
        window serves all planes.
    coarser : tuple of array-like, optional
        The coarser levels of the image. If it is lazy, they tell where its bright regions are, so
        that its window is found from few samples.
    """

    image: Any
    channels: Channels
    settings: EnhanceSettings = field(default_factory=EnhanceSettings)
    scope: Scope | None = None
    channel_axis: int | None = None
    coarser: tuple[Any, ...] = ()

    @property
    def levels(self) -> tuple[Any, ...]:
        """The image and its coarser levels."""
        return (self.image, *self.coarser)

    @property
    def layout(self) -> PlaneLayout:
        """The layout of the image, which is not read; raises an ImageError."""
        return layout_of(self.image, channels=self.channels)

    @property
    def part(self) -> Scope:
        """The part to enhance, also if it is all; raises an ImageError or a RequestError."""
        if self.scope is None:
            return Scope.whole(self.layout)
        self.scope.check_inside(self.layout)
        return self.scope

    @property
    def result_size(self) -> int:
        """Bytes of the result; raises an ImageError or a RequestError."""
        bytes_each: int = np.dtype(self.image.dtype).itemsize
        return prod(self.part.shape_in(self.layout)) * bytes_each


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    done, total : float
        The work that is done, and all work.
    message : str
        The present step, for the user.
    seconds_left : float, optional
        Remaining time, if it is known.
    """

    done: float
    total: float
    message: str
    seconds_left: float | None = None

    @property
    def fraction(self) -> float:
        """The part that is done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0


Report = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class EnhanceResult:
    """An enhanced image, and how it was made.

    Parameters
    ----------
    image : ndarray
        Dtype of the request's image, and shape of the enhanced part of it.
    channels : {"mono", "rgb", "rgba"}
    windows : tuple of Window
        The intensities that were mapped to 0 and 1, in units of the image: for all planes, or for
        each channel.
    checkpoint : CheckpointInfo
    device : str
    precision : {"float32", "bfloat16", "float16"}
        The ones that were used.
    tile : int
        Side of the tiles at the end, in pixels.
    seconds : float
        Wall-clock time.
    look : Look
    global_curve : tuple of float
        A_1 .. A_8 if one curve serves the whole image, else empty.
    notices : tuple of str
        Sentences for the user, for instance that the tile was halved.
    automatic : AutomaticChoice, optional
        Why this checkpoint was chosen, if the image decided it.
    scope : Scope, optional
        The enhanced part of the image; None if it is all of the image.
    channel_axis : int, optional
        The leading axis of the channels, if each has a window of its own.
    """

    image: np.ndarray[Any, Any]
    channels: Channels
    windows: tuple[Window, ...]
    checkpoint: CheckpointInfo
    device: str
    precision: Precision
    tile: int
    seconds: float
    look: Look = AS_PUBLISHED
    global_curve: tuple[float, ...] = ()
    notices: tuple[str, ...] = ()
    automatic: AutomaticChoice | None = None
    scope: Scope | None = None
    channel_axis: int | None = None

    @property
    def window(self) -> Window:
        """The window, or the smallest one that holds the windows of all channels."""
        return enclosing(self.windows)

    @property
    def provenance(self) -> Provenance:
        """Everything that is needed to make this image again."""
        return Provenance.of(
            self.checkpoint,
            channels=self.channels,
            windows=self.windows,
            channel_axis=self.channel_axis,
            look=self.look,
            global_curve=self.global_curve,
            part="" if self.scope is None else str(self.scope),
            device=self.device,
            precision=self.precision,
            tile=self.tile,
            seconds=round(self.seconds, 3),
        )
