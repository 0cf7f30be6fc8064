"""The resolved request: every choice of a request is made once and may be used many times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.core.detail import BASE_HALO
from napari_zerodce.device import (
    Device,
    Precision,
    check_tile,
    default_tile,
    resolve_device,
    resolve_precision,
)
from napari_zerodce.engine.automatic import AutomaticChoice, choose_weights, typical
from napari_zerodce.engine.brightness import Brightness
from napari_zerodce.engine.crew import ALONE, Crew, crew_for, crew_for_items
from napari_zerodce.engine.estimators.backends import make_estimator
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.methods.curves import seen_region
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import Meter, reading_reporter
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.requests import EnhanceRequest, Report, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.tile_size import TileSize, side_for_all
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.planes import PlaneLayout, SelectedPlane, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Region
from napari_zerodce.imaging.window_search import background_of, find_windows, levels_of_channels
from napari_zerodce.imaging.windows import Window, enclosing
from napari_zerodce.stopping import ShouldStop, never

_MOST_PIXELS_OF_PLANES: Final = 2**25
"""Of the planes that are processed at the same time: 64 MB of 16-bit samples."""


@dataclass(frozen=True)
class ResolvedRequest:
    """A request with every choice made, and the network on its device.

    It may be used as often as needed, and by several threads.

    Parameters
    ----------
    image : array-like
    layout : PlaneLayout
    settings : EnhanceSettings
        As the user chose them.
    checkpoint : CheckpointInfo
    estimator : CurveEstimator
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    windows : tuple of Window
        For all planes, or for each channel.
    part : Scope
        The part of the image to enhance.
    automatic : AutomaticChoice, optional
        Why this checkpoint was chosen, if the image decided it.
    channel_axis : int, optional
        The leading axis of the channels, if each has a window of its own.
    global_curve : tuple of float
        A_1 .. A_8 for all pixels, if the look wants one curve and it is known already.
    level_scale : int, optional
        For a coarser level of an image: how many times smaller its thumbnail is.
    brightness : Brightness, optional
        For a coarser level of an image: what its enhanced pixels become.
    """

    image: Any
    layout: PlaneLayout
    settings: EnhanceSettings
    checkpoint: CheckpointInfo
    estimator: CurveEstimator
    device: Device
    precision: Precision
    windows: tuple[Window, ...]
    part: Scope
    automatic: AutomaticChoice | None = None
    channel_axis: int | None = None
    global_curve: tuple[float, ...] = ()
    level_scale: int | None = None
    brightness: Brightness | None = None

    @property
    def scale_factor(self) -> int:
        """How many times smaller than a plane the thumbnail is; 1 for none."""
        return self.level_scale or self.estimator.scale_factor

    @property
    def window(self) -> Window:
        """The window, or the smallest one that holds the windows of all channels."""
        return enclosing(self.windows)

    def window_of(self, index: tuple[int, ...]) -> Window:
        """Return the window of a plane by its index in the leading axes."""
        return self.windows[0 if self.channel_axis is None else index[self.channel_axis]]

    @cached_property
    def tile(self) -> int:
        """Side of the first tiles in pixels.

        It is never larger than the plane, so that half of it always needs less memory.
        """
        sides = (self.layout.height, self.layout.width)
        side = self.settings.tile
        if side is None:
            has_network = self.scale_factor == 1
            side = default_tile(self.device, has_network=has_network)
            # Without the network, smaller tiles cost more than a second thread gains.
            workers = crew_for(self.device).size if has_network else 1
            side = side_for_all(side, self.part.extent, planes=self.part.count, workers=workers)
        return min(side, max(sides))

    def plane(self, index: tuple[int, ...] = ()) -> Plane:
        """Return a plane by its index in the leading axes."""
        window = self.window_of(index)
        return Plane(self.image, index, layout=self.layout, window=window, region=self._seen)

    @property
    def _seen(self) -> Region:
        """The pixels of a plane that decide those of the part, with any look."""
        shape = (self.layout.height, self.layout.width)
        return seen_region(self.part.region, shape, self.scale_factor, halo=BASE_HALO)

    def planes(self) -> Iterator[Plane]:
        """Yield the planes to enhance; each is read when its turn comes."""
        return map(self.plane, self.part.indices())

    def loop(
        self,
        *,
        passes: int = 1,
        doing: str = "Enhancing",
        report: Report = ignore,
        should_stop: ShouldStop = never,
    ) -> TileLoop:
        """Return a loop over tiles of all planes to enhance.

        Parameters
        ----------
        passes : int
            Number of passes over each plane.
        doing : str
            The message for a single plane.
        report, should_stop : callable, optional
            As in `enhance`.
        """
        planes = passes * self.part.count
        meter = Meter(planes, report=report, should_stop=should_stop, doing=doing)
        of_planes, of_tiles = self._crews(crew_for(self.device))
        return TileLoop(TileSize(self.device, self.tile), meter, of_planes, of_tiles)

    def _crews(self, crew: Crew) -> tuple[Crew, Crew]:
        """Return who processes planes, and who the tiles of a plane: one of them is `ALONE`."""
        rows, columns = self.part.extent
        scale_factor = self.scale_factor
        # Planes side by side need less time than tiles side by side, but all in memory.
        if self.part.count >= crew.size and rows * columns * crew.size <= _MOST_PIXELS_OF_PLANES:
            return crew_for_items(crew, rows * columns, scale_factor), ALONE
        tile = min(rows, self.tile) * min(columns, self.tile)
        return ALONE, crew_for_items(crew, tile, scale_factor)

    def at(self, index: tuple[int, ...]) -> ResolvedRequest:
        """Return the same choices for one plane.

        Parameters
        ----------
        index : tuple of int
            Of the plane in the leading axes.
        """
        return self.on(SelectedPlane(self.image, index), index)

    def on(self, image: Any, index: tuple[int, ...] = ()) -> ResolvedRequest:
        """Return the same choices for an image that shows one plane, such as a coarser level of it.

        Parameters
        ----------
        image : array-like
        index : tuple of int
            Of the plane in the leading axes, whose window is kept; not needed for a single plane.
        """
        layout = layout_of(image, channels=self.layout.channels)
        return replace(
            self,
            image=image,
            layout=layout,
            part=Scope.whole(layout),
            windows=(self.window_of(index),),
            channel_axis=None,
        )

    def for_level(self, image: Any) -> ResolvedRequest:
        """Return the same choices for a coarser level of the image, with all its axes.

        Its thumbnail is nearly that of the finest level, so that its curves are, too.

        Parameters
        ----------
        image : array-like
        """
        layout = layout_of(image, channels=self.layout.channels)
        factor = max(1, round(self.layout.height / layout.height))
        return replace(
            self,
            image=image,
            layout=layout,
            part=Scope.whole(layout),
            level_scale=max(1, round(self.scale_factor / factor)),
        )

    def provenance(self, **facts: Any) -> Provenance:
        """Return the provenance of a result of these choices.

        Parameters
        ----------
        **facts
            Fields of `Provenance` that are only known at the end.
        """
        return Provenance.of(
            self.checkpoint,
            channels=self.layout.channels,
            windows=self.windows,
            channel_axis=self.channel_axis,
            **{
                "look": self.settings.look,
                "device": self.device.name,
                "precision": self.precision,
                "tile": self.tile,
            }
            | facts,
        )


def resolve(
    request: EnhanceRequest | ResolvedRequest,
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> ResolvedRequest:
    """Check a request and make its choices.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        A resolved request is returned unchanged.
    report : callable, optional
        Called with a `Progress` while the image is read to determine the window.
    should_stop : callable, optional
        Called while the window is determined; returns whether to stop.

    Raises
    ------
    Cancelled, CheckpointError, DeviceError, ImageError, RequestError
        As `enhance` does.
    """
    if isinstance(request, ResolvedRequest):
        return request
    settings = request.settings
    layout, part = request.layout, request.part
    _check_channel_axis(request, layout)
    device = resolve_device(settings.device)
    precision = resolve_precision(settings.precision, device, np.dtype(request.image.dtype))
    # First, because reading the image may take long; an automatic checkpoint needs the image.
    checkpoint = None if settings.is_automatic else checkpoint_of(settings)
    windows, automatic = _read_image(request, report, should_stop)
    if checkpoint is None:
        assert automatic is not None
        checkpoint = checkpoint_of(replace(settings, checkpoint=automatic.checkpoint))
    resolved = ResolvedRequest(
        image=request.image,
        layout=layout,
        settings=settings,
        checkpoint=checkpoint.info,
        estimator=make_estimator(checkpoint, device, precision),
        device=device,
        precision=precision,
        windows=windows,
        part=part,
        automatic=automatic,
        channel_axis=request.channel_axis,
    )
    if settings.tile is not None and checkpoint.info.scale_factor == 1:
        pixels = min(resolved.tile, layout.height) * min(resolved.tile, layout.width)
        check_tile(pixels, settings.tile, device)
    return resolved


def _check_channel_axis(request: EnhanceRequest, layout: PlaneLayout) -> None:
    axis = request.channel_axis
    if axis is not None and not 0 <= axis < len(layout.leading):
        raise RequestError(
            f"The axis of the channels is {axis}, but the image has {len(layout.leading)} axes "
            "before its rows and columns; choose one of them, counted from 0, or none."
        )


def _read_image(
    request: EnhanceRequest, report: Report, should_stop: ShouldStop
) -> tuple[tuple[Window, ...], AutomaticChoice | None]:
    """Return the windows, and the choice of weights if it is automatic; read the image once."""
    channels, axis = request.channels, request.channel_axis
    reading = reading_reporter(report)
    found = find_windows(
        request.levels,
        request.settings.window,
        channels=channels,
        channel_axis=axis,
        should_stop=should_stop,
        on_region=reading,
    )
    windows = tuple(each.window for each in found)
    if not request.settings.is_automatic:
        return windows, None
    backgrounds = [each.background for each in found]
    if channels == "mono" and None in backgrounds:  # the windows needed no look at it
        backgrounds = [
            background_of(
                part,
                channels=channels,
                should_stop=should_stop,
                on_region=reading,
                coarser=coarser,
            )
            for part, *coarser in levels_of_channels(request.levels, axis)
        ]
    return windows, choose_weights(channels, typical(backgrounds))


def checkpoint_of(settings: EnhanceSettings) -> Checkpoint:
    """Return the loaded checkpoint of settings; errors are those of `load_checkpoint`."""
    if isinstance(settings.checkpoint, Checkpoint):
        return settings.checkpoint
    return load_checkpoint(settings.checkpoint, scale_factor=settings.scale_factor)
