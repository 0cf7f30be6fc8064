"""An image that is enhanced block by block when it is asked for, and the levels of a pyramid.

The finest level is that of `enhance`, bit for bit. A coarser level is made from the source's own
level, with a thumbnail of nearly the same size, and gets the brightness that the finest has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from napari_zerodce.engine.brightness import Brightness
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.level_samples import LevelSamples
from napari_zerodce.engine.memory import allocate
from napari_zerodce.engine.requests import Report, ignore
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.keys import complete_key, picked, span_of, without_integers
from napari_zerodce.imaging.permuted import planes_last
from napari_zerodce.imaging.planes import Array, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.stopping import ShouldStop, never


class LazyEnhancement:
    """The levels of an enhanced image, of which nothing is computed before it is asked for.

    Parameters
    ----------
    resolved : ResolvedRequest
        For the finest level. If its part is not all of the image, the levels are that part.
    coarser : sequence of array-like
        The other levels of the source, with as many axes as the finest and in the same order. The
        axes of the enhanced levels are in the order with rows and columns last.
    """

    def __init__(self, resolved: ResolvedRequest, coarser: Sequence[Any] = ()) -> None:
        coarser = [planes_last(level, resolved.axes) for level in coarser]
        self.resolved = resolved = replace(resolved, axes="")
        finest = EnhancedLevel(self, resolved, 0)
        self.levels = (finest, *(self._level(*each) for each in enumerate(coarser, start=1)))
        self._samples = LevelSamples(resolved, coarser)

    def reading(self, images: Sequence[Any]) -> LazyEnhancement:
        """Return the same levels, made from other arrays of the same image.

        Parameters
        ----------
        images : sequence of array-like
            The finest level first, with rows and columns as the last axes before colours.
        """
        finest, *coarser = images
        return LazyEnhancement(replace(self.resolved, image=finest), coarser)

    def _level(self, number: int, image: Any) -> EnhancedLevel:
        own = self.resolved
        layout = layout_of(image, channels=own.layout.channels)
        if len(layout.shape) != len(own.layout.shape) or image.dtype != own.image.dtype:
            raise ImageError(
                f"Level {number} of the image has the shape {layout.shape} and the dtype "
                f"{image.dtype}, which do not suit level 0 with {own.layout.shape} and "
                f"{own.image.dtype}; open the levels that do."
            )
        return EnhancedLevel(self, own.for_level(image), number)

    def brightness_of(
        self, level: EnhancedLevel, index: tuple[int, ...], should_stop: ShouldStop
    ) -> Brightness | None:
        """Return what the pixels of a level become, None for the finest; found once.

        Parameters
        ----------
        level : EnhancedLevel
        index : tuple of int
            Of a plane of the level of the source.
        should_stop : callable
        """
        if level.number == 0 or self.resolved.checkpoint.is_translator:
            return None  # of translations, each level is that of its own picture
        axis = self.resolved.channel_axis
        channel = None if axis is None else index[axis]
        return self._samples.brightness(level.resolved, level.number, channel, should_stop)


@dataclass(frozen=True, eq=False)
class EnhancedLevel:
    """A level of an enhanced image as an array; slices are computed in the calling thread.

    Parameters
    ----------
    enhancement : LazyEnhancement
    resolved : ResolvedRequest
        For this level.
    number : int
        0 for the finest.
    """

    enhancement: LazyEnhancement
    resolved: ResolvedRequest
    number: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of all axes."""
        return self.resolved.part.shape_in(self.resolved.layout)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the source."""
        dtype: np.dtype[Any] = np.dtype(self.resolved.image.dtype)
        return dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return prod(self.shape)

    def block(
        self,
        index: tuple[int, ...],
        rows: slice,
        columns: slice,
        *,
        exact: bool = True,
        report: Report = ignore,
        should_stop: ShouldStop = never,
    ) -> Array:
        """Return a region of an enhanced plane, shape (h, w) or (h, w, 3 or 4).

        Parameters
        ----------
        index : tuple of int
            Of the plane in the leading axes of this level.
        rows, columns : slice
            The region, in pixels of this level.
        exact : bool
            Whether a coarser level gets the brightness of the finest. To find it, the first block
            of a level needs samples of the finest, which takes a second or two; without it, the
            level is too bright.
        report, should_stop : callable, optional
            As in `enhance`.

        Raises
        ------
        Cancelled, DeviceError, ImageError, RequestError
            As `enhance` does.
        """
        *first, top, left = self.resolved.part.offset
        in_image = tuple(place + start for place, start in zip(index, first, strict=True))
        part = Scope(
            tuple((place, place + 1) for place in in_image),
            (rows.start + top, rows.stop + top),
            (columns.start + left, columns.stop + left),
        )
        part.check_inside(self.resolved.layout)
        brightness = None
        if exact:
            brightness = self.enhancement.brightness_of(self, in_image, should_stop)
        request = replace(self.resolved, part=part, brightness=brightness)
        result = enhance(request, report=report, should_stop=should_stop)
        made: Array = result.image[(0,) * len(index)]
        return made

    def __getitem__(self, key: Any) -> Array:
        """Return a region; `key` holds integers, slices and an ellipsis."""
        parts = complete_key(key, self.ndim)
        places = picked(parts, self.shape)
        leading = len(self.resolved.layout.leading)
        shape = tuple(map(len, places))
        made = allocate(shape, self.dtype, opening="This part of the result needs")
        if made.size:
            (rows, down), (columns, across) = map(span_of, places[leading : leading + 2])
            kept = (
                down,
                across,
                *(slice(axis.start, axis.stop, axis.step) for axis in places[leading + 2 :]),
            )
            for number in np.ndindex(shape[:leading]):
                index = tuple(axis[i] for axis, i in zip(places, number, strict=False))
                made[number] = self.block(index, rows, columns)[kept]
        chosen: Array = made[without_integers(parts)]
        return chosen

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all of it."""
        return np.asarray(self[...], dtype)
