"""How maps become images for layers: which iterations and channels, in how many layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.engine.map_kinds import MAP_KIND, MapKind
from napari_zerodce.setting import Choice, Setting

Array = np.ndarray[Any, Any]
ChannelChoice = Literal["each", "mean", "rgb"]
Arrangement = Literal["axis", "separate"]
Extent = Literal["plane", "stack"]

BRIGHTEST_GAIN = 8.0
"""The gain that is shown as full brightness if three channels make one colour image."""

NAMES: dict[MapKind, str] = {
    "alphas": "A", "steps": "LE", "gain": "gain", "noise-gain": "noise gain"
}  # fmt: skip
"""Short names of the kinds of maps, for layers."""

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
            help="How the three channels of a colour image are shown. Default: their mean.",
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
            help="Whether the chosen iterations are in one layer or in a layer each. Default: one "
            "layer, whose slider shows the number of the iteration; at 0 the image itself is seen.",
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
            help="The planes of a stack for which maps are shown. Default: the plane on screen.",
            choices=(
                Choice(
                    "plane",
                    "Plane on screen",
                    "Compute the maps again when another plane is shown.",
                ),
                Choice(
                    "stack",
                    "All planes",
                    "Compute the maps of each plane when it is first shown, in the background.",
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
    data : array, shape ([iterations,] rows, columns[, 4]), float32
        In a layer, the axes of the planes come before the rows.
    rgb : bool
        Whether the last axis is the colours, with alpha.
    has_axis : bool
        Whether the first axis is the iterations: the number of an iteration is its index. What is
        not chosen is empty, also the place of iteration 0, which is the image itself.
    iterations : tuple of int
        The iterations that it shows, from 1; empty if all have the same map.
    highest : float
        A whole number that only about 0.5 % of the gains exceed; 1 for other maps and colours.
    """

    label: str
    data: Any
    rgb: bool
    has_axis: bool
    iterations: tuple[int, ...] = ()
    highest: float = 1.0

    @property
    def empty(self) -> float:
        """The value of pixels that show nothing: NaN, and transparent black of colours."""
        return 0.0 if self.rgb else np.nan

    def with_plane_axes(self, count: int) -> MapImage:
        """Return the image with axes of length 1 for the position of its plane."""
        first = int(self.has_axis)
        return replace(self, data=np.expand_dims(self.data, tuple(range(first, first + count))))


def pictures(maps: Array, choice: MapChoice, *, shared: bool = False) -> list[MapImage]:
    """Return the images for layers that show the maps of a plane.

    Parameters
    ----------
    maps : ndarray, shape (8, C, rows, columns), float32
    choice : MapChoice
        Which maps to show, and how.
    shared : bool
        Whether all iterations have the same map, as in Zero-DCE++: its parameters are shown once.
    """
    is_one = shared and choice.kind == "alphas"
    iterations = choice.iterations[:1] if is_one else choice.iterations
    chosen = maps[[number - 1 for number in iterations]]
    by_axis = choice.arrangement == "axis" and len(iterations) > 1
    found = []
    for channel, data, rgb in _channel_pictures(chosen, choice):
        highest = _highest(data) if choice.kind in {"gain", "noise-gain"} and not rgb else 1.0
        if by_axis:
            label, axis = _label(choice.kind, "", channel), _on_axis(data, iterations, rgb)
            found.append(MapImage(label, axis, rgb, True, iterations, highest))
            continue
        for place, number in enumerate(iterations):
            label = _label(choice.kind, "" if is_one else str(number), channel)
            numbers = () if is_one else (number,)
            found.append(MapImage(label, data[place], rgb, False, numbers, highest))
    return found


def _label(kind: MapKind, iteration: str, channel: str) -> str:
    return " ".join(filter(None, (NAMES[kind], iteration, channel)))


def _channel_pictures(maps: Array, choice: MapChoice) -> list[tuple[str, Array, bool]]:
    colours = maps.shape[1]
    if colours == 1:
        return [("", maps[:, 0], False)]
    if choice.channels == "mean":
        return [("mean", maps.mean(1), False)]
    if choice.channels == "rgb":
        return [("rgb", _in_colours(_as_brightness(maps, choice.kind)), True)]
    return [(name, maps[:, number], False) for number, name in enumerate(_CHANNELS[colours])]


def _as_brightness(maps: Array, kind: MapKind) -> Array:
    """Return maps in [0, 1], for use as the channels of a colour image."""
    if kind == "steps":
        return maps
    return (maps + 1) / 2 if kind == "alphas" else np.clip(maps / BRIGHTEST_GAIN, 0, 1)


def _in_colours(maps: Array) -> Array:
    """Return opaque colours: the channels as the last axis, and alpha."""
    colours = np.moveaxis(maps, 1, -1)
    return np.concatenate((colours, np.ones_like(colours[..., :1])), axis=-1)


def _on_axis(data: Array, iterations: tuple[int, ...], rgb: bool) -> Array:
    """Return data whose index in the first axis is the iteration.

    napari's sliders show the index and not the coordinate.
    """
    empty = 0.0 if rgb else np.nan
    axis = np.full((iterations[-1] + 1, *data.shape[1:]), empty, data.dtype)
    axis[list(iterations)] = data
    return axis


def _highest(gains: Array) -> float:
    return float(max(2, np.ceil(np.percentile(gains[..., ::4, ::4], 99.5))))
