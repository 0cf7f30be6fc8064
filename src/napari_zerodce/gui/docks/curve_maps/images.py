"""Maps as pictures: which iterations, which channels, in how many layers; arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.engine.map_kinds import MAP_KIND, MapKind
from napari_zerodce.setting import Choice, Setting

ChannelChoice = Literal["each", "mean", "rgb"]
Arrangement = Literal["axis", "separate"]
Extent = Literal["plane", "stack"]

BRIGHTEST_GAIN = 8.0
"""The gain that is shown as full brightness where three channels make one colour."""

_NAMES: dict[MapKind, str] = {
    "alphas": "A", "steps": "LE", "gain": "gain", "noise-gain": "noise gain"
}  # fmt: skip
_CHANNELS = {1: ("",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class MapChoice:
    """What of the maps is to be seen, and how.

    Parameters
    ----------
    kind : {"alphas", "steps", "gain", "noise-gain"}
    channels : {"each", "mean", "rgb"}
    iterations : tuple of int
        From 1 to 8, ascending.
    arrangement : {"axis", "separate"}
        Iterations along an axis of one layer, or each as a layer.
    extent : {"plane", "stack"}
        The plane on screen, or all planes, each computed when it is shown.
    """

    kind: Annotated[MapKind, MAP_KIND] = "alphas"
    channels: Annotated[
        ChannelChoice,
        Setting(
            label="Channels",
            help="What is shown of an image with three channels.",
            choices=(
                Choice("mean", "Mean of the channels", "The mean of red, green and blue."),
                Choice("each", "Each channel", "A layer for red, one for green, one for blue."),
                Choice("rgb", "As colours", "Red, green and blue in one layer."),
            ),
        ),
    ] = "mean"
    iterations: tuple[int, ...] = tuple(range(1, ITERATIONS + 1))
    arrangement: Annotated[
        Arrangement,
        Setting(
            label="As",
            help="How several iterations become layers.",
            choices=(
                Choice("axis", "One layer, slider", "The iterations along an axis of one layer."),
                Choice("separate", "One layer each", "Each iteration is a layer."),
            ),
        ),
    ] = "axis"
    extent: Annotated[
        Extent,
        Setting(
            label="Of",
            help="Which planes of a stack have maps.",
            choices=(
                Choice("plane", "Plane on screen", "Computed again when the slider moves."),
                Choice(
                    "stack",
                    "All, lazily",
                    "Each plane is computed when it is first shown, which takes a moment.",
                ),
            ),
        ),
    ] = "plane"


@dataclass(frozen=True)
class MapImage:
    """One layer to be.

    Parameters
    ----------
    label : str
        What it shows, such as "A red" or "noise gain 8".
    data : array, shape ([iterations,] ..., rows, columns[, 3]), float32
    rgb : bool
    has_axis : bool
        Whether the first axis is the iterations.
    """

    label: str
    data: Any
    rgb: bool
    has_axis: bool


def pictures(maps: Any, choice: MapChoice, *, shared: bool = False) -> list[MapImage]:
    """Return the pictures of maps.

    Parameters
    ----------
    maps : array, shape (8, ..., C, rows, columns), float32
        NumPy or dask.
    choice : MapChoice
    shared : bool
        One map serves all iterations, as in Zero-DCE++: its parameters are shown once.
    """
    iterations = choice.iterations
    if shared and choice.kind == "alphas":
        iterations = iterations[:1]
    chosen = maps[[number - 1 for number in iterations]]
    found = []
    for channel, data, rgb in _channel_pictures(chosen, choice):
        words = (_NAMES[choice.kind], channel)
        if choice.arrangement == "axis" and len(iterations) > 1:
            found.append(MapImage(" ".join(filter(None, words)), data, rgb, has_axis=True))
            continue
        for place, number in enumerate(iterations):
            which = "" if shared and choice.kind == "alphas" else str(number)
            label = " ".join(filter(None, (words[0], which, channel)))
            found.append(MapImage(label, data[place], rgb, has_axis=False))
    return found


def _channel_pictures(maps: Any, choice: MapChoice) -> list[tuple[str, Any, bool]]:
    colours = maps.shape[-3]
    if colours == 1:
        return [("", maps[..., 0, :, :], False)]
    if choice.channels == "mean":
        return [("mean", maps.mean(-3), False)]
    if choice.channels == "rgb":
        return [("rgb", np.moveaxis(_as_brightness(maps, choice.kind), -3, -1), True)]
    return [
        (name, maps[..., number, :, :], False) for number, name in enumerate(_CHANNELS[colours])
    ]


def _as_brightness(maps: Any, kind: MapKind) -> Any:
    """Return maps in [0, 1], so that three of them make a colour."""
    if kind == "steps":
        return maps
    return (maps + 1) / 2 if kind == "alphas" else np.clip(maps / BRIGHTEST_GAIN, 0, 1)
