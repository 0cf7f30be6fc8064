"""The kinds of maps, described once for the dock and the command line; no NumPy, no torch."""

from __future__ import annotations

from typing import Final, Literal

from napari_zerodce.setting import Choice, Setting

MapKind = Literal["alphas", "steps", "gain", "noise-gain"]
"""The kind of a map: the curve parameters, the image after each iteration, how many times brighter
the image is then, or how many times stronger its noise is."""

MAP_KIND: Final = Setting(
    label="Show",
    help="The kind of map.",
    noun="kind of map",
    choices=(
        Choice(
            "alphas",
            "Curve parameters A",
            "The curve parameter A of each iteration. A > 0 brightens: LE(x) = x + A x (1 - x).",
        ),
        Choice(
            "steps",
            "Image after each iteration",
            "LE_1 to LE_8: the image after each iteration. 0 and 1 are the ends of the window.",
        ),
        Choice(
            "gain",
            "Gain: output / input",
            "How many times brighter each pixel is after the iteration.",
        ),
        Choice(
            "noise-gain",
            "Noise gain: slope",
            "How many times stronger the noise of each pixel is after the iteration.",
        ),
    ),
)
