"""Images of different shapes that share a window and weights, such as the pages of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Final

import numpy as np

from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.engine.requests import EnhanceRequest, Report, ignore
from napari_zerodce.engine.resolve import read_choices
from napari_zerodce.imaging.grey import is_grey
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop, never

_MOST_SAMPLES: Final = 2**26
"""Of all images together; of more, every n-th pixel counts."""


@dataclass(frozen=True)
class SharedChoice:
    """A request with the choices that it shares with others.

    Parameters
    ----------
    request : EnhanceRequest
    automatic : AutomaticChoice, optional
        Why it has its checkpoint, if the images decided it.
    notices : tuple of str
        Sentences for the user.
    """

    request: EnhanceRequest
    automatic: AutomaticChoice | None = None
    notices: tuple[str, ...] = ()


def with_shared_choices(
    requests: Sequence[EnhanceRequest],
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> list[SharedChoice]:
    """Find one window, and one set of weights, for the images of each dtype and kind of colours.

    Grey images in colours are of another kind than those that have colours.

    Parameters
    ----------
    requests : sequence of EnhanceRequest
        With equal settings; their images are in memory.
    report, should_stop : callable, optional
        As in `resolve`.

    Returns
    -------
    list of SharedChoice
        In the order of the requests. The only image of its kind keeps its choices.

    Raises
    ------
    Cancelled, ImageError, RequestError
        As `enhance` does.
    """
    requests = [_with_colour_known(request, should_stop) for request in requests]
    groups: dict[Any, list[int]] = {}
    for number, request in enumerate(requests):
        groups.setdefault(_kind(request), []).append(number)
    found = {number: SharedChoice(request) for number, request in enumerate(requests)}
    for numbers in groups.values():
        if len(numbers) > 1:
            members = [requests[number] for number in numbers]
            shared = _shared(members, report, should_stop)
            found |= dict(zip(numbers, shared, strict=True))
    return [found[number] for number in range(len(requests))]


def _with_colour_known(request: EnhanceRequest, should_stop: ShouldStop) -> EnhanceRequest:
    if request.is_grey is not None:
        return request
    grey = is_grey(request.planes, request.layout, should_stop=should_stop)
    return replace(request, is_grey=grey)


def _kind(request: EnhanceRequest) -> Any:
    axis = request.channel_axis
    count = None if axis is None else request.layout.leading[axis]
    dtype = np.dtype(request.image.dtype)
    return request.channels, dtype, request.bits, request.is_grey, count


def _shared(
    requests: Sequence[EnhanceRequest], report: Report, should_stop: ShouldStop
) -> list[SharedChoice]:
    for request in requests:
        request.check_axes()
    first = requests[0]
    pixels = sum(prod(request.image.shape) for request in requests)
    step = max(1, pixels // _MOST_SAMPLES)
    joined = np.concatenate([_in_a_row(request, step) for request in requests], axis=-2)
    if first.channels == "mono":
        joined = joined[..., 0]
    axis = None if first.channel_axis is None else 0
    alone = replace(
        first, image=joined, scope=None, channel_axis=axis, time_axis=None, axes="", coarser=()
    )
    windows, automatic, notices = read_choices(alone, report, should_stop)
    settings = replace(first.settings, window=WindowChoice.of_windows(windows))
    if automatic is not None:
        settings = replace(settings, checkpoint=automatic.checkpoint)
    return [SharedChoice(replace(each, settings=settings), automatic, notices) for each in requests]


def _in_a_row(request: EnhanceRequest, step: int) -> Array:
    """Return every n-th pixel of an image, shape (channels or 1, 1, pixels, samples)."""
    planes, axis = np.asarray(request.planes), request.channel_axis
    samples = 1 if request.channels == "mono" else planes.shape[-1]
    planes = planes[None] if axis is None else np.moveaxis(planes, axis, 0)
    return planes.reshape(len(planes), 1, -1, samples)[:, :, ::step]
