"""The automatic choice of weights: those for photos or those for fluorescence, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from napari_zerodce.checkpoints.registry import BUNDLED, ImageKind
from napari_zerodce.core.architectures import ZERO_DCE
from napari_zerodce.imaging.background import Background
from napari_zerodce.imaging.grey import is_grey
from napari_zerodce.imaging.planes import Channels, layout_of
from napari_zerodce.imaging.window_search import background_of
from napari_zerodce.stopping import ShouldStop, never

WEIGHTS_FOR: Final[Mapping[ImageKind, str]] = {
    entry.made_for: entry.name for entry in BUNDLED if entry.architecture == ZERO_DCE
}
"""The checkpoints that are chosen automatically; both are of the same network."""

_MOST: Final = 0.99
"""A share of the image above it would be rounded to 100 %, although there is signal."""


@dataclass(frozen=True)
class AutomaticChoice:
    """The weights that suit an image, and why.

    Parameters
    ----------
    made_for : {"photo", "fluorescence"}
        The kind of image that the weights were trained on.
    reason : str
        In a few words, such as "the image is in colour".
    """

    made_for: ImageKind
    reason: str

    @property
    def checkpoint(self) -> str:
        """Name of the chosen checkpoint in the registry."""
        return WEIGHTS_FOR[self.made_for]

    @property
    def other(self) -> ImageKind:
        """The kind of image that the other weights were trained on."""
        return "photo" if self.made_for == "fluorescence" else "fluorescence"

    @property
    def sentence(self) -> str:
        """The choice and its reason as a sentence for users."""
        text = str(self)
        return f"{text[0].upper()}{text[1:]}."

    def __str__(self) -> str:
        return f"{self.made_for} weights, because {self.reason}"


def choose_weights(channels: Channels, background: Background | None) -> AutomaticChoice:
    """Choose the weights that suit an image.

    Parameters
    ----------
    channels : {"mono", "rgb", "rgba"}
    background : Background, optional
        Of a mono image, or of a grey one in colours; None if it has no finite sample, and for
        images that have colours.
    """
    if background is None and channels != "mono":
        return AutomaticChoice("photo", "the image is in colour")
    if background is None:
        return AutomaticChoice("photo", "the image has no finite sample")
    if not background.is_dark:
        return AutomaticChoice("photo", "the image has no dark background")
    share = "over 99 %" if background.share > _MOST else f"{100 * background.share:.0f} %"
    return AutomaticChoice("fluorescence", f"{share} of the image is background")


def typical(backgrounds: Sequence[Background | None]) -> Background | None:
    """Return the background that stands for those of several channels.

    It is dark if at least half of them are; of these, it is the one with the smallest share.

    Parameters
    ----------
    backgrounds : sequence of Background or None
        None for a channel without a finite sample.
    """
    known = [background for background in backgrounds if background is not None]
    dark = [background for background in known if background.is_dark]
    others = [background for background in known if not background.is_dark]
    return min(
        dark if len(dark) >= len(others) else others, key=lambda each: each.share, default=None
    )


def weights_for(
    image: Any, *, channels: Channels, should_stop: ShouldStop = never
) -> AutomaticChoice:
    """Read an image, unless it has colours, and choose the weights that suit it.

    Parameters
    ----------
    image : array-like
    channels : {"mono", "rgb", "rgba"}
    should_stop : callable, optional
        Called before each region is read; returns whether to stop.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    ImageError
        If the array is not an image with these channels.
    """
    layout = layout_of(image, channels=channels)
    if channels != "mono" and not is_grey(image, layout, should_stop=should_stop):
        return choose_weights(channels, None)
    found = background_of(image, channels=channels, should_stop=should_stop)
    return choose_weights(channels, found)
