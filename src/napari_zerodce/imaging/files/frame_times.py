"""How long each picture of a series is shown, as a file says it: an animation, or steps of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from napari_zerodce.imaging.files.conversion import with_axes
from napari_zerodce.imaging.files.image_file import ImageFile

_SECONDS: Final = MappingProxyType(
    {
        "nanosecond": Fraction(1, 10**9),
        "microsecond": Fraction(1, 10**6),
        "millisecond": Fraction(1, 10**3),
        "second": Fraction(1),
        "minute": Fraction(60),
        "hour": Fraction(3600),
        "day": Fraction(86400),
    }
)
_UNTOLD: Final = 100
"""Milliseconds of a picture without a duration, as browsers show it."""


def durations_in(image: ImageFile) -> tuple[int, ...]:
    """Return how long each picture of an animation is shown, in milliseconds; empty if unknown.

    Parameters
    ----------
    image : ImageFile
    """
    told = (image.details.get("animation") or {}).get("durations") or ()
    return tuple(int(each) or _UNTOLD for each in told) if any(told) else ()


def step_in(image: ImageFile) -> Fraction | None:
    """Return the seconds from one picture of a series to the next, None if no file says them.

    Parameters
    ----------
    image : ImageFile
    """
    known = with_axes(image, "")
    steps = dict(zip(known.axes, zip(known.scale, known.units, strict=True), strict=True))
    step, unit = steps.get("T", (0.0, ""))
    if unit not in _SECONDS or step <= 0:
        return None
    return Fraction(step).limit_denominator(10**6) * _SECONDS[unit]


def step_for_ome(durations: Sequence[int]) -> Mapping[str, Any]:
    """Return the details of a stack whose pictures are shown equally long; empty for others.

    Parameters
    ----------
    durations : sequence of int
        In milliseconds.
    """
    if len(set(durations)) != 1 or not durations[0]:
        return {}
    step = {"TimeIncrement": float(durations[0]), "TimeIncrementUnit": "ms"}
    return {"dialect": "ome", "metadata": step}


def in_steps(durations: Sequence[Fraction]) -> tuple[int, ...]:
    """Return durations in whole units, whose sums differ by half a unit at most.

    Parameters
    ----------
    durations : sequence of Fraction
        In that unit.
    """
    made, end, shown = [], Fraction(0), 0
    for each in durations:
        end += each
        made.append(round(end) - shown)
        shown += made[-1]
    return tuple(made)


def uneven(images: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return the name of what only animations and videos hold: times that are not even.

    Parameters
    ----------
    images : sequence of ImageFile
    """
    times = [durations_in(image) for image in images]
    return ("durations of the pictures",) if any(max(t) - min(t) > 1 for t in times if t) else ()
