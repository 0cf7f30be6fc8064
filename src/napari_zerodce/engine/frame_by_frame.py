"""The frames of a long series, enhanced one after the other, so that memory holds few of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.growing import advance
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.requests import Report, ignore
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.imaging.planes import Array
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

_AT_ONCE: Final = 2**22
"""Pixels of frames that are enhanced side by side, which is faster than one by one."""


class EnhancedFrames:
    """The frames of a result along its only axis before rows and columns.

    Parameters
    ----------
    resolved : ResolvedRequest
    report, should_stop : callable, optional
        As in `enhance`.
    """

    def __init__(
        self,
        resolved: ResolvedRequest,
        *,
        report: Report = ignore,
        should_stop: ShouldStop = never,
    ) -> None:
        self._resolved, self._report, self._should_stop = resolved, report, should_stop
        self._notices: dict[str, None] = {}

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user about the frames that are made."""
        return tuple(self._notices)

    def __iter__(self) -> Iterator[Array]:
        """Yield each frame, shape (H, W), (H, W, 3) or (H, W, 4); the bits are those of `enhance`.

        Raises
        ------
        Cancelled, DeviceError, ImageError
            As `enhance` does.
        """
        part = self._resolved.part
        ((first, stop),) = part.leading
        meter = Meter(part.count, report=self._report, should_stop=self._should_stop, unit="Frame")
        each = max(1, _AT_ONCE // (part.pixels // part.count))
        for start in range(first, stop, each):
            numbers = range(start - first, min(start + each, stop) - first)
            some = replace(part, leading=((start, min(start + each, stop)),))
            result = enhance(
                replace(self._resolved, part=some),
                report=partial(advance, meter, numbers),
                should_stop=self._should_stop,
            )
            self._notices |= dict.fromkeys(result.notices)
            for number, frame in zip(numbers, result.image, strict=True):
                raise_if_stopped(self._should_stop)
                yield frame
                meter.advance(number, 1)
