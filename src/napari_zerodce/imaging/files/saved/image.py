"""An image as it is saved: pixels, axes and pixel sizes for any program, facts for this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeGuard

import numpy as np

from napari_zerodce.imaging.planes import Array, Channels

KEY: Final = "napari-zerodce"
"""Under this key, a file holds what this program reads again."""

SAVED: Final = "saved"
"""The mark of a saved image under that key. Files of maps have other entries there."""

Follow = Callable[[float], None]
"""Called with the part that is written, from 0 to 1; it may raise an error to stop."""


@dataclass(frozen=True)
class Blank:
    """An array of which nothing is known but this; it stands for pixels that come later.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype-like
    """

    shape: tuple[int, ...]
    dtype: Any


@dataclass(frozen=True)
class ChannelDisplay:
    """How programs show one channel.

    Parameters
    ----------
    colour : str
        Six hexadecimal digits: red, green and blue.
    limits : tuple of float
        The intensities that are displayed as black and as the full colour.
    name : str
    bounds : tuple of float, optional
        The ends of the slider for `limits`; by default these.
    active : bool
        Whether the channel is shown at first.
    """

    colour: str
    limits: tuple[float, float]
    name: str = ""
    bounds: tuple[float, float] | None = None
    active: bool = True


@dataclass(frozen=True)
class SavedImage:
    """An image of any dtype, with all that is saved of it.

    Parameters
    ----------
    levels : tuple of array-like
        The finest first; several if the image is a pyramid. They may be lazy: writers read them
        plane by plane.
    channels : {"mono", "rgb", "rgba"}
    axes : str
        A letter for each axis without that of colour: of T, C, Z, Y and X each at most once, or Q
        for an axis that no program knows.
    scale, translate : tuple of float
        Size of a pixel and position of the first one, along each of `axes`.
    units : tuple of str
        English names, such as "micrometer", "second" or "pixel".
    name : str
    limits : tuple of float
        The intensities that are displayed as black and white.
    facts : mapping
        Plain values, as JSON has them, that come back unchanged.
    display : tuple of ChannelDisplay
        One for each channel; by default all are shown with `limits`.
    key : JSON value, optional
        What decides the pixels, such as source and settings, if they are made when they are read:
        a file that was begun with an equal key is continued.
    bits : int, optional
        How many bits of each sample count, if fewer than the dtype has, as in `ImageFile`.
    """

    levels: tuple[Any, ...]
    channels: Channels
    axes: str
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    units: tuple[str, ...]
    name: str = ""
    limits: tuple[float, float] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    display: tuple[ChannelDisplay, ...] = ()
    key: Any = None
    bits: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the finest level, with the axis of colour."""
        return tuple(self.levels[0].shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of all levels."""
        dtype: np.dtype[Any] = np.dtype(self.levels[0].dtype)
        return dtype

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before those of the plane."""
        return self.shape[: len(self.axes) - 2]

    @property
    def blank(self) -> SavedImage:
        """The same image without its pixels, small enough to send to other processes."""
        blank = (Blank(tuple(level.shape), self.dtype) for level in self.levels)
        return replace(self, levels=tuple(blank))

    @property
    def size(self) -> int:
        """Bytes of the finest level."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def plane(self, index: tuple[int, ...]) -> Array:
        """Return a plane of the finest level, computed if it is lazy."""
        return np.asarray(self.levels[0][index])

    def mark(self) -> dict[str, Any]:
        """Return the entry of a file that says how to read the image again."""
        return {
            SAVED: {
                "version": 1,
                "levels": len(self.levels),
                "shape": list(self.shape),
                "dtype": self.dtype.name,
                "channels": self.channels,
                "axes": self.axes,
                "scale": list(self.scale),
                "translate": list(self.translate),
                "units": list(self.units),
                "name": self.name,
                "limits": None if self.limits is None else list(self.limits),
                "facts": dict(self.facts),
            }
        }


def marked_image(mark: Mapping[str, Any], levels: tuple[Any, ...]) -> SavedImage:
    """Return the image with levels that were read and the other values of its mark.

    Parameters
    ----------
    mark : mapping
        As from `SavedImage.mark`.
    levels : tuple of array-like

    Raises
    ------
    ValueError
        If the mark does not describe these levels.
    """
    saved = mark[SAVED]
    limits = saved["limits"]
    image = SavedImage(
        levels=levels,
        channels=saved["channels"],
        axes=saved["axes"],
        scale=tuple(saved["scale"]),
        translate=tuple(saved["translate"]),
        units=tuple(saved["units"]),
        name=saved["name"],
        limits=None if limits is None else (limits[0], limits[1]),
        facts=saved["facts"],
    )
    if list(image.shape) != saved["shape"] or image.dtype.name != saved["dtype"]:
        raise ValueError("another program has changed its pixels")
    return image


def is_mark(entry: Any) -> TypeGuard[Mapping[str, Any]]:
    """Return whether the entry of a file under `KEY` is the mark of a saved image."""
    return isinstance(entry, Mapping) and isinstance(entry.get(SAVED), Mapping)


def follow_nothing(_part: float) -> None:
    """Ignore the progress.

    Parameters
    ----------
    _part : float
    """
