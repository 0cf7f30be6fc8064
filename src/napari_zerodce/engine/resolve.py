"""The resolved request: every choice of a request is made once and may be used many times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.device import (
    Device,
    Precision,
    check_tile,
    default_tile,
    resolve_device,
    resolve_precision,
)
from napari_zerodce.engine.automatic import AutomaticChoice, choose_weights
from napari_zerodce.engine.crew import ALONE, crew_for
from napari_zerodce.engine.estimators.backends import make_estimator
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import Meter, reading_reporter
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.requests import EnhanceRequest, Report, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.tile_size import TileSize, count_of_tiles, side_for_all
from napari_zerodce.imaging.planes import PlaneLayout, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.window_search import background_of, find_window
from napari_zerodce.imaging.windows import Window, WindowChoice
from napari_zerodce.stopping import ShouldStop, never


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
    window : Window
    scope : Scope
        The part of the image to enhance.
    automatic : AutomaticChoice, optional
        Why this checkpoint was chosen, if the image decided it.
    """

    image: Any
    layout: PlaneLayout
    settings: EnhanceSettings
    checkpoint: CheckpointInfo
    estimator: CurveEstimator
    device: Device
    precision: Precision
    window: Window
    scope: Scope
    automatic: AutomaticChoice | None = None

    @cached_property
    def tile(self) -> int:
        """Side of the first tiles in pixels.

        It is never larger than the plane, so that half of it always needs less memory.
        """
        sides = (self.layout.height, self.layout.width)
        side = self.settings.tile
        if side is None:
            side = default_tile(self.device)
            workers = crew_for(self.device).size
            side = side_for_all(side, self._extent, planes=self.scope.count, workers=workers)
        return min(side, max(sides))

    @property
    def _extent(self) -> tuple[int, int]:
        """Rows and columns of the region that is processed."""
        (top, bottom), (left, right) = self.scope.rows, self.scope.columns
        return bottom - top, right - left

    def plane(self, index: tuple[int, ...] = ()) -> Plane:
        """Return a plane by its index in the leading axes."""
        return Plane(self.image, index, layout=self.layout, window=self.window)

    def planes(self) -> Iterator[Plane]:
        """Yield the planes of the scope; each is read when its turn comes."""
        return map(self.plane, self.scope.indices())

    def loop(
        self,
        *,
        passes: int = 1,
        doing: str = "Enhancing",
        report: Report = ignore,
        should_stop: ShouldStop = never,
    ) -> TileLoop:
        """Return a loop over tiles of all planes of the scope.

        Parameters
        ----------
        passes : int
            Number of passes over each plane.
        doing : str
            The message for a single plane.
        report, should_stop : callable, optional
            As in `enhance`.
        """
        planes = self.scope.count
        meter = Meter(passes * planes, report=report, should_stop=should_stop, doing=doing)
        crew = crew_for(self.device)
        tiles = count_of_tiles(self._extent, self.tile)
        # Planes side by side need least time, and tiles of one plane least memory.
        small = planes >= crew.size and tiles < 2 * crew.size
        of_planes, of_tiles = (crew, ALONE) if small else (ALONE, crew)
        return TileLoop(TileSize(self.device, self.tile), meter, of_planes, of_tiles)

    def on(self, image: Any) -> ResolvedRequest:
        """Return the same choices for another image of the same channels and dtype.

        Parameters
        ----------
        image : array-like
            Such as one plane of a stack, whose window is then that of the whole stack.
        """
        layout = layout_of(image, channels=self.layout.channels)
        return replace(self, image=image, layout=layout, scope=Scope.whole(layout))

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
            window=self.window,
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
    layout, scope = layout_in(request), scope_in(request)
    device = resolve_device(settings.device)
    precision = resolve_precision(settings.precision, device, np.dtype(request.image.dtype))
    # First, because reading the image may take long; an automatic checkpoint needs the image.
    checkpoint = None if settings.is_automatic else checkpoint_of(settings)
    window, automatic = _read_image(request, report, should_stop)
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
        window=window,
        scope=scope,
        automatic=automatic,
    )
    if settings.tile is not None and checkpoint.info.scale_factor == 1:
        pixels = min(resolved.tile, layout.height) * min(resolved.tile, layout.width)
        check_tile(pixels, settings.tile, device)
    return resolved


def layout_in(request: EnhanceRequest | ResolvedRequest) -> PlaneLayout:
    """Return the layout of a request's image, which is not read; raises an ImageError."""
    return request.layout


def scope_in(request: EnhanceRequest | ResolvedRequest) -> Scope:
    """Return the part that a request asks for; raises an ImageError or a RequestError."""
    return request.scope if isinstance(request, ResolvedRequest) else request.part


def _read_image(
    request: EnhanceRequest, report: Report, should_stop: ShouldStop
) -> tuple[Window, AutomaticChoice | None]:
    """Return the window, and the choice of weights if it is automatic; read the image once."""
    image, channels, choice = request.image, request.channels, request.settings.window
    reading = reading_reporter(report)
    found = find_window(
        image, choice, channels=channels, should_stop=should_stop, on_region=reading
    )
    if not request.settings.is_automatic:
        return found.window, None
    background = found.background
    if background is None and channels == "mono":  # the window needed no look at the background
        background = background_of(
            image, channels=channels, should_stop=should_stop, on_region=reading
        )
    return found.window, choose_weights(channels, background)


def checkpoint_of(settings: EnhanceSettings) -> Checkpoint:
    """Return the loaded checkpoint of settings; errors are those of `load_checkpoint`."""
    if isinstance(settings.checkpoint, Checkpoint):
        return settings.checkpoint
    return load_checkpoint(settings.checkpoint, scale_factor=settings.scale_factor)


def window_as_choice(window: Window) -> WindowChoice:
    """Return the window choice that gives exactly this window."""
    return WindowChoice("range", window.low, window.high)
