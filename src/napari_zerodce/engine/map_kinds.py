"""What maps can show, described once for the dock and the command line; no NumPy, no torch."""

from __future__ import annotations

from typing import Final, Literal

from napari_zerodce.setting import Choice, Setting

MapKind = Literal["alphas", "steps", "gain", "noise-gain"]
"""What maps show: the curve parameters, the image after each iteration, how many times brighter
that is, or how many times stronger its noise."""

MAP_KIND: Final = Setting(
    label="Show",
    help="What the maps show.",
    noun="kind of map",
    choices=(
        Choice(
            "alphas",
            "Curve parameters A",
            "A of each iteration. A > 0 brightens: LE(x) = x + A x (1 - x).",
        ),
        Choice(
            "steps",
            "Image after each iteration",
            "LE_1 to LE_8, the image after each iteration, from 0 to 1 of the window.",
        ),
        Choice(
            "gain",
            "Gain: output / input",
            "How many times brighter each pixel became.",
        ),
        Choice(
            "noise-gain",
            "Noise gain: slope",
            "How many times stronger noise is at each pixel.",
        ),
    ),
)
