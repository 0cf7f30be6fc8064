"""The three tasks of an image: begin it, enhance a part of it, finish it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_zerodce.batch.facts import Facts
from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.key import key_of
from napari_zerodce.batch.outputs.choice import output_for
from napari_zerodce.batch.outputs.output import Output
from napari_zerodce.batch.parts import PIXELS_OF_A_TASK, Part, grouped
from napari_zerodce.batch.sources import Source, identity_of, open_source
from napari_zerodce.batch.worker import is_stopped, on_gpu
from napari_zerodce.engine.provenance import source_of
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window, WindowChoice
from napari_zerodce.recent_results import RecentResults
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.device import Backend
    from napari_zerodce.engine.resolved import ResolvedRequest

_MOST_IMAGES: Final = 2
"""Of one image, parts follow each other; the next one may begin before the last part has ended."""


@dataclass(frozen=True)
class BatchSettings:
    """What all tasks of a batch share.

    Parameters
    ----------
    batch : str
        A name that no other batch has.
    request_for : callable
        Returns the request for an image as read; workers get it, so it can be pickled.
    choices : str
        What decides the pixels, as `choices_of` gives it.
    facts : Facts
    overwrite : bool
        Whether targets that no batch has made are replaced.
    pixels : int
        Most pixels of a task.
    accepts_gaps : bool
        Whether regions that an earlier run could not read stay as they are.
    quality : int, optional
        Of lossy image files; by default as the source has it.
    series : int, optional
        Which image of a file of several, from 0 on; by default the only one.
    """

    batch: str
    request_for: Callable[[ImageFile], EnhanceRequest]
    choices: str
    facts: Facts
    overwrite: bool
    pixels: int = PIXELS_OF_A_TASK
    accepts_gaps: bool = False
    quality: int | None = None
    series: int | None = None


@dataclass(frozen=True)
class Begun:
    """An image with the choices that all its parts share, and what is left to do.

    Parameters
    ----------
    image : BatchImage
    key : str
    windows : tuple of Window
    checkpoint : str
        Its name in the registry, or its file.
    global_curve : tuple of float
        A_1 .. A_8 if one curve serves the whole image, else empty.
    parts : tuple of Part
        Those that are not on disk yet.
    """

    image: BatchImage
    key: str
    windows: tuple[Window, ...]
    checkpoint: str
    global_curve: tuple[float, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Finished:
    """An image that is complete on disk.

    Parameters
    ----------
    windows : tuple of Window
        Empty if the result was there already.
    device, backend, precision : str
        Of the worker that finished it.
    notices : tuple of str
        Sentences for the user.
    """

    windows: tuple[Window, ...] = ()
    device: str = ""
    backend: Backend = "torch"
    precision: str = ""
    notices: tuple[str, ...] = ()

    @property
    def was_there(self) -> bool:
        """Whether a valid result was there already."""
        return not self.windows


_sources: Final[RecentResults[Source]] = RecentResults(_MOST_IMAGES)
_resolved: Final[RecentResults[ResolvedRequest]] = RecentResults(_MOST_IMAGES)


def begin(settings: BatchSettings, image: BatchImage) -> Begun | Finished:
    """Find the window and the weights of an image, and its parts; a single part is done at once.

    Parameters
    ----------
    settings : BatchSettings
    image : BatchImage

    Raises
    ------
    ZeroDCEError
        If the image cannot be read, enhanced or written.
    Cancelled
        If the batch was stopped.
    """
    key = key_of(identity_of(image), settings.choices, settings.facts, shared=image.shared)
    output = _output(settings, image, key)
    if output.is_done():
        return Finished()
    output.begin(overwrite=settings.overwrite)
    request = _request(settings, image, key)
    resolved = _resolved.get((image, key), lambda: _with_curve(request, settings))
    parts = grouped(output.missing(), pixels=settings.pixels)
    begun = Begun(
        image,
        key,
        windows=resolved.windows,
        checkpoint=source_of(resolved.checkpoint),
        global_curve=resolved.global_curve,
        parts=parts,
    )
    if len(parts) > 1:
        return begun
    started = time.perf_counter()
    notices = [notice for part in parts for notice in _write_part(settings, output, resolved, part)]
    finished = _finish(output, resolved, time.perf_counter() - started)
    return replace(finished, notices=tuple(dict.fromkeys(notices)))


def enhance_part(settings: BatchSettings, begun: Begun, part: Part) -> tuple[str, ...]:
    """Enhance and write a part of an image, and return sentences for the user.

    Parameters
    ----------
    settings : BatchSettings
    begun : Begun
    part : Part

    Raises
    ------
    ZeroDCEError, Cancelled
        As `begin`.
    """
    output = _output(settings, begun.image, begun.key)
    return _write_part(settings, output, _resolved_as_begun(settings, begun), part)


def finish(settings: BatchSettings, begun: Begun, seconds: float) -> Finished:
    """Make an image of its parts, which are all on disk.

    Parameters
    ----------
    settings : BatchSettings
    begun : Begun
    seconds : float
        Time that all parts took together.

    Raises
    ------
    ZeroDCEError, Cancelled
        As `begin`.
    """
    output = _output(settings, begun.image, begun.key)
    return _finish(output, _resolved_as_begun(settings, begun), seconds)


def _finish(output: Output, resolved: ResolvedRequest, seconds: float) -> Finished:
    output.finish(resolved, seconds)
    return Finished(
        windows=resolved.windows,
        device=resolved.device.name,
        backend=resolved.backend,
        precision=resolved.precision,
    )


def _write_part(
    settings: BatchSettings, output: Output, resolved: ResolvedRequest, part: Part
) -> tuple[str, ...]:
    notices: dict[str, None] = {}
    for region in part:
        block, told, is_gap = _enhanced(resolved, region, _stopped_in(settings))
        output.write(region, block, is_gap=is_gap)
        notices |= dict.fromkeys(told)
    return tuple(notices)


def _enhanced(
    resolved: ResolvedRequest, region: Scope, should_stop: ShouldStop
) -> tuple[Array, tuple[str, ...], bool]:
    """Return a region, what users should know, and whether it has gaps, if these are allowed."""
    from napari_zerodce.engine.enhance import enhance

    try:
        with _gpu_of(resolved):
            result = enhance(replace(resolved, part=region), should_stop=should_stop)
    except UnreadableError as err:
        unread = _with_region(str(err), region, resolved)
        if not resolved.skip_unreadable:
            raise UnreadableError(unread) from err
        dtype = np.dtype(resolved.image.dtype)
        fill = np.nan if dtype.kind == "f" else 0
        gap = np.full(region.shape_in(resolved.layout), fill, dtype)
        return gap, (f"A region is missing, and is {fill} in the result: {unread}",), True
    return result.image, result.notices, bool(result.missing)


def _with_region(unread: str, region: Scope, resolved: ResolvedRequest) -> str:
    """Return the sentence about an unreadable plane with the rows and columns that were read."""
    layout = resolved.layout
    if (region.rows, region.columns) == ((0, layout.height), (0, layout.width)):
        return unread
    rows, columns = (f"{start}:{stop}" for start, stop in (region.rows, region.columns))
    _, _, reason = unread.partition(" cannot be read: ")
    place = ", ".join(str(start) for start, _ in region.leading)
    of_plane = f" of plane {place}" if place else ""
    return f"Rows {rows} and columns {columns}{of_plane} cannot be read: {reason}"


def _resolved_as_begun(settings: BatchSettings, begun: Begun) -> ResolvedRequest:
    """Return the resolved request of an image that another worker may have begun."""

    def make() -> ResolvedRequest:
        request = _request(settings, begun.image, begun.key)
        window = WindowChoice.of_windows(begun.windows)
        chosen = replace(request.settings, window=window, checkpoint=begun.checkpoint)
        resolved = _resolve(replace(request, settings=chosen), settings)
        return replace(resolved, global_curve=begun.global_curve)

    return _resolved.get((begun.image, begun.key), make)


def _with_curve(request: EnhanceRequest, settings: BatchSettings) -> ResolvedRequest:
    from napari_zerodce.engine.global_curve import with_curve

    resolved = _resolve(request, settings)
    with _gpu_of(resolved):
        return with_curve(resolved, should_stop=_stopped_in(settings))


def _gpu_of(resolved: ResolvedRequest) -> AbstractContextManager[Any]:
    return nullcontext() if resolved.device.kind == "cpu" else on_gpu


def _resolve(request: EnhanceRequest, settings: BatchSettings) -> ResolvedRequest:
    from napari_zerodce.engine.resolve import resolve

    return resolve(request, should_stop=_stopped_in(settings))


def _output(settings: BatchSettings, image: BatchImage, key: str) -> Output:
    return output_for(
        image,
        key,
        pixels=settings.pixels,
        source=lambda: _source(settings, image, key),
        accepts_gaps=settings.accepts_gaps,
    )


def _request(settings: BatchSettings, image: BatchImage, key: str) -> EnhanceRequest:
    request = settings.request_for(_source(settings, image, key).content)
    return request if image.shared is None else image.shared.applied(request)


def _source(settings: BatchSettings, image: BatchImage, key: str) -> Source:
    # The quality and the number of the series are parts of the key.
    return _sources.get((image, key), lambda: _opened(settings, image))


def _opened(settings: BatchSettings, image: BatchImage) -> Source:
    return open_source(image, quality=settings.quality, series=settings.series)


def _stopped_in(settings: BatchSettings) -> ShouldStop:
    return lambda: is_stopped(settings.batch)
