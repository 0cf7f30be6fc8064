"""The input and the output of the engine: plain frozen values; no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.device import Backend, Precision
from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.axes import Axes
from napari_zerodce.imaging.permuted import planes_last
from napari_zerodce.imaging.planes import Channels, PlaneLayout, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window, enclosing


@dataclass(frozen=True)
class EnhanceRequest:
    """An image, and the settings to enhance it with.

    Parameters
    ----------
    image : array-like
        NumPy, dask, zarr or anything else with ``shape``, ``dtype`` and slicing;
        shape (..., H, W) if mono, (..., H, W, 3 or 4) if rgb or rgba, unless `axes` says otherwise.
    channels : {"mono", "rgb", "rgba"}
    settings : EnhanceSettings
    scope : Scope, optional
        The part of the image to enhance, by default all. The window is that of the whole image, and
        the part gets the curves that it has in whole planes; a global curve is the mean of the
        part.
    channel_axis : int, optional
        The leading axis of the channels, each of which has a window of its own. By default one
        window serves all planes.
    time_axis : int, optional
        The leading axis of time, along which exposures and curves may be shared.
    axes : str
        The letters of the image's axes if rows and columns are not the last ones before colours,
        such as "YXZ". The scope and the axis of the channels count the axes in the order with rows
        and columns last, the result has that of the image.
    skip_unreadable : bool
        Whether planes that cannot be read are left out, if there are others: the result is then 0
        or NaN there. By default, the first one is an error.
    coarser : tuple of array-like, optional
        The coarser levels of the image. If it is lazy, they tell where its bright regions are, so
        that its window is found from few samples.
    bits : int, optional
        How many bits of unsigned samples count, if fewer than the dtype has.
    is_grey : bool, optional
        Whether the colours are equal in each pixel of the image, so that its window and weights are
        those of a mono one; by default, the image tells it. Its planes tell which curves are equal.
    """

    image: Any
    channels: Channels
    settings: EnhanceSettings = field(default_factory=EnhanceSettings)
    scope: Scope | None = None
    channel_axis: int | None = None
    time_axis: int | None = None
    axes: str = ""
    skip_unreadable: bool = False
    coarser: tuple[Any, ...] = ()
    bits: int | None = None
    is_grey: bool | None = None

    def with_axes(self, text: str) -> EnhanceRequest:
        """Return the request with the axes that a user has written, and those of channels and time.

        Parameters
        ----------
        text : str
            A letter for each axis of the image, without that of colours.

        Raises
        ------
        RequestError
            If they do not describe the image.
        """
        colours = self.channels != "mono"
        axes = Axes.parse(text, len(self.image.shape) - colours)
        shape = axes.planes_last(tuple(self.image.shape))
        channels, time = (
            place if place is not None and shape[place] > 1 else None
            for place in (axes.channels, axes.time)
        )
        return replace(
            self,
            axes="" if axes.are_planes_last else axes.letters,
            channel_axis=channels,
            time_axis=time,
        )

    def check_axes(self) -> None:
        """Raise a RequestError if the axes of channels and time, or what needs them, are invalid.

        It raises an ImageError, too, if the image is invalid.
        """
        leading = len(self.layout.leading)
        for axis, of in ((self.channel_axis, "the channels"), (self.time_axis, "time")):
            if axis is not None and not 0 <= axis < leading:
                raise RequestError(
                    f"The axis of {of} is {axis}, but the image has {leading} axes before its rows "
                    "and columns; choose one of them, counted from 0, or none."
                )
        if self.time_axis is not None and self.time_axis == self.channel_axis:
            raise RequestError(
                f"Axis {self.time_axis} is that of time and that of the channels; "
                "choose two different axes."
            )
        if self.settings.time != "frames" and self.time_axis is None:
            raise RequestError(
                f"The time is {self.settings.time!r}, but the image has no axis of time; say which "
                "axis it is, or choose 'frames'."
            )
        if self.settings.channel_curves != "own" and self.channel_axis is None:
            raise RequestError(
                "The channels share their curves, but the image has no axis of channels; say which "
                "axis it is, or choose 'own'."
            )

    @property
    def planes(self) -> Any:
        """The image, which is not read, with rows and columns as the last axes before colours."""
        return planes_last(self.image, self.axes)

    @property
    def levels(self) -> tuple[Any, ...]:
        """The image and its coarser levels, in the order of `planes`."""
        return tuple(planes_last(level, self.axes) for level in (self.image, *self.coarser))

    @property
    def layout(self) -> PlaneLayout:
        """The layout of `planes`; raises an ImageError."""
        return layout_of(self.planes, channels=self.channels)

    @property
    def part(self) -> Scope:
        """The part to enhance, also if it is all; raises an ImageError or a RequestError."""
        if self.scope is None:
            return Scope.whole(self.layout)
        self.scope.check_inside(self.layout)
        return self.scope

    @property
    def result_size(self) -> int:
        """Bytes of the result; raises an ImageError or a RequestError."""
        bytes_each: int = np.dtype(self.image.dtype).itemsize
        return prod(self.part.shape_in(self.layout)) * bytes_each


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    done, total : float
        The work that is done, and all work.
    message : str
        The present step, for the user.
    seconds_left : float, optional
        Remaining time, if it is known.
    """

    done: float
    total: float
    message: str
    seconds_left: float | None = None

    @property
    def fraction(self) -> float:
        """The part that is done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0


Report = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class EnhanceResult:
    """An enhanced image, and how it was made.

    Parameters
    ----------
    image : ndarray
        Dtype of the request's image, and shape of the enhanced part of it, with its order of axes.
    channels : {"mono", "rgb", "rgba"}
    windows : tuple of Window
        The intensities that were mapped to 0 and 1, in units of the image: for all planes, or for
        each channel.
    checkpoint : CheckpointInfo
    device : str
    precision : {"float32", "bfloat16", "float16"}
        The ones that were used.
    tile : int
        Side of the tiles at the end, in pixels.
    seconds : float
        Wall-clock time.
    look : Look
    global_curve : tuple of float
        A_1 .. A_8 if one curve serves the whole image, else empty.
    notices : tuple of str
        Sentences for the user, for instance that the tile was halved.
    automatic : AutomaticChoice, optional
        Why this checkpoint was chosen, if the image decided it.
    scope : Scope, optional
        The enhanced part of the image; None if it is all of the image.
    channel_axis : int, optional
        The leading axis of the channels, if each has a window of its own.
    time_axis : int, optional
        The leading axis of time, if frames share something along it.
    settings : EnhanceSettings
        Those of the request.
    axes : str
        As in the request.
    missing : tuple of tuple of int
        Index of each plane that could not be read, in the leading axes of the whole image.
    statistics : str
        Which pixels decided how a translator normalised; empty for curves.
    backend : {"onnxruntime", "torch"}
        The library that ran the network.
    """

    image: np.ndarray[Any, Any]
    channels: Channels
    windows: tuple[Window, ...]
    checkpoint: CheckpointInfo
    device: str
    precision: Precision
    tile: int
    seconds: float
    look: Look = AS_PUBLISHED
    global_curve: tuple[float, ...] = ()
    notices: tuple[str, ...] = ()
    automatic: AutomaticChoice | None = None
    scope: Scope | None = None
    channel_axis: int | None = None
    time_axis: int | None = None
    settings: EnhanceSettings = field(default_factory=EnhanceSettings)
    axes: str = ""
    missing: tuple[tuple[int, ...], ...] = ()
    statistics: str = ""
    backend: Backend = "torch"

    @property
    def window(self) -> Window:
        """The window, or the smallest one that holds the windows of all channels."""
        return enclosing(self.windows)

    @property
    def about_missing(self) -> str:
        """The notice about planes that could not be read, empty if there are none."""
        return self.notices[-1] if self.missing else ""

    @property
    def provenance(self) -> Provenance:
        """Everything that is needed to make this image again."""
        return Provenance.of(
            self.checkpoint,
            channels=self.channels,
            windows=self.windows,
            channel_axis=self.channel_axis,
            time_axis=self.time_axis,
            time=self.settings.time,
            time_window=self.settings.time_window,
            channel_curves=self.settings.channel_curves,
            lock_normalisation=self.settings.lock_normalisation,
            image_axes=self.axes,
            missing=self.missing,
            statistics=self.statistics,
            look=self.look,
            global_curve=self.global_curve,
            part="" if self.scope is None else str(self.scope),
            device=self.device,
            precision=self.precision,
            backend=self.backend,
            tile=self.tile,
            seconds=round(self.seconds, 3),
        )
