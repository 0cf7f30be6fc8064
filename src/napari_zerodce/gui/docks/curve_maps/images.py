"""How maps become images for layers: which iterations and channels, in how many layers."""

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
"""The gain that is shown as full brightness if three channels make one colour image."""

_NAMES: dict[MapKind, str] = {
    "alphas": "A", "steps": "LE", "gain": "gain", "noise-gain": "noise gain"
}  # fmt: skip
_CHANNELS = {1: ("",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class MapChoice:
    """Which maps to show, and how.

    Parameters
    ----------
    kind : {"alphas", "steps", "gain", "noise-gain"}
        The kind of map.
    channels : {"each", "mean", "rgb"}
        A layer for each channel, their mean, or one colour layer.
    iterations : tuple of int
        From 1 to 8, ascending.
    arrangement : {"axis", "separate"}
        The iterations along an axis of one layer, or a layer for each.
    extent : {"plane", "stack"}
        The plane on screen, or all planes, each computed when it is first shown.
    """

    kind: Annotated[MapKind, MAP_KIND] = "alphas"
    channels: Annotated[
        ChannelChoice,
        Setting(
            label="Channels",
            help="How the three channels of a colour image are shown.",
            choices=(
                Choice("mean", "Mean of the channels", "Show the mean of red, green and blue."),
                Choice("each", "Each channel", "Show red, green and blue in a layer each."),
                Choice("rgb", "As colours", "Show red, green and blue as one colour layer."),
            ),
        ),
    ] = "mean"
    iterations: tuple[int, ...] = tuple(range(1, ITERATIONS + 1))
    arrangement: Annotated[
        Arrangement,
        Setting(
            label="Layers",
            help="Whether the iterations are in one layer or in a layer each.",
            choices=(
                Choice(
                    "axis",
                    "One layer, slider",
                    "Show one layer, and choose the iteration with a slider.",
                ),
                Choice("separate", "One layer each", "Show a layer for each iteration."),
            ),
        ),
    ] = "axis"
    extent: Annotated[
        Extent,
        Setting(
            label="Planes",
            help="The planes of a stack for which maps are shown.",
            choices=(
                Choice(
                    "plane",
                    "Plane on screen",
                    "Compute the maps again when another plane is shown.",
                ),
                Choice(
                    "stack",
                    "All planes",
                    "Compute the maps of each plane when it is first shown, which takes a moment.",
                ),
            ),
        ),
    ] = "plane"


@dataclass(frozen=True)
class MapImage:
    """The image of one layer.

    Parameters
    ----------
    label : str
        Content of the layer, such as "A red" or "noise gain 8".
    data : array, shape ([iterations,] ..., rows, columns[, 3]), float32
    rgb : bool
        Whether the last axis is the colours.
    has_axis : bool
        Whether the first axis is the iterations.
    """

    label: str
    data: Any
    rgb: bool
    has_axis: bool


def pictures(maps: Any, choice: MapChoice, *, shared: bool = False) -> list[MapImage]:
    """Return the images for layers that show maps.

    Parameters
    ----------
    maps : array, shape (8, ..., C, rows, columns), float32
        NumPy or dask.
    choice : MapChoice
        Which maps to show, and how.
    shared : bool
        Whether all iterations have the same map, as in Zero-DCE++: its parameters are shown once.
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
    """Return maps in [0, 1], for use as the channels of a colour image."""
    if kind == "steps":
        return maps
    return (maps + 1) / 2 if kind == "alphas" else np.clip(maps / BRIGHTEST_GAIN, 0, 1)
