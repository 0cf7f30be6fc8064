"""What goes into the engine and what comes out: plain frozen values that need no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.device import PrecisionChoice
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.imaging.intensity import Window, WindowChoice
from napari_zerodce.imaging.planes import Channels

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint

MapKind = Literal["alphas", "steps", "gain", "noise-gain"]
"""What maps show: the curve parameters, the image after each iteration, how many times brighter
that is, or how many times stronger its noise."""


@dataclass(frozen=True)
class EnhanceRequest:
    """Everything that decides what an enhanced image looks like.

    Parameters
    ----------
    image : array-like
        NumPy, dask, zarr or anything else with ``shape``, ``dtype`` and slicing;
        shape (..., H, W) if mono, (..., H, W, 3 or 4) if rgb or rgba.
    channels : {"mono", "rgb", "rgba"}
    checkpoint : str, Path or Checkpoint
        A name in the registry, a file, or one that is loaded.
    window : WindowChoice
        Which intensities are mapped to [0, 1].
    device : str
        "auto", or what torch calls it.
    precision : {"auto", "float32", "bfloat16", "float16"}
    tile : int, optional
        Side of a tile in pixels; by default what suits the device.
    scale_factor : int, optional
        Zero-DCE++ only: how much smaller its thumbnail is; by default what the checkpoint says. Not
        for a loaded checkpoint, which has its own.
    look : Look
        How strongly the curves are applied.
    """

    image: Any
    channels: Channels
    checkpoint: str | Path | Checkpoint = "zero-dce"
    window: WindowChoice = field(default_factory=lambda: WindowChoice("auto"))
    device: str = "auto"
    precision: PrecisionChoice = "auto"
    tile: int | None = None
    scale_factor: int | None = None
    look: Look = AS_PUBLISHED


@dataclass(frozen=True)
class Progress:
    """How far a run is: work done, of how much, and the seconds it will still take, if known."""

    done: float
    total: float
    message: str
    seconds_left: float | None = None

    @property
    def fraction(self) -> float:
        """The part that is done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0


Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


def ignore(_: Progress) -> None:
    """Report to nobody."""


def never() -> bool:
    """Do not stop."""
    return False


@dataclass(frozen=True)
class EnhanceResult:
    """An enhanced image, and how it was made.

    Parameters
    ----------
    image : ndarray
        Shape and dtype of the request's image.
    channels : {"mono", "rgb", "rgba"}
    window : Window
        The intensities that were mapped to [0, 1], in units of the image.
    checkpoint : CheckpointInfo
    device, precision : str
        What was really used.
    tile : int
        Side of the tiles at the end, in pixels.
    seconds : float
        Wall-clock time.
    look : Look
    global_curve : tuple of float
        The maps' values A_1 .. A_8 where one curve serves the whole image, else empty.
    notices : tuple of str
        Sentences the user should see, such as that a tile was halved.
    """

    image: np.ndarray[Any, Any]
    channels: Channels
    window: Window
    checkpoint: CheckpointInfo
    device: str
    precision: str
    tile: int
    seconds: float
    look: Look = AS_PUBLISHED
    global_curve: tuple[float, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def checkpoint_source(self) -> str:
        """What to load the checkpoint by: its name in the registry, or its file."""
        return registry.name_of(self.checkpoint.path) or str(self.checkpoint.path.absolute())

    def provenance(self) -> dict[str, Any]:
        """Return what is needed to make this image again, as plain values."""
        return {
            "display_only": "Enhanced for looking at; do not measure intensities in it.",
            "software": f"napari-zerodce {version('napari-zerodce')}",
            "checkpoint": self.checkpoint.name,
            "checkpoint_source": self.checkpoint_source,
            "checkpoint_sha256": self.checkpoint.sha256,
            "architecture": self.checkpoint.architecture,
            "scale_factor": self.checkpoint.scale_factor,
            "channels": self.channels,
            "window": (self.window.low, self.window.high),
            "look": self.look.as_dict(),
            "global_curve": self.global_curve,
            "device": self.device,
            "precision": self.precision,
            "tile": self.tile,
            "seconds": round(self.seconds, 3),
        }
