"""The work of the jobs that several docks share; the engine is imported in the worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.checkpoints.registry import resolve as path_of
from napari_zerodce.engine.automatic import AutomaticChoice, choose_weights, typical
from napari_zerodce.engine.forecast import forecast
from napari_zerodce.engine.progress import reading_reporter
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult, Progress, Report, ignore
from napari_zerodce.engine.settings import AUTOMATIC_WINDOW, EnhanceSettings
from napari_zerodce.errors import Cancelled, ZeroDCEError
from napari_zerodce.imaging.levels import coarser_levels, shapes_for_part
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.window_search import FoundWindow, find_windows
from napari_zerodce.imaging.windows import Window, WindowChoice, enclosing
from napari_zerodce.recent_results import RecentResults
from napari_zerodce.stopping import ShouldStop, never

if TYPE_CHECKING:
    from napari_zerodce.engine.lazy import LazyEnhancement
    from napari_zerodce.engine.level_samples import LevelSamples
    from napari_zerodce.engine.resolved import ResolvedRequest
    from napari_zerodce.gui.layers.on_screen import OnScreen
    from napari_zerodce.gui.session.jobs import Work

Shapes = Sequence[tuple[int, ...]]

_LEAST_SCALE: Final = 3
"""With it, the network of Zero-DCE++ needs 0.1 s for a level that fills the screen."""

_MOST_PIXELS_OF_CELLS: Final = 2**17
"""0.2 s for Zero-DCE on two cores, once for all looks and levels: the picture waits for them."""


@dataclass(frozen=True)
class Enhanced:
    """A result, and the coarser levels of its image if the source is multiscale."""

    result: EnhanceResult
    levels: tuple[Array, ...] = ()


def enhancing(request: EnhanceRequest, level_shapes: Shapes) -> Work:
    """Return the work that enhances; it gives an `Enhanced`.

    Parameters
    ----------
    request : EnhanceRequest
    level_shapes : sequence of tuple of int
        The shapes of the source's levels, the finest first.
    """

    def work(report: Report, should_stop: ShouldStop) -> Enhanced:
        from napari_zerodce.engine.enhance import enhance

        known = with_known_choices(request, should_stop, report)
        result = enhance(known, report=report, should_stop=should_stop)
        notices = (*_unread_for_window(request, should_stop), *result.notices)
        result = replace(result, notices=notices)
        if request.settings.is_automatic:
            result = replace(result, automatic=chosen_for(request, should_stop))
        made: Enhanced = completing(result, level_shapes)(report, should_stop)
        return made

    return work


def completing(result: EnhanceResult, level_shapes: Shapes) -> Work:
    """Return the work that makes the coarser levels of a result; it gives an `Enhanced`.

    Parameters
    ----------
    result : EnhanceResult
    level_shapes : sequence of tuple of int
        The shapes of the source's levels, the finest first.
    """
    coarser = shapes_for_part(result.image.shape, level_shapes)

    def work(report: Report, should_stop: ShouldStop) -> Enhanced:
        if coarser:
            report(Progress(1, 1, "Averaging the coarser levels"))
        try:
            levels = coarser_levels(result.image, coarser, should_stop=should_stop)
        except Cancelled as stop:
            stop.finished = result
            raise
        return Enhanced(result, tuple(levels))

    return work


def enhancing_all(requests: Sequence[EnhanceRequest], level_shapes: Sequence[Shapes]) -> Work:
    """Return the work that enhances one image after the other.

    It gives a tuple with an `Enhanced`, or the error, for each image; the attribute `finished` of
    an error is an `Enhanced`, too. One error does not stop the others. If the user stops, the
    `finished` of `Cancelled` is such a tuple of what is finished; the last one may be a part.

    Parameters
    ----------
    requests : sequence of EnhanceRequest
    level_shapes : sequence of sequence of tuple of int
        For each image the shapes of the source's levels, the finest first.
    """

    def work(report: Report, should_stop: ShouldStop) -> tuple[Enhanced | ZeroDCEError, ...]:
        pixels = [request.part.pixels for request in requests]
        done: list[Enhanced | ZeroDCEError] = []
        for number, (request, shapes) in enumerate(zip(requests, level_shapes, strict=True)):
            step = partial(_report_one_of, report, pixels, number)
            try:
                done.append(enhancing(request, shapes)(step, should_stop))
            except ZeroDCEError as err:
                err.finished = _completed(err.finished, shapes)
                done.append(err)
            except Cancelled as stop:
                last = _completed(stop.finished, shapes)
                done += [] if last is None else [last]
                stop.finished = tuple(done) if any(map(finished_of, done)) else None
                raise
        return tuple(done)

    return work


def _completed(result: EnhanceResult | None, level_shapes: Shapes) -> Enhanced | None:
    """Return what is finished with its coarser levels, also if the user has stopped."""
    if result is None:
        return None
    made: Enhanced = completing(result, level_shapes)(ignore, never)
    return made


def finished_of(done: Enhanced | ZeroDCEError) -> Enhanced | None:
    """Return what `enhancing_all` has made of an image, None if nothing of it is finished."""
    return done if isinstance(done, Enhanced) else done.finished


def _report_one_of(report: Report, pixels: Sequence[int], number: int, progress: Progress) -> None:
    """Report the progress of one image as that of all, which need time by their pixels."""
    here, before, after = pixels[number], sum(pixels[:number]), sum(pixels[number + 1 :])
    left, to_do = progress.seconds_left, here * (1 - progress.fraction)
    if left is not None:
        left = left * (to_do + after) / to_do if to_do else None
    message = f"Layer {number + 1} of {len(pixels)}: {progress.message}"
    report(Progress(before + here - to_do, sum(pixels), message, left))


def preparing_all(requests: Sequence[EnhanceRequest], images: Sequence[Sequence[Any]]) -> Work:
    """Return the work that makes all choices of lazy results.

    It gives a tuple with a `LazyEnhancement`, or the error, for each image.

    Parameters
    ----------
    requests : sequence of EnhanceRequest
    images : sequence of sequence of array-like
        For each request the levels that are read, the finest first.
    """

    def work(report: Report, should_stop: ShouldStop) -> tuple[Any, ...]:
        done: list[Any] = []
        for request, levels in zip(requests, images, strict=True):
            try:
                done.append(_prepared(request, levels, report, should_stop))
            except ZeroDCEError as err:
                done.append(err)
        return tuple(done)

    return work


def _prepared(
    request: EnhanceRequest, images: Sequence[Any], report: Report, should_stop: ShouldStop
) -> LazyEnhancement:
    from napari_zerodce.engine.lazy import LazyEnhancement

    report(Progress(0, 1, "Loading the checkpoint"))
    resolved = resolved_for(request, should_stop, report)
    finest, *coarser = images
    return LazyEnhancement(replace(resolved, image=finest), coarser)


def forecasting(request: EnhanceRequest) -> Work:
    """Return the work that times a request; its result is a `Forecast`."""
    return lambda _report, should_stop: forecast(request, should_stop=should_stop)


def checking(source: str | Path) -> Work:
    """Return the work that checks whether a checkpoint loads; its result is a `CheckpointInfo`."""

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.checkpoints.read import read_info

        return read_info(source)

    return work


class ViewRequest:
    """A request for the curves of the part on screen; requests with equal keys have equal curves.

    Parameters
    ----------
    request : EnhanceRequest
        For the whole layer: all its planes have the same intensity window.
    screen : OnScreen
    """

    def __init__(self, request: EnhanceRequest, screen: OnScreen) -> None:
        self.request = request
        self.screen = screen
        curves = replace(request, settings=request.settings.for_curves())
        self.plane = (_key(curves), screen.index)
        """Equal for all parts of a plane whose curves belong together."""
        self.key = (*self.plane, screen.level, screen.viewport.bounds)


def viewing(wanted: ViewRequest) -> Work:
    """Return the work that gives the `View` of the part on screen; recent views are reused."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        key = (wanted.key, _written(wanted.request))
        make = partial(_estimated, wanted, report=report, should_stop=should_stop)
        return _views.get(key, make, of=wanted.request.image)

    return work


