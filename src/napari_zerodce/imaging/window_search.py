"""How to find the window of an image: one for all planes and colours, so that nothing flickers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import RequestError, UnreadableError
from napari_zerodce.imaging.background import Background, find_background
from napari_zerodce.imaging.grey import is_grey
from napari_zerodce.imaging.histogram import Histogram, read_histogram
from napari_zerodce.imaging.planes import Channels, channel_of, layout_of
from napari_zerodce.imaging.sampling import OnRegion, Sampler, unseen
from napari_zerodce.imaging.windows import DEFAULT_PERCENTILES, Window, WindowChoice
from napari_zerodce.stopping import ShouldStop, never

_ANY: Final = Window(0, 1)
"""Of a channel without a finite sample."""


@dataclass(frozen=True)
class FoundWindow:
    """The window of an image, and what was learnt about its background on the way.

    Attributes
    ----------
    window : Window
    background : Background, optional
        None if the choice of the window needed no look at it.
    unread : str
        A sentence for the user if parts of the image could not be read, else empty.
    is_grey : bool
        Whether the image is one of colours that are equal in each pixel.
    """

    window: Window
    background: Background | None = None
    unread: str = ""
    is_grey: bool = False


def resolve_window(
    array: Any,
    choice: WindowChoice,
    *,
    channels: Channels,
    should_stop: ShouldStop = never,
    bits: int | None = None,
) -> Window:
    """Find the window of an image, as `find_window` does."""
    return find_window(array, choice, channels=channels, should_stop=should_stop, bits=bits).window


def find_window(  # noqa: PLR0913  facts and callbacks, each named when it is given
    array: Any,
    choice: WindowChoice,
    *,
    channels: Channels,
    should_stop: ShouldStop = never,
    on_region: OnRegion = unseen,
    coarser: Sequence[Any] = (),
    bits: int | None = None,
    known_grey: bool | None = None,
) -> FoundWindow:
    """Find the window of an image.

    NaN, infinities and the alpha channel do not count. If almost all samples are equal, so that
    both percentiles are the same, the window goes from minimum to maximum. If all samples are
    equal, the window is one that leaves them unchanged.

    Minimum and maximum are exact. The low percentile is the sample of the image just below the
    requested percentage, the high percentile the one just above. Both are exact for 8- and 16-bit
    dtypes, and for other dtypes up to 2^24 samples; in larger images only every n-th sample counts.
    Of lazy images (dask, zarr, memory-mapped files, ...) with more than 2^26 samples, only some
    regions are read: 64 of all brightnesses with 2^18 samples each if coarser levels tell where
    they are, else evenly spaced ones with 2^26 samples.

    Parameters
    ----------
    array : array-like
        From NumPy, dask, zarr, ...; it is read in regions of whole chunks, with about 2^22 samples
        each.
    choice : WindowChoice
    channels : {"mono", "rgb", "rgba"}
    should_stop : callable, optional
        Called before each region; returns whether the user cancelled.
    on_region : callable, optional
        Called with the number of regions that are read, and of those to read.
    coarser : sequence of array-like, optional
        The coarser levels of a lazy image, if it has some, with as many axes.
    bits : int, optional
        How many bits of unsigned samples count, if fewer than the dtype has.
    known_grey : bool, optional
        Whether the colours are equal in each pixel, if that is known.

    Returns
    -------
    FoundWindow
        The window has integer ends for an image of integers, except for the choice "range". The
        background is known for the choice "background", and for "auto" and a mono or grey image.

    Raises
    ------
    ImageError
        If the array is not an image with these channels, or no part of it can be read.
    RequestError
        If the choice is "contrast", which only a layer has, or one of several windows.
    Cancelled
        If `should_stop` returned True.
    """
    layout = layout_of(array, channels=channels)
    (choice,) = choice.for_channels(1)
    if choice.kind == "contrast":
        raise RequestError(
            "The window 'contrast' needs the contrast limits of a layer, but this image is not a "
            "layer; give two intensities, or 'auto'."
        )
    grey = known_grey
    if grey is None:
        grey = is_grey(array, layout, should_stop=should_stop, coarser=coarser)
    rule = _Rule(choice, np.dtype(array.dtype), channels != "mono", is_grey=grey, bits=bits)
    if (window := rule.without_samples()) is not None:
        return FoundWindow(window, is_grey=grey)
    sampler = Sampler(array, layout, should_stop, on_region, coarser)
    return replace(rule.from_samples(sampler), unread=sampler.unread, is_grey=grey)


def needs_no_samples(
    choice: WindowChoice, dtype: np.dtype[Any], channels: Channels, *, is_grey: bool
) -> bool:
    """Return whether the window of an image is known without its samples.

    Parameters
    ----------
    choice : WindowChoice
    dtype : dtype
    channels : {"mono", "rgb", "rgba"}
    is_grey : bool
        Whether all colours of the image are equal.
    """
    rules = (
        _Rule(each, dtype, channels != "mono", is_grey=is_grey, bits=None)
        for each in choice.channels or (choice,)
    )
    return all(rule.without_samples() is not None for rule in rules)


@dataclass(frozen=True)
class _Rule:
    """What decides a window beside the samples."""

    choice: WindowChoice
    dtype: np.dtype[Any]
    has_colours: bool
    is_grey: bool
    bits: int | None

    def without_samples(self) -> Window | None:
        """Return the window if no sample is needed for it."""
        choice = self.choice
        if choice.kind == "range":
            assert choice.low is not None
            assert choice.high is not None
            return Window(choice.low, choice.high)
        if choice.kind == "dtype" or (self._takes_dtype and not self._needs_background):
            return _dtype_window(self.dtype, self.bits)
        return None

    @property
    def _takes_dtype(self) -> bool:
        """Whether black and white of an automatic window are those of the dtype.

        They are in 8 bits, and in photos of any depth: 0 and the end of the dtype are black and
        white there. A camera of a microscope often fills a small part of 16 bits only.
        """
        is_photo = self.has_colours and self.dtype.kind == "u"
        return self.choice.kind == "auto" and (self.dtype.itemsize == 1 or is_photo)

    @property
    def _needs_background(self) -> bool:
        is_automatic = self.choice.kind == "auto" and (self.is_grey or not self.has_colours)
        return is_automatic or self.choice.kind == "background"

    def from_samples(self, sampler: Sampler) -> FoundWindow:
        """Return the window for a choice that needs the samples."""
        choice, dtype = self.choice, self.dtype
        if choice.kind == "minmax":
            return FoundWindow(_between(*_extremes(sampler), dtype))
        histogram = read_histogram(sampler, dtype, *_percentiles(choice))
        background = _background_in(histogram) if self._needs_background else None
        if background and (window := _from_background(choice, background, histogram, dtype)):
            return FoundWindow(window, background)
        if self._takes_dtype or self._is_photo_of_floats(histogram):
            return FoundWindow(_dtype_window(dtype, self.bits), background)
        ends = histogram.low, histogram.high
        # Equal percentiles are rare, so reading the image a second time is acceptable.
        window = _between(*(ends if ends[0] < ends[1] else _extremes(sampler)), dtype)
        return FoundWindow(window, background)

    def _is_photo_of_floats(self, histogram: Histogram) -> bool:
        """Return whether 0 and 1 are black and white of floats; few lights may be brighter."""
        is_photo = self.choice.kind == "auto" and self.has_colours and self.dtype.kind == "f"
        return is_photo and 0 <= histogram.low <= histogram.high <= 1


def find_windows(  # noqa: PLR0913  facts and callbacks, each named when it is given
    levels: Sequence[Any],
    choice: WindowChoice,
    *,
    channels: Channels,
    channel_axis: int | None = None,
    should_stop: ShouldStop = never,
    on_region: OnRegion = unseen,
    bits: int | None = None,
    known_grey: bool | None = None,
) -> tuple[FoundWindow, ...]:
    """Find the window of an image, or one for each of its channels.

    Parameters
    ----------
    levels : sequence of array-like
        The image, and its coarser levels if it has some.
    choice, channels, should_stop, on_region, bits, known_grey
        As in `find_window`.
    channel_axis : int, optional
        The leading axis of the channels; None if one window serves the whole image.

    Returns
    -------
    tuple of FoundWindow

    Raises
    ------
    ImageError, RequestError, Cancelled
        As `find_window` does; a RequestError also if the choice is one of another number of
        channels.
    """
    parts = levels_of_channels(levels, channel_axis)
    found: list[FoundWindow] = []
    failed: list[UnreadableError] = []
    for (part, *coarser), own in zip(parts, choice.for_channels(len(parts)), strict=True):
        try:
            window = find_window(
                part,
                own,
                channels=channels,
                should_stop=should_stop,
                on_region=on_region,
                coarser=coarser,
                bits=bits,
                known_grey=known_grey,
            )
        except UnreadableError as err:
            failed.append(err)
            window = FoundWindow(_ANY, unread=str(err))
        found.append(window)
    if len(failed) == len(found):
        raise failed[0]
    return tuple(found)


def levels_of_channels(levels: Sequence[Any], channel_axis: int | None) -> list[list[Any]]:
    """Return the levels of each channel of an image, or of it alone if it has no such axis.

    Parameters
    ----------
    levels : sequence of array-like
        The finest first. Levels with another number of channels are left out.
    channel_axis : int, optional
    """
    if channel_axis is None:
        return [list(levels)]
    axes, count = len(levels[0].shape), levels[0].shape[channel_axis]
    suiting = [
        level for level in levels if len(level.shape) == axes and level.shape[channel_axis] == count
    ]
    return [
        [channel_of(level, channel_axis, number) for level in suiting] for number in range(count)
    ]


def background_of(
    array: Any,
    *,
    channels: Channels,
    should_stop: ShouldStop = never,
    on_region: OnRegion = unseen,
    coarser: Sequence[Any] = (),
) -> Background | None:
    """Find the background of an image; parameters and errors are those of `find_window`.

    Returns
    -------
    Background, optional
        None if the image has no finite sample.
    """
    layout = layout_of(array, channels=channels)
    sampler = Sampler(array, layout, should_stop, on_region, coarser)
    return _background_in(read_histogram(sampler, np.dtype(array.dtype), *DEFAULT_PERCENTILES))


def _background_in(histogram: Histogram) -> Background | None:
    known = histogram.counts.size > 0
    return find_background(histogram.values, histogram.counts) if known else None


def _percentiles(choice: WindowChoice) -> tuple[float, float]:
    if choice.low is None or choice.high is None:
        return DEFAULT_PERCENTILES
    return choice.low, choice.high


def _from_background(
    choice: WindowChoice, background: Background, histogram: Histogram, dtype: np.dtype[Any]
) -> Window | None:
    """Return the window from the background's end, None if there should or can be none."""
    is_wanted = choice.kind == "background" or (choice.kind == "auto" and background.is_dark)
    start = round(background.end) if dtype.kind in "iu" else background.end
    if not is_wanted or not start < histogram.high:
        return None
    return Window(start, histogram.high)


def _dtype_window(dtype: np.dtype[Any], bits: int | None) -> Window:
    if dtype.kind == "f":
        return Window(0.0, 1.0)
    if bits is not None and dtype.kind == "u":
        return Window(0, min(2**bits - 1, int(np.iinfo(dtype).max)))
    limits = np.iinfo(dtype)
    return Window(int(limits.min), int(limits.max))


def _between(low: float, high: float, dtype: np.dtype[Any]) -> Window:
    if low < high:
        return Window(low, high)
    if low > high:  # no finite sample
        return _ANY
    # All samples are equal. Curves do not change samples at an end of the window.
    width = 1 if dtype.kind in "iu" else max(1.0, abs(low))
    if dtype.kind == "f" and low > float(np.finfo(dtype).max) - width:
        return Window(low - width, low)
    return Window(low, low + width)


def _extremes(sampler: Sampler) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for samples in sampler.all_samples():
        if samples.size:
            low, high = min(low, samples.min().item()), max(high, samples.max().item())
    return low, high
