"""The settings of an enhancement: everything except the image that decides the result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from napari_zerodce.checkpoints.registry import AUTOMATIC
from napari_zerodce.device import BACKEND_TITLES, BackendChoice, PrecisionChoice
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.setting import Choice, Setting, setting_fields

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.info import CheckpointInfo
    from napari_zerodce.checkpoints.load import Checkpoint

AUTOMATIC_WINDOW = WindowChoice("auto")

TimeChoice = Literal["frames", "smoothed", "shared"]
ChannelCurves = Literal["own", "shared"]

USUAL_TIME_WINDOW = 11
"""Frames: the flicker of random exposures becomes about ten times smaller."""


@dataclass(frozen=True)
class EnhanceSettings:
    """The settings of an enhancement; equal settings give equal results.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        "auto" for the bundled one that suits the image, a name in the registry, a file, or a loaded
        checkpoint.
    window : WindowChoice
        The intensities that are mapped to 0 and 1.
    device : str
        "auto", or its name in torch.
    precision : {"auto", "float32", "bfloat16", "float16"}
        Precision of the network.
    backend : {"auto", "onnxruntime", "torch"}
        The library that runs the network; "auto" takes ONNX Runtime for float32 on the CPU.
    scale_factor : int, optional
        For Zero-DCE++: how many times smaller the thumbnail is; by default the scale factor of the
        checkpoint. A loaded checkpoint keeps its own.
    tile : int, optional
        Side of the tiles in pixels; by default a side that suits the device.
    time : {"frames", "smoothed", "shared"}
        For images with an axis of time: each frame alone; each frame with the exposure of the
        frames around it; or with this exposure, and one set of curves for the series.
    time_window : int
        So many frames, with the frame in their middle, decide its exposure.
    channel_curves : {"own", "shared"}
        For images with an axis of channels: whether all channels share one set of curves.
    lock_normalisation : bool
        For translators: whether all planes of a stack are normalised with the statistics of some
        of them, so that a time series does not flicker; by default each with its own.
    look : Look
        How strongly the curves are applied; by default as published. Docks, the command line and
        the function for notebooks give `DEFAULT_LOOK` instead.

    Raises
    ------
    RequestError
        If a number is out of its range, or there is no such choice.
    """

    checkpoint: Annotated[
        str | Path | Checkpoint,
        Setting(
            label="Checkpoint",
            help="The weights of the network: auto, a name that 'napari-zerodce info' lists, or a "
            "file. Automatic is zero-dce-fluo for mono images, and grey ones in colours, with a "
            "dark background, and zero-dce for all others.",
            metavar="NAME|FILE",
        ),
    ] = AUTOMATIC
    window: Annotated[
        WindowChoice,
        Setting(
            label="Window",
            help="The intensities that are mapped to 0 and 1 before the curves: auto, dtype, "
            "minmax, background (from its level to the percentile 99.9), percentile:LOW,HIGH or "
            "LOW,HIGH. Samples outside it stay unchanged.",
            metavar="WINDOW",
        ),
    ] = AUTOMATIC_WINDOW
    device: Annotated[
        str,
        Setting(
            label="Device",
            help="The device of the network: auto, cpu, cuda, cuda:N or mps. Automatic takes the "
            "GPU if there is one.",
        ),
    ] = "auto"
    precision: Annotated[
        PrecisionChoice,
        Setting(
            label="Precision",
            help="The precision of the network. Automatic is float32, or half precision for 8-bit "
            "images if the device is faster in it; on a CPU, for large ones only.",
            choices=(
                Choice("auto", "Automatic"),
                Choice("float32", "float32"),
                Choice("bfloat16", "bfloat16"),
                Choice("float16", "float16"),
            ),
        ),
    ] = "auto"
    backend: Annotated[
        BackendChoice,
        Setting(
            label="Backend",
            help="The library that runs the network. Automatic is ONNX Runtime for float32 on a "
            "CPU, where it is faster and loads at once, and PyTorch for all else.",
            choices=(
                Choice("auto", "Automatic"),
                *(Choice(*each) for each in BACKEND_TITLES.items()),
            ),
        ),
    ] = "auto"
    scale_factor: Annotated[
        int | None,
        Setting(
            label="Scale factor",
            help="Zero-DCE++ estimates its curves from a thumbnail that is this many times "
            "smaller. 1 follows every detail and is slowest, 12 is the authors' value.",
            offered=(1, 999),
            metavar="N",
        ),
    ] = None
    tile: Annotated[
        int | None,
        Setting(
            label="Tile",
            help="Side of the tiles. Smaller tiles need less memory, and the result is the same.",
            minimum=1,
            unit="pixels",
            expected="1 or more, such as 512",
            metavar="PIXELS",
        ),
    ] = None
    time: Annotated[
        TimeChoice,
        Setting(
            label="Time",
            help="How the frames of a time series are treated.",
            choices=(
                Choice("frames", "Each alone", "Each frame is enhanced as if it were alone."),
                Choice(
                    "smoothed",
                    "No flicker",
                    "Each frame gets the exposure of the frames around it, so that the brightness "
                    "does not flicker; slow changes such as bleaching stay.",
                ),
                Choice(
                    "shared",
                    "Same curves",
                    "As no flicker, and one set of curves serves all frames: they do not follow "
                    "what moves.",
                ),
            ),
        ),
    ] = "frames"
    time_window: Annotated[
        int,
        Setting(
            label="Frames around",
            help="So many frames, with the frame in their middle, decide its exposure. More frames "
            "remove slower flicker.",
            minimum=3,
            maximum=999,
            unit="frames",
            metavar="FRAMES",
        ),
    ] = USUAL_TIME_WINDOW
    channel_curves: Annotated[
        ChannelCurves,
        Setting(
            label="Channels",
            help="Which curves the channels of an image get.",
            choices=(
                Choice("own", "Own curves", "Each channel is an image of its own."),
                Choice(
                    "shared",
                    "Same curves",
                    "All channels get the mean of their curves, so that equal values in their "
                    "windows stay equal.",
                ),
            ),
        ),
    ] = "own"
    lock_normalisation: Annotated[
        bool,
        Setting(
            label="Lock normalisation",
            help="For translators: normalise all planes of a stack with the statistics of eight of "
            "them, or of crops of these, so that a time series does not flicker. Otherwise each "
            "plane has its own, as in the published code.",
        ),
    ] = False
    look: Look = AS_PUBLISHED

    def __post_init__(self) -> None:
        described = setting_fields(EnhanceSettings)
        for name in ("tile", "time", "time_window", "channel_curves", "lock_normalisation"):
            object.__setattr__(self, name, described[name].checked(getattr(self, name)))

    @property
    def is_automatic(self) -> bool:
        """Whether the image decides the checkpoint."""
        return self.checkpoint == AUTOMATIC

    def for_curves(self) -> EnhanceSettings:
        """Return the settings that decide curves: without the look and those of translators."""
        return replace(self, look=AS_PUBLISHED, lock_normalisation=False)

    def for_numbers(self) -> EnhanceSettings:
        """Return settings whose precision "auto" is float32.

        Half precision suits 8-bit images, which hide its rounding errors; maps show them.
        """
        return replace(self, precision="float32") if self.precision == "auto" else self

    def for_checkpoint(self, info: CheckpointInfo) -> EnhanceSettings:
        """Return the settings for a loaded checkpoint: for a translator "auto" is float32."""
        return self.for_numbers() if info.is_translator else self

    def describe(self) -> str:
        """Return the window, the device and the scale factor as text, such as for a label.

        An automatic device, the usual one, is left out, because labels in docks are short.
        """
        window = "contrast limits" if self.window.kind == "contrast" else str(self.window)
        device = "" if self.device == "auto" else f" · {self.device}"
        scale = "" if self.scale_factor is None else f" · scale {self.scale_factor}"
        shared = self.describe_sharing()
        return f"window {window}{device}{scale}{f' · {shared}' if shared else ''}"

    def describe_sharing(self) -> str:
        """Return what frames and channels share in words, or ""."""
        frames = {"frames": "", "smoothed": "without flicker", "shared": "shared by all frames"}
        channels = "" if self.channel_curves == "own" else "shared by channels"
        locked = "locked normalisation" if self.lock_normalisation else ""
        return ", ".join(filter(None, (frames[self.time], channels, locked)))

    def for_axes(self, *, time: bool, channels: bool) -> EnhanceSettings:
        """Return the settings for an image without some axes, whose settings have no effect then.

        Parameters
        ----------
        time, channels : bool
            Whether the image has an axis of time, and one of channels.
        """
        plain = EnhanceSettings()
        return replace(
            self,
            time=self.time if time else plain.time,
            time_window=self.time_window if self.time != "frames" and time else plain.time_window,
            channel_curves=self.channel_curves if channels else plain.channel_curves,
        )