def _estimated(wanted: ViewRequest, *, report: Report, should_stop: ShouldStop) -> Any:
    from napari_zerodce.engine.resolve import check_curves
    from napari_zerodce.engine.view import estimate_view

    check_curves(wanted.request.settings)  # before the image is read
    screen = wanted.screen
    resolved = resolved_for(wanted.request, should_stop, report)
    number = screen.level
    level = resolved
    if number:
        level = resolved.for_level(screen.source.levels[number])
        if resolved.scale_factor > 1:  # a larger thumbnail would cost more than it shows
            level = replace(level, level_scale=max(_LEAST_SCALE, level.scale_factor))
    view = estimate_view(
        level.at(screen.index), screen.part_of_level, report=report, should_stop=should_stop
    )
    view = replace(view, viewport=screen.viewport)
    if not number:
        return view.made_ready()
    axis = resolved.channel_axis
    channel = None if axis is None else screen.index[axis]
    fit = _samples_for(wanted.request, resolved).fit(level, number, channel, should_stop)
    return replace(view, brightness=fit.made_ready().brightness).made_ready()


def _samples_for(request: EnhanceRequest, resolved: ResolvedRequest) -> LevelSamples:
    """Return the cells that give the levels of an image their brightness; recent ones are kept."""
    from napari_zerodce.engine.level_samples import LevelSamples

    key = (_key(replace(request, settings=resolved.settings)), _written(request))
    found: LevelSamples = _samples.get(
        key,
        lambda: LevelSamples(resolved, request.coarser, most_pixels=_MOST_PIXELS_OF_CELLS),
        of=request.image,
    )
    return found


