"""A plane, or its part on screen, with its curves in memory, so that any look is drawn at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.arrays import distinct, to_numpy
from napari_zerodce.core.detail import BASE_HALO, edge_preserving_base
from napari_zerodce.core.memory_order import interleaved, is_interleaved
from napari_zerodce.core.thumbnails import Span
from napari_zerodce.engine.apply_look import tone
from napari_zerodce.engine.brightness import Brightness
from napari_zerodce.engine.crew import FEW_THREADS
from napari_zerodce.engine.global_curve import GLOBAL_CURVE_DECIMALS
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.methods.curves import CurveMethod
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import reading_reporter
from napari_zerodce.engine.requests import EnhanceRequest, Report, ignore
from napari_zerodce.engine.resolve import resolve_for_curves
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.forking import call_in_forked_children
from napari_zerodce.hardware import usual_threads
from napari_zerodce.imaging.exposure import UNCHANGED, Correction
from napari_zerodce.imaging.intensity import Window, restore
from napari_zerodce.imaging.planes import Channels
from napari_zerodce.imaging.sampling import chunks_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Tile, grown, within
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

Array = np.ndarray[Any, Any]

_STRIP = 2**18
"""Samples of a strip, about the cache of a core: twice as fast as the whole part at a time."""

_MOST_READ = 2**24
"""Samples of a lazy plane that are read at once to keep some of them."""


@cache
def _strip_workers() -> ThreadPoolExecutor:
    """Return threads, each of which works on its own strip.

    They are not those of runs: a look is drawn while a run goes on.
    """
    return ThreadPoolExecutor(min(usual_threads(), 8), "strip")


call_in_forked_children(_strip_workers.cache_clear)


@dataclass(frozen=True)
class View:
    """A part of a plane with its curves, in the memory of the CPU.

    Parameters
    ----------
    viewport : Viewport
    channels : {"mono", "rgb", "rgba"}
    samples : ndarray, shape (h, w), (h, w, 3) or (h, w, 4)
        The part of the plane as it is.
    unit, base : ndarray, shape (1, C, h, w), values in [0, 1]
        Its colours, mapped by the window, and their edge-preserving base.
    alphas : ndarray, shape (1, 8, C, h, w), values in [-1, 1]
        In the paper's sign. For Zero-DCE++ one map, repeated without a copy, and with the colours
        of a pixel beside each other in memory, as in `unit` and `base`.
    window : Window
    checkpoint : CheckpointInfo
    device, precision : str
        Those of the network that estimated the curves.
    correction : Correction
        Makes the exposure of the plane steady along time.
    brightness : callable, optional
        For a coarser level of an image: given a look, what its enhanced pixels become.
    """

    viewport: Viewport
    channels: Channels
    samples: Array
    unit: Array
    base: Array
    alphas: Array
    window: Window
    checkpoint: CheckpointInfo
    device: str
    precision: str
    correction: Correction = UNCHANGED
    brightness: Callable[[Look], Brightness] | None = None

    @cached_property
    def steady(self) -> Array:
        """The samples with the exposure that is steady along time, but with any alpha."""
        return self.correction.apply(self.samples)

    @cached_property
    def mean_alphas(self) -> Array:
        """The mean maps, shape (1, 8, 1, 1, 1): one curve for all pixels, as in `enhance`."""
        maps = distinct(self.alphas, 1)
        means = maps.mean((2, 3, 4), dtype=np.float64, keepdims=True).round(GLOBAL_CURVE_DECIMALS)
        return np.broadcast_to(means.astype(np.float32), (1, ITERATIONS, 1, 1, 1))

    @cached_property
    def bound(self) -> float:
        """The largest absolute value of all maps."""
        maps = distinct(self.alphas, 1)
        return max(-float(maps.min()), float(maps.max()))

    @cached_property
    def is_grey(self) -> bool:
        """Whether the colours and their curves are equal in each pixel."""
        several = self.unit.shape[1] > 1
        return several and all(
            np.array_equal(each[..., 0, :, :], each[..., n, :, :])
            for each in (self.unit, distinct(self.alphas, 1))
            for n in (1, 2)
        )

    def made_ready(self) -> View:
        """Return this view after the work that its first picture would have to do."""
        _ = self.bound, self.is_grey
        return self

    def alphas_for(self, look: Look) -> Array:
        """Return the curves that a look uses: each pixel's own, or the mean of all."""
        return self.mean_alphas if look.global_curve else self.alphas

    def render(self, look: Look) -> Array:
        """Return the part with a look applied, in shape and dtype of `samples`.

        If every pixel of the part is kept, the result equals that of `enhance` for the whole
        image. A global curve is an exception: here it is the mean of this part only.
        """
        output = self.steady.copy()
        if self.channels == "rgba":
            output[..., 3] = self.samples[..., 3]
        if look.changes_nothing:
            return output
        colours = output if self.channels == "mono" else output[..., :3]
        alphas = self.alphas_for(look)
        rows, width = self.samples.shape[:2]
        height = max(1, _STRIP // (width * self.unit.shape[1]))

        limited = look.detail_gain_limit is not None
        # If grey, once for all colours, which then are equal to the last bit.
        own = slice(0, 1 if self.is_grey else None)
        pixels, alphas = self.unit[:, own], alphas[:, :, own]
        base = self.base[:, own] if limited else None
        bound = self.bound
        brightness = self.brightness and self.brightness(look)

        def fill(start: int) -> None:
            strip = slice(start, min(rows, start + height))
            part = (..., strip, slice(None))
            curves = alphas if look.global_curve else alphas[part]
            of_base = None if base is None else base[part]
            unit = tone(pixels[part], curves, look, base=of_base, bound=bound)
            restored = self._restored(unit[0], strip)
            colours[strip] = brightness.apply(restored, self.window) if brightness else restored

        # With few threads, one is faster: 34 ms against 50 for 1280x720.
        each = map if usual_threads() <= FEW_THREADS else _strip_workers().map
        list(each(fill, range(0, rows, height)))
        return output

    def unit_at(self, row: int, column: int) -> Array:
        """Return a pixel's colours, mapped to [0, 1].

        Parameters
        ----------
        row, column : int
            In kept pixels of the view.

        Returns
        -------
        ndarray, shape (C,)
        """
        return self.unit[0, :, row, column]

    def alphas_at(self, row: int, column: int, look: Look) -> Array:
        """Return the curve parameters that a look uses for a pixel.

        Parameters
        ----------
        row, column : int
            In kept pixels of the view.
        look : Look

        Returns
        -------
        ndarray, shape (8, C), values in [-1, 1]
        """
        alphas = self.alphas_for(look)[0]
        if look.global_curve:
            row = column = 0
        return np.broadcast_to(alphas[:, :, row, column], (len(alphas), self.unit.shape[1]))

    def _restored(self, unit: Array, rows: slice) -> Array:
        """Return a strip in units of the image, shape (h, w) or (h, w, 3)."""
        if self._covers_bytes:
            # This equals `restore`, in half the time.
            unit *= 255
            unit += 0.5
            whole = unit.astype(np.uint8)
            return whole[0] if self.channels == "mono" else np.moveaxis(whole, 0, -1)
        original = self.steady[rows]
        if self.channels == "mono":
            return restore(unit[0], original, self.window)
        colours = np.ascontiguousarray(np.moveaxis(original[..., :3], -1, 0))
        channels = colours[: len(unit)]
        return np.moveaxis(restore(unit, channels, self.window), 0, -1)

    @property
    def _covers_bytes(self) -> bool:
        window = self.window
        return self.samples.dtype == np.uint8 and (window.low, window.high) == (0, 255)


def estimate_view(
    request: EnhanceRequest | ResolvedRequest,
    viewport: Viewport,
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> View:
    """Estimate the curves of a part of a plane.

    If the viewport keeps every pixel, the curves are those of the whole plane. Otherwise the
    network gets the kept pixels, for Zero-DCE++ with a thumbnail of the same size as before: nearly
    the same curves in a fraction of the time.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        Its image is one plane. Its look is not used.
    viewport : Viewport
    report, should_stop : callable, optional
        As in `enhance`.

    Raises
    ------
    Cancelled, CheckpointError, DeviceError, ImageError, RequestError
        As `enhance` does.
    """
    rows, columns = viewport.rows, viewport.columns
    if viewport.step > 1 and isinstance(request, EnhanceRequest):
        kept = _kept(request.image, viewport, report, should_stop)
        request = replace(request, image=kept, coarser=())
    resolved = resolve_for_curves(request, report=report, should_stop=should_stop)
    if viewport.step > 1:
        if resolved is request:
            spans = _spans(viewport, resolved.layout.height, resolved.layout.width)
            kept = _kept(resolved.image, viewport, report, should_stop)
            resolved = resolved.on(kept, spans=spans)
        rows, columns = slice(0, resolved.layout.height), slice(0, resolved.layout.width)
        resolved = replace(
            resolved, level_scale=max(1, round(resolved.scale_factor / viewport.step))
        )
    part = Scope((), (rows.start, rows.stop), (columns.start, columns.stop))
    resolved = replace(resolved, part=part)
    plane = resolved.plane(check=partial(raise_if_stopped, should_stop))
    alphas = _estimate(resolved, plane, report=report, should_stop=should_stop)
    unit, base = _unit_and_base(plane, rows, columns, planar=not is_interleaved(alphas))
    return View(
        viewport=viewport,
        channels=resolved.layout.channels,
        samples=np.ascontiguousarray(resolved.image[rows, columns]),
        unit=unit,
        base=base,
        alphas=alphas,
        window=resolved.window,
        checkpoint=replace(resolved.checkpoint, scale_factor=resolved.scale_factor),
        device=resolved.device.name,
        precision=resolved.precision,
        correction=plane.correction,
    )


def _spans(viewport: Viewport, height: int, width: int) -> tuple[Span, Span]:
    """Return the part of a plane's height and width that a viewport shows."""
    rows, columns = (
        (side.start / length, side.stop / length)
        for side, length in ((viewport.rows, height), (viewport.columns, width))
    )
    return rows, columns


def _kept(image: Any, viewport: Viewport, report: Report, should_stop: ShouldStop) -> Array:
    """Return the pixels of a plane that a viewport keeps.

    Of a lazy plane, all chunks under it are computed, so they are read in bands: few are in memory
    at a time, and the user can stop.
    """
    rows, columns, step = viewport.rows, viewport.columns, viewport.step
    across = slice(columns.start, columns.stop, step)
    if isinstance(image, np.ndarray) and not isinstance(image, np.memmap):
        return image[rows.start : rows.stop : step, across]
    height = _rows_at_once(image, columns.stop - columns.start, step)
    starts = range(rows.start, rows.stop, height)
    reading, bands = reading_reporter(report, "Reading the part on screen"), []
    for number, start in enumerate(starts):
        raise_if_stopped(should_stop)
        reading(number, len(starts))
        bands.append(np.asarray(image[start : min(start + height, rows.stop) : step, across]))
    return np.concatenate(bands)


def _rows_at_once(image: Any, width: int, step: int) -> int:
    """Return the height of a band of whole chunks, of about `_MOST_READ` samples."""
    chunk = chunks_of(image)
    chunk_rows = chunk[0] if chunk else 1
    height = max(chunk_rows, _MOST_READ // max(1, width) // chunk_rows * chunk_rows)
    return -(-height // step) * step


def _estimate(
    resolved: ResolvedRequest, plane: Plane, *, report: Report, should_stop: ShouldStop
) -> Array:
    """Return the alphas of the part of a plane, shape (1, 8, C, h, w), in the CPU's memory."""
    rows, columns = resolved.part.region
    size = (rows.stop - rows.start, columns.stop - columns.start)
    maps = resolved.checkpoint.curve_traits.maps
    alphas = np.empty((1, maps, resolved.layout.colours, *size), np.float32)
    if maps == 1:  # enlarged from a thumbnail, with the order of the samples
        alphas = interleaved(alphas)

    def put(_: Plane, tile: Tile, found: Array) -> None:
        alphas[(..., within(tile.rows, rows), within(tile.columns, columns))] = found

    method = CurveMethod(
        resolved.estimator,
        lambda tile: to_numpy(tile.alphas[:, :maps]),
        scale_factor=resolved.scale_factor,
    )
    loop = resolved.loop(doing="Estimating curves", report=report, should_stop=should_stop)
    loop.run(method, [plane], put, region=(rows, columns))
    return np.broadcast_to(alphas, (1, ITERATIONS, *alphas.shape[2:]))


def _unit_and_base(
    plane: Plane, rows: slice, columns: slice, *, planar: bool
) -> tuple[Array, Array]:
    """Return a region's colours in [0, 1] and their edge-preserving base, shape (1, C, h, w)."""
    outer = grown(rows, plane.shape[0], BASE_HALO), grown(columns, plane.shape[1], BASE_HALO)
    inner = (..., within(rows, outer[0]), within(columns, outer[1]))
    unit = plane.normalised(plane.read(*outer))[None]
    unit = np.ascontiguousarray(unit) if planar else interleaved(unit)
    return unit[inner], edge_preserving_base(unit)[inner]
