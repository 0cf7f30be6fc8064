"""The plane that is compared, in the window that all candidates share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.intensity import Window, normalise, restore
from napari_zerodce.imaging.permuted import planes_last
from napari_zerodce.imaging.planes import Channels, PlaneLayout
from napari_zerodce.imaging.sampling import OnRegion, unseen
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.unreadable import array_reading_told
from napari_zerodce.imaging.window_search import find_windows
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop, never

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class PlaneInWindow:
    """A plane, or a region of it, and the intensities that are 0 and 1.

    Parameters
    ----------
    samples : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        As in the image.
    channels : {"mono", "rgb", "rgba"}
    window : Window
    index : tuple of int
        Of the plane in the leading axes of the image.
    """

    samples: Array
    channels: Channels
    window: Window
    index: tuple[int, ...] = ()

    @property
    def unit(self) -> Array:
        """The samples without alpha in [0, 1], float32; NaN is 0."""
        return self.unit_of(self.samples)

    def unit_of(self, samples: Array) -> Array:
        """Return other samples of the same unit without alpha in [0, 1].

        Parameters
        ----------
        samples : ndarray, of the shape and dtype of the plane
        """
        return normalise(self._colours(samples), self.window)

    def restored(self, unit: Array) -> Array:
        """Return the plane with other values inside the window.

        Parameters
        ----------
        unit : ndarray, shape of `unit`, values in [0, 1]

        Returns
        -------
        ndarray, shape and dtype of `samples`
            Samples outside the window, NaN and alpha are those of the plane.
        """
        result = self.samples.copy()
        colours = self._colours(self.samples)
        self._colours(result)[...] = restore(unit.astype(np.float32), colours, self.window)
        return result

    def filled_with(self, unit: Array) -> Array:
        """Return other values as an image of this plane's unit, whatever the plane holds.

        Parameters
        ----------
        unit : ndarray, shape of `unit`, values in [0, 1]

        Returns
        -------
        ndarray, shape and dtype of `samples`
            Alpha is that of the plane.
        """
        low, high = self.window.low, self.window.high
        values = low + unit.astype(np.float64) * (high - low)
        dtype = self.samples.dtype
        if np.issubdtype(dtype, np.integer):
            limits = np.iinfo(dtype)
            values = np.clip(np.rint(values), limits.min, limits.max)
        result = self.samples.copy()
        self._colours(result)[...] = values.astype(dtype)
        return result

    def _colours(self, samples: Array) -> Array:
        return samples[..., :3] if self.channels == "rgba" else samples


@dataclass(frozen=True)
class SharedWindow:
    """A request whose window is found: each candidate gets the same one.

    Parameters
    ----------
    request : EnhanceRequest
        The choice of its window is "range".
    plane : PlaneInWindow
    notices : tuple of str
        Sentences for the user about the search.
    """

    request: EnhanceRequest
    plane: PlaneInWindow
    notices: tuple[str, ...] = ()


def middle_plane(layout: PlaneLayout) -> Scope:
    """Return the part of an image that is its middle plane.

    Parameters
    ----------
    layout : PlaneLayout
    """
    return Scope.plane(layout, tuple(length // 2 for length in layout.leading))


def with_found_window(
    request: EnhanceRequest,
    *,
    should_stop: ShouldStop = never,
    on_region: OnRegion = unseen,
) -> SharedWindow:
    """Find the window of an image, and read the plane to compare.

    Parameters
    ----------
    request : EnhanceRequest
        Its scope is one plane, or a region of one.
    should_stop, on_region : callable, optional
        As in `find_window`.

    Raises
    ------
    Cancelled, ImageError
        As `find_window` does.
    RequestError
        Also if the scope has several planes.
    """
    request.check_axes()
    part, layout = request.part, request.layout
    if part.count != 1:
        raise RequestError(
            f"The part {part} has {part.count} planes, and one is compared; choose a plane."
        )
    (index,) = part.indices()
    found = find_windows(
        request.levels,
        request.settings.window,
        channels=request.channels,
        channel_axis=request.channel_axis,
        should_stop=should_stop,
        on_region=on_region,
        bits=request.bits,
        known_grey=request.is_grey,
    )
    windows = [each.window for each in found]
    own = windows[0 if request.channel_axis is None else index[request.channel_axis]]
    with array_reading_told("The plane", advice="check the file that it comes from"):
        samples = np.asarray(request.planes[(*index, *part.region)])
    settings = replace(request.settings, window=WindowChoice.of_windows(windows))
    return SharedWindow(
        replace(request, settings=settings, is_grey=all(each.is_grey for each in found)),
        PlaneInWindow(samples, layout.channels, own, index),
        tuple(dict.fromkeys(each.unread for each in found if each.unread)),
    )


def single_plane(image: Array, request: EnhanceRequest) -> Array:
    """Return the only plane of a result, without the leading axes of its request.

    Parameters
    ----------
    image : ndarray
        With the axes in the order of the request's image.
    request : EnhanceRequest
    """
    planes: Array = planes_last(image, request.axes)
    plane: Array = planes[(0,) * len(request.layout.leading)]
    return plane