def resolved_for(
    request: EnhanceRequest, should_stop: ShouldStop, report: Report = ignore
) -> ResolvedRequest:
    """Resolve the request for a whole layer; recent results are reused.

    Parameters
    ----------
    request : EnhanceRequest
    should_stop, report : callable
        As in `resolve`.
    """
    from napari_zerodce.engine.resolve import resolve

    known = with_known_choices(request, should_stop, report)
    key = (_key(known), _written(known))
    found: ResolvedRequest = _resolved.get(key, lambda: resolve(known), of=request.image)
    return found


def choosing(request: EnhanceRequest) -> Work:
    """Return the work that chooses the weights for a whole layer; it gives an `AutomaticChoice`."""
    return lambda report, should_stop: chosen_for(request, should_stop, report)


def finding_window(request: EnhanceRequest) -> Work:
    """Return the work that finds the automatic window of a whole layer; it gives a `Window`."""

    def work(report: Report, should_stop: ShouldStop) -> Window:
        found = _found_windows(request, AUTOMATIC_WINDOW, should_stop, report)
        return enclosing([each.window for each in found])

    return work


def chosen_for(
    request: EnhanceRequest, should_stop: ShouldStop, report: Report = ignore
) -> AutomaticChoice:
    """Choose the weights that suit a whole layer; it is read only once, and hardly in colour.

    Parameters
    ----------
    request : EnhanceRequest
    should_stop, report : callable
        As in `resolve`.
    """
    # The automatic window needs the background, too: one reading is enough for both.
    found = _found_windows(request, AUTOMATIC_WINDOW, should_stop, report)
    return choose_weights(request.channels, typical([each.background for each in found]))


def with_known_choices(
    request: EnhanceRequest, should_stop: ShouldStop, report: Report = ignore
) -> EnhanceRequest:
    """Return a request whose windows are numbers, and whose checkpoint is not automatic.

    Parameters
    ----------
    request : EnhanceRequest
        For a whole layer, or a part of it.
    should_stop, report : callable
        As in `resolve`.
    """
    settings = request.settings
    found = _found_windows(request, settings.window, should_stop, report)
    windows = WindowChoice.of_windows([each.window for each in found])
    settings = replace(settings, window=windows)
    if settings.is_automatic:
        settings = replace(settings, checkpoint=chosen_for(request, should_stop, report).checkpoint)
    return replace(request, settings=settings, is_grey=all(each.is_grey for each in found))


def _unread_for_window(request: EnhanceRequest, should_stop: ShouldStop) -> tuple[str, ...]:
    """Return the notices about parts that could not be read for the windows, which are known."""
    found = _found_windows(request, request.settings.window, should_stop, ignore)
    return tuple(dict.fromkeys(each.unread for each in found if each.unread))


def _found_windows(
    request: EnhanceRequest, choice: WindowChoice, should_stop: ShouldStop, report: Report
) -> tuple[FoundWindow, ...]:
    # A window depends on no other setting, so all others have their defaults in its key.
    alone = replace(request, settings=EnhanceSettings(window=choice), scope=None)
    return _windows.get(
        _key(alone),
        lambda: find_windows(
            request.levels,
            choice,
            channels=request.channels,
            channel_axis=request.channel_axis,
            should_stop=should_stop,
            on_region=reading_reporter(report),
            bits=request.bits,
            known_grey=request.is_grey,
        ),
        of=request.image,
    )


def _key(request: EnhanceRequest) -> EnhanceRequest:
    """Return what can be a key: the request with the identities of its arrays in their place.

    Every field of a request is so part of the key, also one that is added later: two layers may
    share an array, and take its last axis for colours or not.
    """
    return replace(request, image=id(request.image), coarser=tuple(map(id, request.coarser)))


def _written(request: EnhanceRequest) -> int:
    """Return when the checkpoint was written: a fine-tuning may replace a file by another.

    The automatic ones are part of this package, and are not replaced while it runs.
    """
    if request.settings.is_automatic:
        return 0
    return path_of(str(request.settings.checkpoint)).stat().st_mtime_ns


def forget_views() -> None:
    """Forget all remembered results, so that everything is estimated again."""
    for remembered in (_views, _windows, _resolved, _samples):
        remembered.clear()


_views: RecentResults[Any] = RecentResults(2)
_windows: RecentResults[tuple[FoundWindow, ...]] = RecentResults(8)
_resolved: RecentResults[Any] = RecentResults(2)
_samples: RecentResults[Any] = RecentResults(2)
