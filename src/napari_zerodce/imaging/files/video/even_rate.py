"""The even rate of a container in which all frames are shown equally long, and what it repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np

from napari_zerodce.counting import counted
from napari_zerodce.imaging.files.video.survey import VideoFacts

_RATES: Final = (
    *(Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001)),
    *(Fraction(30), Fraction(50), Fraction(60000, 1001), Fraction(60)),
)
"""Those of MPEG-1 and MPEG-2; a variable rate becomes one of them in AVI and WMV, too."""

_LARGEST: Final = 65535
"""The largest numerator of a rate in MPEG-4 part 2."""
_NEAR: Final = Fraction(1, 4)
"""How far, in frames, a frame may be from its own time."""
_ALIKE: Final = Fraction(1, 2000)


@dataclass(frozen=True)
class EvenRate:
    """How frames are shown at an even rate.

    Parameters
    ----------
    rate : Fraction
        Frames in a second.
    times : sequence of range
        When each frame is shown, in frames of this rate; nowhere if it is left out.
    """

    rate: Fraction
    times: Sequence[range]

    @classmethod
    def of(cls, facts: VideoFacts, *, is_mpeg: bool) -> EvenRate:
        """Return that of a video, which keeps its own rate and times if they are possible.

        Parameters
        ----------
        facts : VideoFacts
        is_mpeg : bool
            Whether only the rates of MPEG-1 and MPEG-2 are possible.
        """
        exact = [int(time) * facts.time_base * facts.rate for time in facts.shown]
        ticks = [round(time) for time in exact]
        off = max(abs(time - tick) for time, tick in zip(exact, ticks, strict=True))
        is_possible = facts.rate in _RATES if is_mpeg else facts.rate.numerator <= _LARGEST
        if is_possible and off <= _NEAR and all(b > a for a, b in pairwise(ticks)):
            return cls(facts.rate, [range(tick, tick + 1) for tick in ticks])
        return cls._repeating(facts, _nearest(_usual_rate(facts)))

    @classmethod
    def _repeating(cls, facts: VideoFacts, rate: Fraction) -> EvenRate:
        times = [*facts.shown, facts.shown[-1] + facts.durations[-1]]
        ticks = [round(int(time) * facts.time_base * rate) for time in times]
        ticks[-1] = max(ticks[-1], ticks[-2] + 1)  # the last frame is shown in any case
        return cls(rate, [range(*ends) for ends in pairwise(ticks)])

    def notice(self, suffix: str) -> str:
        """Return a sentence if frames are repeated or left out, else "".

        Parameters
        ----------
        suffix : str
            Of the file.
        """
        repeated = sum(max(0, len(times) - 1) for times in self.times)
        dropped = sum(not times for times in self.times)
        if not repeated and not dropped:
            return ""
        told = f"repeats frames {counted(repeated, 'time')}"
        if dropped:
            told += f" and leaves out {counted(dropped, 'frame')}"
        return (
            f"A {suffix} file has an even rate: it shows {float(self.rate):.5g} frames in a "
            f"second and {told}; .mp4 and .mkv keep the time of each frame."
        )


def _usual_rate(facts: VideoFacts) -> Fraction:
    """Return the rate of most frames."""
    usual = int(np.median(facts.durations))
    even = np.ptp(facts.durations) <= 1 or usual <= 0
    return facts.rate if even else 1 / (usual * facts.time_base)


def _nearest(wanted: Fraction) -> Fraction:
    """Return a multiple of a rate, or the first one that is not less."""
    for rate in _RATES:
        times = rate / wanted
        if round(times) >= 1 and abs(times - round(times)) <= _ALIKE * times:
            return rate
    return next((rate for rate in _RATES if rate >= wanted * (1 - _ALIKE)), _RATES[-1])
