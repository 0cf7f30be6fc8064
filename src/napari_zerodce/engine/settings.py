"""What decides a result besides the image, as one frozen value that all rooms share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from napari_zerodce.checkpoints.registry import DEFAULT_CHECKPOINT
from napari_zerodce.device import PrecisionChoice
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.setting import Choice, Setting, setting_fields

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint

AUTOMATIC_WINDOW = WindowChoice("auto")


@dataclass(frozen=True)
class EnhanceSettings:
    """Everything that decides what is made of an image; two equal values give equal results.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        A name in the registry, a file, or a loaded checkpoint.
    window : WindowChoice
        Which intensities are mapped to [0, 1].
    device : str
        "auto", or what torch calls it.
    precision : {"auto", "float32", "bfloat16", "float16"}
        Of the network.
    scale_factor : int, optional
        Zero-DCE++ only: how many times smaller its thumbnail is; by default what the checkpoint
        says. It does not apply to a loaded checkpoint, which has its own.
    tile : int, optional
        Side of a tile in pixels; by default what suits the device.
    look : Look
        How strongly the curves are applied.

    Raises
    ------
    RequestError
        If the tile is smaller than one pixel.
    """

    checkpoint: Annotated[
        str | Path | Checkpoint,
        Setting(
            label="Checkpoint",
            help="The weights: a name that 'napari-zerodce info' lists, or a file.",
            metavar="NAME|FILE",
        ),
    ] = DEFAULT_CHECKPOINT
    window: Annotated[
        WindowChoice,
        Setting(
            label="Window",
            help="The intensities that are mapped to 0 and 1 before the curves: auto, dtype, "
            "minmax, percentile:LOW,HIGH or LOW,HIGH. Samples outside come through unchanged.",
            metavar="WINDOW",
        ),
    ] = AUTOMATIC_WINDOW
    device: Annotated[
        str,
        Setting(
            label="Device",
            help="Where the network runs: auto, cpu, cuda, cuda:N or mps. Automatic takes the GPU "
            "if there is one.",
        ),
    ] = "auto"
    precision: Annotated[
        PrecisionChoice,
        Setting(
            label="Precision",
            help="Of the network. Automatic is float32; on a device that is good at half "
            "precision, 8-bit images use it.",
            choices=(
                Choice("auto", "Automatic"),
                Choice("float32", "float32"),
                Choice("bfloat16", "bfloat16"),
                Choice("float16", "float16"),
            ),
        ),
    ] = "auto"
    scale_factor: Annotated[
        int | None,
        Setting(
            label="Scale factor",
            help="Zero-DCE++ estimates its curves on an image this many times smaller: 1 follows "
            "every detail and is slowest, 12 is what the authors use.",
            offered=(1, 999),
            metavar="N",
        ),
    ] = None
    tile: Annotated[
        int | None,
        Setting(
            label="Tile",
            help="Side of a tile.",
            minimum=1,
            unit="pixels",
            expected="1 or more, such as 512",
            metavar="PIXELS",
        ),
    ] = None
    look: Look = AS_PUBLISHED

    def __post_init__(self) -> None:
        tile = setting_fields(EnhanceSettings)["tile"].checked(self.tile)
        object.__setattr__(self, "tile", tile)

    def for_curves(self) -> EnhanceSettings:
        """Return what decides the curves: all but the look, which only applies them."""
        return replace(self, look=AS_PUBLISHED)

    def for_numbers(self) -> EnhanceSettings:
        """Return settings whose precision "auto" is float32.

        Half precision suits images of 8 bits, which hide its deviation; maps do not.
        """
        return replace(self, precision="float32") if self.precision == "auto" else self

    def describe(self) -> str:
        """Return window, device and scale factor in a few words."""
        window = "contrast limits" if self.window.kind == "contrast" else str(self.window)
        device = "automatic device" if self.device == "auto" else self.device
        scale = "" if self.scale_factor is None else f" · scale {self.scale_factor}"
        return f"window {window} · {device}{scale}"
