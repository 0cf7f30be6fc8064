"""What 'enhance' and 'maps' share: the options of the engine, and how its choice is told."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from napari_zerodce.cli.setting_options import AddArgument, add_options
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.setting import setting_fields

if TYPE_CHECKING:
    from napari_zerodce.engine.automatic import AutomaticChoice


def add_engine_options(add: AddArgument) -> None:
    """Add the options of the engine.

    These are one for each field of `EnhanceSettings` except the look, the SHA-256 of the weights,
    and the axes of the channels and of time.
    """
    add_options(add, [setting_fields(EnhanceSettings)["checkpoint"]])
    add(
        "--checkpoint-sha256",
        metavar="HEX",
        help="Stop unless the weights have this SHA-256, which 'napari-zerodce info' prints.",
    )
    add_run_options(add)


def add_run_options(add: AddArgument) -> None:
    """Add the options of the engine that do not choose a checkpoint."""
    described = [
        each for each in setting_fields(EnhanceSettings).values() if each.name != "checkpoint"
    ]
    defaults = {"scale_factor": "the checkpoint's", "tile": "one that suits the device"}
    defaults["time"] = "frames, and smoothed for videos"
    for each in described:
        add_options(add, [each], untyped_is_none=each.name == "time", defaults=defaults)
    add(
        "--channel-axis",
        metavar="auto|none|N",
        type=_axis,
        default="auto",
        help="The axis of the channels of a stack, counted from 0: each channel has a window of "
        "its own, and several windows are written '120,4000;90,700'. Automatic is the axis that "
        "the file calls C; none: one window for all.",
    )
    add(
        "--time-axis",
        metavar="auto|none|N",
        type=_axis,
        default="auto",
        help="The axis of time of a stack, counted from 0, for --time. Automatic is the axis that "
        "the file calls T.",
    )


def _axis(text: str) -> str:
    if text in {"auto", "none"} or text.isdecimal():
        return text
    raise ArgumentTypeError(f"{text!r} is neither auto nor none nor the number of an axis")


def add_skip_option(add: AddArgument) -> None:
    """Add the option that leaves out planes that cannot be read."""
    add(
        "--skip-unreadable",
        action="store_true",
        help="Leave out planes that cannot be read: they are 0 or NaN in the output, and a note "
        "names them. Without it, such a file fails.",
    )


def add_quality_option(add: AddArgument) -> None:
    """Add the option of the quality of lossy files."""
    add(
        "--quality",
        metavar="N",
        type=_quality,
        help="Quality of outputs of lossy kinds (JPEG, WebP, AVIF, HEIC, JPEG 2000, JPEG XL), from "
        "1 to 100, and of videos. By default a JPEG is compressed as its source is; other files "
        "get a high quality, and are lossless if their source is.",
    )


def _quality(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 100:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a quality; give a number from 1 to 100")


def add_series_options(add: AddArgument, *, others: str) -> None:
    """Add the options of files of several images, and of series of several files.

    Parameters
    ----------
    add : callable
        As for `add_options`.
    others : str
        A sentence about the images of a file if the user chooses none.
    """
    add_series_number(add, others=others)
    add(
        "--window-per-file",
        action="store_true",
        help="Each file gets a window, weights and a curve of its own. Without it, files of one "
        "folder with the same size and dtype are one series and share them, so that it does not "
        "flicker.",
    )


def add_series_number(add: AddArgument, *, others: str) -> None:
    """Add the option that takes one image of a file of several.

    Parameters
    ----------
    add, others
        As for `add_series_options`.
    """
    add(
        "--series",
        type=int,
        metavar="N",
        help="Only this image of a file that holds several, counted from 0: a page, a series or a "
        f"position. {others}",
    )


def why_automatic(choice: AutomaticChoice | None) -> str:
    """Return the end of a file's line: "; photo weights, because the image is in colour", or ""."""
    return "" if choice is None else f"; {choice}"
