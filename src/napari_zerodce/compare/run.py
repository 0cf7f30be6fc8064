"""Compare candidates on one plane of an image, in one window."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.compare.baselines import BYTES_A_SAMPLE, apply_baseline
from napari_zerodce.compare.candidates import (
    SOURCE,
    BaselineCandidate,
    Candidate,
    CheckpointCandidate,
    SourceCandidate,
    titles_of,
)
from napari_zerodce.compare.comparison import Compared, Comparison
from napari_zerodce.compare.figures import measure
from napari_zerodce.compare.plane import (
    PlaneInWindow,
    SharedWindow,
    single_plane,
    with_found_window,
)
from napari_zerodce.engine.look import AS_PUBLISHED
from napari_zerodce.engine.memory import check_memory
from napari_zerodce.engine.progress import reading_reporter
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.requests import EnhanceRequest, Progress, Report, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

Array = np.ndarray[Any, Any]

_BYTES_A_SAMPLE: Final = 40
"""For the figures of an image, as measured, and for the source and the reference in [0, 1]."""

_ADVICE: Final = "compare on a smaller part"


def compare(
    request: EnhanceRequest,
    candidates: Sequence[Candidate],
    *,
    reference: EnhanceRequest | None = None,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> Comparison:
    """Compare candidates on one plane of an image.

    Parameters
    ----------
    request : EnhanceRequest
        The image; its scope is one plane, or a region of one. Its settings are those of each
        candidate, except the checkpoint. The window is found once, for all.
    candidates : sequence of Candidate
        The source comes first, also if it is not among them.
    reference : EnhanceRequest, optional
        An image to be like: its scope is one plane, and its window is found by its own choice.
    report : callable, optional
        Called with a `Progress`, in any thread.
    should_stop : callable, optional
        As in `enhance`; also called between the candidates.

    Returns
    -------
    Comparison
        A candidate that fails has a sentence instead of an image.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    ImageError, RequestError
        If the image or the reference is invalid or cannot be read.
    """
    wanted = (SOURCE, *(each for each in candidates if each != SOURCE))
    _check_memory(request, len(wanted))
    reading = reading_reporter(report)
    shared = with_found_window(request, should_stop=should_stop, on_region=reading)
    other = None
    if reference is not None:
        other = with_found_window(reference, should_stop=should_stop, on_region=reading)
    subject = _Subject(shared, None if other is None else other.plane)
    compared = []
    for place, (candidate, title) in enumerate(zip(wanted, titles_of(wanted), strict=True)):
        raise_if_stopped(should_stop)
        step = _Step(title, place, len(wanted), report, should_stop)
        compared.append(subject.compared(candidate, step))
    report(Progress(1, 1, "Compared"))
    return Comparison(shared.plane, tuple(compared), subject.reference, subject.notices(other))


@dataclass(frozen=True)
class _Step:
    """The turn of one candidate: its title, and how its progress counts for all."""

    title: str
    place: int
    total: int
    whole: Report
    should_stop: ShouldStop

    def report(self, progress: Progress) -> None:
        done = self.place + progress.fraction
        self.whole(Progress(done, self.total, f"{self.title}: {progress.message}"))


@dataclass(frozen=True)
class _Made:
    """An image that a candidate has made, and how."""

    image: Array
    seconds: float | None = None
    about: str = ""
    provenance: Provenance | None = None
    notices: tuple[str, ...] = ()


class _Subject:
    """What all candidates have in common: the plane, its window, and the reference."""

    def __init__(self, shared: SharedWindow, reference: PlaneInWindow | None) -> None:
        self._shared, self.reference = shared, reference
        self._unit = shared.plane.unit
        self._reference_unit = None if reference is None else reference.unit
        fits = self._reference_unit is not None and self._reference_unit.shape == self._unit.shape
        self._measured_against = self._reference_unit if fits else None

    def compared(self, candidate: Candidate, step: _Step) -> Compared:
        """Return what becomes of a candidate; raises `Cancelled`."""
        step.report(Progress(0, 1, "Starting"))
        try:
            made = self._made(candidate, step)
        except ZeroDCEError as err:
            return Compared(candidate, step.title, problem=str(err))
        except MemoryError:
            problem = "It needs more memory than this machine has; take a smaller region."
            return Compared(candidate, step.title, problem=problem)
        raise_if_stopped(step.should_stop)
        unit = self._shared.plane.unit_of(made.image)
        return Compared(
            candidate,
            step.title,
            image=made.image,
            seconds=made.seconds,
            figures=measure(unit, self._unit, self._measured_against),
            about=made.about,
            provenance=made.provenance,
            notices=made.notices,
        )

    def notices(self, other: SharedWindow | None) -> tuple[str, ...]:
        """Return sentences about the image and the reference."""
        found = [*self._shared.notices, *(other.notices if other else ())]
        if self.reference is not None and self._measured_against is None:
            sizes = [_size(each) for each in (self._shared.plane, self.reference)]
            found.append(
                f"SSIM and PSNR are left out: the image is {sizes[0]}, the reference {sizes[1]}; "
                "choose a reference of the same size and kind."
            )
        return tuple(dict.fromkeys(found))

    def _made(self, candidate: Candidate, step: _Step) -> _Made:
        if isinstance(candidate, SourceCandidate):
            return _Made(self._shared.plane.samples)
        if isinstance(candidate, BaselineCandidate):
            return self._by_baseline(candidate)
        return self._by_checkpoint(candidate, step)

    def _by_baseline(self, candidate: BaselineCandidate) -> _Made:
        size = BYTES_A_SAMPLE[candidate.name] * self._unit.size
        check_memory(size, opening=f"{candidate.title} needs", advice=_ADVICE)
        started = time.perf_counter()
        unit, about = apply_baseline(candidate, self._unit, self._reference_unit)
        image = self._shared.plane.restored(unit)
        return _Made(image, time.perf_counter() - started, about)

    def _by_checkpoint(self, candidate: CheckpointCandidate, step: _Step) -> _Made:
        # They import torch.
        from napari_zerodce.engine.enhance import enhance
        from napari_zerodce.engine.resolve import checkpoint_of

        request = _request_for(candidate, self._shared.request)
        if not request.settings.is_automatic:
            loaded = checkpoint_of(request.settings)
            settings = replace(request.settings, checkpoint=loaded)
            request = replace(request, settings=_suitable(settings, loaded.info))
        started = time.perf_counter()
        result = enhance(request, report=step.report, should_stop=step.should_stop)
        return _Made(
            single_plane(result.image, request),
            time.perf_counter() - started,
            f"{result.automatic}" if result.automatic else result.checkpoint.title,
            result.provenance,
            result.notices,
        )


def _check_memory(request: EnhanceRequest, images: int) -> None:
    """Refuse a plane that is too large, before it is read; raises an ImageError."""
    samples = request.part.pixels * request.layout.colours
    bytes_each = _BYTES_A_SAMPLE + images * np.dtype(request.image.dtype).itemsize
    check_memory(samples * bytes_each, opening="The comparison needs", advice=_ADVICE)


def _request_for(candidate: CheckpointCandidate, request: EnhanceRequest) -> EnhanceRequest:
    look = candidate.look or request.settings.look
    settings = replace(request.settings, checkpoint=candidate.checkpoint, look=look)
    return replace(request, settings=settings)


def _suitable(settings: EnhanceSettings, checkpoint: CheckpointInfo) -> EnhanceSettings:
    """Return the settings that all share without those that a translator refuses."""
    if checkpoint.design is None:
        return settings
    tile = settings.tile if checkpoint.design.receptive_radius else None
    return replace(settings, look=AS_PUBLISHED, time="frames", channel_curves="own", tile=tile)


def _size(plane: PlaneInWindow) -> str:
    height, width = plane.samples.shape[:2]
    return f"{width} x {height} pixels, {'mono' if plane.channels == 'mono' else 'in colour'}"
