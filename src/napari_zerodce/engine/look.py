"""How strongly curves are applied: choices that need no new inference, and no torch to be named."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any

from napari_zerodce.errors import RequestError

MOST_ITERATIONS = 8
STRONGEST = 2.0
MOST_STOPS = 4.0


@dataclass(frozen=True)
class Look:
    """What is done with an image's curves. The default is the method as published.

    Parameters
    ----------
    strength : float
        0 is the original, 1 the curves as estimated, up to 2. Each map is multiplied by it and held
        in [-1, 1], so that every curve stays monotone.
    iterations : int
        How many of the eight iterations are applied, 1 to 8.
    exposure : float
        Stops by which the result is trimmed, -4 to 4.
    global_curve : bool
        One curve for the whole image, the mean of all its maps, for all planes and channels: the
        order of intensities is kept exactly, and the curve can be inverted.
    detail_gain_limit : float, optional
        How many times fine detail, and noise with it, may be amplified at most; None for no limit.

    Raises
    ------
    RequestError
        If a number is out of its range.
    """

    strength: float = 1.0
    iterations: int = MOST_ITERATIONS
    exposure: float = 0.0
    global_curve: bool = False
    detail_gain_limit: float | None = None

    def __post_init__(self) -> None:
        self._make_plain()
        if not 0 <= self.strength <= STRONGEST:  # nor NaN
            raise RequestError(
                f"The strength is {self.strength:g}; give 0 (the original) to {STRONGEST:g}, where "
                "1 is the curves as estimated."
            )
        given: Any = self.iterations
        # 2.0 and True are in a range, but no whole numbers that can be printed as one.
        whole = isinstance(given, int) and not isinstance(given, bool)
        if not whole or self.iterations not in range(1, MOST_ITERATIONS + 1):
            raise RequestError(
                f"The number of iterations is {self.iterations}; give 1 to {MOST_ITERATIONS}, a "
                "whole number."
            )
        if not -MOST_STOPS <= self.exposure <= MOST_STOPS:
            raise RequestError(
                f"The exposure is {self.exposure:g} stops; give {-MOST_STOPS:g} to {MOST_STOPS:g}."
            )
        limit = self.detail_gain_limit
        if limit is not None and not (limit >= 0 and math.isfinite(limit)):
            raise RequestError(
                f"The detail gain limit is {limit:g}; give 0 (no detail at all) or more, for "
                "instance 2, or leave it out for no limit."
            )

    def _make_plain(self) -> None:
        """Turn NumPy's numbers, and whatever else is one, into Python's: they can be printed."""
        for name in ("strength", "exposure", "detail_gain_limit"):
            value = getattr(self, name)
            if value is None and name == "detail_gain_limit":
                continue
            try:
                if isinstance(value, str | bytes | bool):
                    raise TypeError
                object.__setattr__(self, name, float(value))
            except (TypeError, ValueError, OverflowError) as err:
                raise RequestError(
                    f"The {name.replace('_', ' ')} is {value!r}, and a number was expected."
                ) from err
        given: Any = self.iterations
        if type(given) is not bool and isinstance(given, Integral):
            object.__setattr__(self, "iterations", int(given))
        object.__setattr__(self, "global_curve", bool(self.global_curve))

    @property
    def changes_nothing(self) -> bool:
        """Whether the original comes out, whatever the curves are."""
        limit = self.detail_gain_limit
        return self.strength == 0 and self.exposure == 0 and (limit is None or limit >= 1)

    def describe(self) -> str:
        """Return the settings that differ from the published method, "" if none does."""
        parts = []
        if self.strength != 1:
            parts.append(f"strength {self.strength:g}")
        if self.iterations != MOST_ITERATIONS:
            parts.append("1 iteration" if self.iterations == 1 else f"{self.iterations} iterations")
        if self.exposure:
            parts.append(f"{self.exposure:+g} EV")
        if self.global_curve:
            parts.append("global curve")
        if self.detail_gain_limit is not None:
            parts.append(f"detail x{self.detail_gain_limit:g}")
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values for metadata; ``Look(**settings)`` reads them."""
        return asdict(self)


AS_PUBLISHED = Look()
