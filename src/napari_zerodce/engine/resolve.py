"""Make every choice of a request, once: its network, its window and its tiles."""

from __future__ import annotations

from dataclasses import replace

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.device import Device, check_tile
from napari_zerodce.engine.automatic import AutomaticChoice, choose_weights, typical
from napari_zerodce.engine.estimators.backends import make_runner
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.engine.methods.crops import MOST_PLANES, measured_whole
from napari_zerodce.engine.placement import device_of, place
from napari_zerodce.engine.progress import reading_reporter
from napari_zerodce.engine.requests import EnhanceRequest, Report, ignore
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.series import series_of
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.translation_limits import (
    bytes_per_pixel,
    check_translation,
    first_tile,
    working_memory,
)
from napari_zerodce.imaging.grey import GreyPlanes
from napari_zerodce.imaging.planes import PlaneLayout
from napari_zerodce.imaging.window_search import background_of, find_windows, levels_of_channels
from napari_zerodce.imaging.windows import Window
from napari_zerodce.stopping import ShouldStop, never


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
    request.check_axes()
    device = device_of(settings)
    # First, because reading the image may take long; an automatic checkpoint needs the image.
    checkpoint = None if settings.is_automatic else checkpoint_of(settings)
    whole_side = None if checkpoint is None else _whole_side(checkpoint.info, request, device)
    windows, automatic, notices = read_choices(request, report, should_stop)
    if checkpoint is None:
        assert automatic is not None
        checkpoint = checkpoint_of(replace(settings, checkpoint=automatic.checkpoint))
    placed = place(request, checkpoint.info, device)
    runner = make_runner(checkpoint, device, placed.precision, placed.backend)
    settings = _without_useless_lock(request, checkpoint.info)
    resolved = ResolvedRequest(
        image=request.planes,
        layout=layout,
        settings=settings,
        checkpoint=checkpoint.info,
        runner=runner,
        device=device,
        precision=placed.precision,
        windows=windows,
        part=part,
        automatic=automatic,
        channel_axis=request.channel_axis,
        time_axis=None if settings.time == "frames" else request.time_axis,
        series=None if isinstance(runner, Translator) else series_of(request, windows, runner),
        grey=None if isinstance(runner, Translator) else GreyPlanes(request.planes, layout),
        axes=request.axes,
        skip_unreadable=request.skip_unreadable,
        notices=(*notices, *_about_crops(settings, layout, whole_side)),
        whole_side=whole_side,
    )
    _check_tile(resolved)
    return resolved


def resolve_for_curves(
    request: EnhanceRequest | ResolvedRequest,
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> ResolvedRequest:
    """Resolve a request whose curves are needed, as `resolve` does.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
    report, should_stop : callable, optional
        As in `resolve`.

    Raises
    ------
    CheckpointError
        If the checkpoint is a translator; then the image is not read.
    Cancelled, DeviceError, ImageError, RequestError
        As `enhance` does.
    """
    if isinstance(request, EnhanceRequest):
        check_curves(request.settings)
    resolved = resolve(request, report=report, should_stop=should_stop)
    _ = resolved.estimator
    return resolved


def check_curves(settings: EnhanceSettings) -> None:
    """Raise a CheckpointError if the checkpoint of settings is a translator."""
    if not settings.is_automatic:
        checkpoint_of(settings).check_curves()


def _whole_side(info: CheckpointInfo, request: EnhanceRequest, device: Device) -> int | None:
    """Check a request for a translator, and return the side of planes that fit whole."""
    if info.design is None:
        return None
    layout = request.layout
    check_translation(info, request.settings, layout)
    return first_tile(info.design, (layout.height, layout.width), device)


def _without_useless_lock(request: EnhanceRequest, info: CheckpointInfo) -> EnhanceSettings:
    """Return the settings of a request, unlocked if no planes of it share their normalisation."""
    several = request.layout.count_of_channel(request.channel_axis) > 1
    locked = request.settings.lock_normalisation and info.is_translator and several
    return replace(request.settings, lock_normalisation=locked)


def _about_crops(
    settings: EnhanceSettings, layout: PlaneLayout, whole_side: int | None
) -> tuple[str, ...]:
    """Return the notice about planes of which only crops decide the statistics."""
    shape = (layout.height, layout.width)
    if whole_side is None:
        return ()
    if settings.lock_normalisation:
        planes = min(layout.count, MOST_PLANES)
        told = f"Crops from {planes} planes decide how all planes are normalised."
        return () if measured_whole(shape, planes) else (told,)
    told = (
        f"A plane of {shape[1]}x{shape[0]} pixels does not fit into memory whole, so crops of it "
        "decide how it is normalised: contrast and brightness differ a little from a whole pass."
    )
    return () if whole_side >= max(shape) else (told,)


def _check_tile(resolved: ResolvedRequest) -> None:
    tile, layout = resolved.settings.tile, resolved.layout
    if tile is None:
        return
    if (design := resolved.checkpoint.design) is not None:
        each = bytes_per_pixel(design)
        pixels = working_memory(design, (layout.height, layout.width), resolved.tile) // each
        check_tile(pixels, tile, resolved.device, bytes_per_pixel=each)
    elif resolved.checkpoint.scale_factor == 1:
        pixels = min(resolved.tile, layout.height) * min(resolved.tile, layout.width)
        check_tile(pixels, tile, resolved.device)


def read_choices(
    request: EnhanceRequest, report: Report, should_stop: ShouldStop
) -> tuple[tuple[Window, ...], AutomaticChoice | None, tuple[str, ...]]:
    """Return windows, the choice of weights if it is automatic, and notices.

    The image is read once.

    Parameters
    ----------
    request : EnhanceRequest
    report, should_stop : callable
        As in `resolve`.

    Raises
    ------
    Cancelled, ImageError, RequestError
        As `enhance` does.
    """
    channels, axis = request.channels, request.channel_axis
    reading = reading_reporter(report)
    found = find_windows(
        request.levels,
        request.settings.window,
        channels=channels,
        channel_axis=axis,
        should_stop=should_stop,
        on_region=reading,
        bits=request.bits,
        known_grey=request.is_grey,
    )
    is_grey = all(each.is_grey for each in found)
    windows = tuple(each.window for each in found)
    notices = tuple(dict.fromkeys(each.unread for each in found if each.unread))
    if not request.settings.is_automatic:
        return windows, None, notices
    backgrounds = [each.background for each in found]
    if (channels == "mono" or is_grey) and None in backgrounds:  # the windows needed no look at it
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
    return windows, choose_weights(channels, typical(backgrounds)), notices


def checkpoint_of(settings: EnhanceSettings) -> Checkpoint:
    """Return the loaded checkpoint of settings; errors are those of `load_checkpoint`."""
    if isinstance(settings.checkpoint, Checkpoint):
        return settings.checkpoint
    return load_checkpoint(settings.checkpoint, scale_factor=settings.scale_factor)
