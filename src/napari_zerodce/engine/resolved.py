"""A request with every choice made; results, lazy chunks, maps and the live view start from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import prod
from typing import Any, Final

import numpy as np

from napari_zerodce.checkpoints.info import NO_CURVES, CheckpointInfo
from napari_zerodce.core.detail import BASE_HALO
from napari_zerodce.core.thumbnails import RECEPTIVE_RADIUS, WHOLE, Span
from napari_zerodce.device import (
    Backend,
    Device,
    Precision,
    default_tile,
)
from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.engine.brightness import Brightness
from napari_zerodce.engine.crew import ALONE, Crew, crew_for, crew_for_curves, crew_for_items
from napari_zerodce.engine.estimators.estimator import Check, CurveEstimator, no_check
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.engine.image_plane import ImagePlane
from napari_zerodce.engine.methods.crops import MOST_PLANES
from napari_zerodce.engine.methods.thumbnail_curves import seen_region
from napari_zerodce.engine.methods.translation import Normalisation
from napari_zerodce.engine.plane import NOTHING_SHARED, Plane
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.requests import Report, ignore
from napari_zerodce.engine.series import Series
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.tile_size import TileSize, side_for_all
from napari_zerodce.engine.translation_limits import (
    room_for_translation,
    working_memory,
)
from napari_zerodce.imaging.grey import GreyPlanes
from napari_zerodce.imaging.planes import PlaneLayout, SelectedPlane, layout_of
from napari_zerodce.imaging.sampling import spread
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Region
from napari_zerodce.imaging.windows import Window, enclosing
from napari_zerodce.stopping import ShouldStop, never

_MOST_PIXELS_OF_PLANES: Final = 2**25
"""Of the planes that are processed at the same time: 64 MB of 16-bit samples."""

_MOST_PIXELS_OF_STACK: Final = 2**21
"""Of planes that are processed as one: a GPU then computes longer than it takes to start it."""


@dataclass(frozen=True)
class ResolvedRequest:
    """A request with every choice made, and the network on its device.

    It may be used as often as needed, and by several threads.

    Parameters
    ----------
    image : array-like
    layout : PlaneLayout
    settings : EnhanceSettings
        As the user chose them, without a lock of normalisation that has nothing to lock.
    checkpoint : CheckpointInfo
    runner : CurveEstimator or Translator
        The network on its device.
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
    time_axis : int, optional
        The leading axis of time, if frames share something along it.
    series : Series, optional
        What its planes share along the axes of time and of the channels.
    grey : GreyPlanes, optional
        Which planes of the finest level have equal colours, so that these share their curves; None
        for a translator.
    place : tuple of int
        Index of the image in that of the request: not empty if it is one plane of it.
    spans : tuple of (float, float)
        The part of the height and width of the series that the image shows.
    axes : str
        As in the request; `image` is already in the order with rows and columns last.
    skip_unreadable : bool
        As in the request.
    notices : tuple of str
        Sentences for the user about the choices.
    global_curve : tuple of float
        A_1 .. A_8 for all pixels, if the look wants one curve and it is known already.
    level_scale : int, optional
        For a coarser level of an image: how many times smaller its thumbnail is.
    brightness : Brightness, optional
        For a coarser level of an image: what its enhanced pixels become.
    whole_side : int, optional
        For a translator: planes with sides of up to this number of pixels fit into memory whole.
    """

    image: Any
    layout: PlaneLayout
    settings: EnhanceSettings
    checkpoint: CheckpointInfo
    runner: CurveEstimator | Translator
    device: Device
    precision: Precision
    windows: tuple[Window, ...]
    part: Scope
    automatic: AutomaticChoice | None = None
    channel_axis: int | None = None
    time_axis: int | None = None
    series: Series | None = None
    grey: GreyPlanes | None = None
    place: tuple[int, ...] = ()
    spans: tuple[Span, Span] = WHOLE
    axes: str = ""
    skip_unreadable: bool = False
    notices: tuple[str, ...] = ()
    global_curve: tuple[float, ...] = ()
    level_scale: int | None = None
    brightness: Brightness | None = None
    whole_side: int | None = None

    @property
    def estimator(self) -> CurveEstimator:
        """The network that estimates curves.

        Raises
        ------
        CheckpointError
            If it is a translator.
        """
        if isinstance(self.runner, Translator):
            raise self.checkpoint.refusal(NO_CURVES)
        return self.runner

    @property
    def backend(self) -> Backend:
        """The library that runs the network."""
        return self.runner.backend

    @property
    def normalisation(self) -> Normalisation | None:
        """Which pixels decide the statistics of a translator; None for curves."""
        if self.whole_side is None:
            return None
        fits = max(self.layout.height, self.layout.width) <= self.whole_side
        several = self.layout.count_of_channel(self.channel_axis) > 1
        sample = self._sample if several and self.settings.lock_normalisation else None
        whole = replace(self, part=Scope.whole(self.layout))
        return Normalisation(self.image, fits, sample, whole.plane)

    def _sample(self, index: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Return the indices of some planes of the image, of the same channel as a plane."""
        lengths = [
            1 if axis == self.channel_axis else length
            for axis, length in enumerate(self.layout.leading)
        ]
        found = (np.unravel_index(place, lengths) for place in spread(prod(lengths), MOST_PLANES))
        return [
            tuple(
                index[axis] if axis == self.channel_axis else int(place)
                for axis, place in enumerate(each)
            )
            for each in found
        ]

    @property
    def scale_factor(self) -> int:
        """How many times smaller than a plane the thumbnail is; 1 for none."""
        return self.level_scale or self.runner.scale_factor

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
        side = self.settings.tile or self.whole_side
        if side is None:
            network = self.backend if self.scale_factor == 1 else None
            side = default_tile(self.device, network)
            # Without the network, and on a GPU, smaller tiles cost more than another thread gains.
            if network and self.device.kind == "cpu":
                side = self._side_for_all(side)
        return min(side, max(sides))

    def _side_for_all(self, side: int) -> int:
        extent, planes, workers = self.part.extent, self.part.count, self._crew.size
        return side_for_all(side, extent, planes=planes, workers=workers, halo=RECEPTIVE_RADIUS)

    def plane(self, index: tuple[int, ...] = (), *, check: Check = no_check) -> Plane:
        """Return a plane by its index in the leading axes.

        Parameters
        ----------
        index : tuple of int
        check : callable, optional
            Called before each frame around it is read; raises `Cancelled` to stop.
        """
        place, shared = self._place_of(index), NOTHING_SHARED
        if self.series is not None:
            shared = self.series.shared(place, self.spans, check=check)
        plane = ImagePlane(
            self.image,
            index,
            layout=self.layout,
            window=self.window_of(index),
            shared=shared,
            region=self._seen,
        )
        if self.grey is not None:
            stop = partial(_is_stopped, check)
            plane.is_grey = self.grey.holds(place, loaded=plane.loaded, should_stop=stop)
        return plane

    def _place_of(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Return the index in the request's image of a plane of this one or a level of it."""
        if self.grey is None:
            return ()
        return (*self.place, *self.grey.index_of(index, self.layout.leading))

    @property
    def _seen(self) -> Region:
        """The pixels of a plane that decide those of the part, with any look."""
        if self.checkpoint.is_translator:
            return slice(0, self.layout.height), slice(0, self.layout.width)
        shape = (self.layout.height, self.layout.width)
        return seen_region(self.part.region, shape, self.scale_factor, halo=BASE_HALO)

    def planes(self, check: Check = no_check) -> Iterator[Plane]:
        """Yield the planes to enhance; each is read when its turn comes.

        Parameters
        ----------
        check : callable, optional
            As in `plane`.
        """
        return (self.plane(index, check=check) for index in self.part.indices())

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
        of_planes, of_tiles = self._crews(self._crew)
        return TileLoop(TileSize(self.device, self.tile), meter, of_planes, of_tiles)

    @property
    def stack(self) -> int:
        """How many planes are processed as one: several small ones on a GPU."""
        if not self._takes_samples:
            return 1
        rows, columns = self.part.extent
        room = min(_MOST_PIXELS_OF_STACK, default_tile(self.device) ** 2)
        return max(1, min(-(-self.part.count // self._crew.size), room // (rows * columns)))

    @property
    def _takes_samples(self) -> bool:
        return not isinstance(self.runner, Translator) and self.runner.takes_samples

    @property
    def _crew(self) -> Crew:
        return crew_for(self.device, self.backend)

    def _crews(self, crew: Crew) -> tuple[Crew, Crew]:
        """Return who processes planes, and who the tiles of a plane: one of them is `ALONE`."""
        if self.checkpoint.design is not None:
            return self._crews_of_translator(crew)
        rows, columns = self.part.extent
        scale_factor = self.scale_factor
        # Planes side by side need less time than tiles side by side, but all in memory.
        if self.part.count >= crew.size and rows * columns * crew.size <= _MOST_PIXELS_OF_PLANES:
            return crew_for_items(crew, self.stack * rows * columns, scale_factor), ALONE
        tile = min(rows, self.tile) * min(columns, self.tile)
        for_tiles = crew_for_items(crew, tile, scale_factor)
        return ALONE, for_tiles if scale_factor == 1 else crew_for_curves(for_tiles)

    def _crews_of_translator(self, crew: Crew) -> tuple[Crew, Crew]:
        """Return who processes planes and tiles: side by side only if all fit into memory."""
        if self.device.kind == "cuda":
            return ALONE, ALONE
        design, shape = self.checkpoint.design, (self.layout.height, self.layout.width)
        assert design is not None
        each = working_memory(design, shape, self.tile)
        if each * crew.size > room_for_translation(self.device):
            return ALONE, ALONE
        return (crew, ALONE) if self.part.count >= crew.size else (ALONE, crew)

    def at(self, index: tuple[int, ...]) -> ResolvedRequest:
        """Return the same choices for one plane.

        Parameters
        ----------
        index : tuple of int
            Of the plane in the leading axes.
        """
        return self.on(SelectedPlane(self.image, index), index)

    def on(
        self, image: Any, index: tuple[int, ...] = (), *, spans: tuple[Span, Span] = WHOLE
    ) -> ResolvedRequest:
        """Return the same choices for an image that shows one plane, such as a coarser level of it.

        Parameters
        ----------
        image : array-like
        index : tuple of int
            Of the plane in the leading axes, whose window is kept; not needed for a single plane.
        spans : tuple of (float, float), optional
            The part of the plane's height and width that the image shows, by default all.
        """
        layout = layout_of(image, channels=self.layout.channels)
        return replace(
            self,
            image=image,
            layout=layout,
            part=Scope.whole(layout),
            windows=(self.window_of(index),),
            channel_axis=None,
            time_axis=None,
            place=self._place_of(index),
            spans=spans,
            axes="",
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
        # Other frames than those of the finest level are no part of its series.
        series = self.series if layout.leading == self.layout.leading else None
        return replace(
            self,
            image=image,
            layout=layout,
            series=series,
            part=self.part.scaled(self.layout, layout),
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
            image_axes=self.axes,
            **{
                "time_axis": self.time_axis,
                "time": self.settings.time,
                "time_window": self.settings.time_window,
                "channel_curves": self.settings.channel_curves,
                "lock_normalisation": self.settings.lock_normalisation,
                "statistics": "" if (found := self.normalisation) is None else found.describe(),
                "look": self.settings.look,
                "device": self.device.name,
                "precision": self.precision,
                "backend": self.backend,
                "tile": self.tile,
            }
            | facts,
        )


def _is_stopped(check: Check) -> bool:
    """Return False, unless `check` raises `Cancelled`."""
    check()
    return False
