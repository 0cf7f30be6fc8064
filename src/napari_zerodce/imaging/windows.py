"""The intensity window, whose ends are mapped to 0 and 1: its choice, and its text form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from napari_zerodce.errors import RequestError

WindowKind = Literal[
    "auto", "dtype", "minmax", "background", "percentile", "range", "contrast", "channels"
]

DEFAULT_PERCENTILES = (0.1, 99.9)

_LARGEST = 1e300  # the width of any window is then a float64
_EXAMPLES = {"percentile": "percentile:0.1,99.9", "range": "120,4000"}
_WORDS = frozenset(get_args(WindowKind)) - {*_EXAMPLES, "contrast", "channels"}
_SPELLINGS = (
    "auto, dtype, minmax, background, percentile:LOW,HIGH (such as percentile:0.1,99.9) "
    "or LOW,HIGH (two intensities such as 120,4000)"
)


@dataclass(frozen=True)
class Window:
    """The intensities that are mapped to 0 and to 1, in units of the image.

    Parameters
    ----------
    low, high : float or int
        Finite, with `low` below `high`. They may lie outside the range of the image's dtype.
        Integers stay integers, because float64 cannot hold all of them above 2^53.

    Raises
    ------
    ValueError
        If an end is not finite, or `low` is not below `high`.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"invalid window from {self.low} to {self.high}")


def enclosing(windows: Sequence[Window]) -> Window:
    """Return the smallest window that holds all of some windows.

    Parameters
    ----------
    windows : sequence of Window
        At least one.
    """
    return Window(min(window.low for window in windows), max(window.high for window in windows))


def in_words(windows: Sequence[Window]) -> str:
    """Return the ends of windows, such as "109 to 924; 324 to 2778".

    Parameters
    ----------
    windows : sequence of Window
        For all planes, or for each channel.
    """
    return "; ".join(f"{window.low:g} to {window.high:g}" for window in windows)


@dataclass(frozen=True)
class WindowChoice:
    """The rule that gives the window of an image.

    Parameters
    ----------
    kind : {"auto", "dtype", "minmax", "background", "percentile", "range", "contrast", "channels"}
        "dtype" is the whole range of an integer dtype, or of the bits of it that count, and 0 to 1
        for floats. "background" begins one standard deviation of the noise above the background's
        level, and ends at the percentile 99.9. "auto" is "background" for mono images, and for grey
        ones in colours, with a dark background. Of all others, it is "dtype" for 8-bit integers,
        and for colours of unsigned integers or of floats from 0 to 1; the percentiles 0.1 to 99.9
        for the rest. "range" is
        `low` to `high`. "contrast" stands for the contrast limits of a layer, see `of_layer`.
        "channels" is a choice for each channel of an image that has an axis of channels.
    low, high : float or int, optional
        Percentiles in [0, 100] for "percentile", intensities in units of the image for "range".
        The other kinds take no numbers.
    channels : tuple of WindowChoice
        For "channels" only; no other one of this kind.

    Raises
    ------
    RequestError
        If there is no such kind, or the numbers are missing, superfluous or invalid.
    """

    kind: WindowKind = "auto"
    low: float | None = None
    high: float | None = None
    channels: tuple[WindowChoice, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(WindowKind):
            raise RequestError(f"There is no window {self.kind!r}; choose {_SPELLINGS}.")
        if self.kind in _EXAMPLES:
            self._check_numbers(_EXAMPLES[self.kind])
        elif self.low is not None or self.high is not None:
            raise RequestError(
                f"The window {self.kind!r} takes no numbers; leave them out, or choose "
                "'percentile' or 'range'."
            )
        if (self.kind == "channels") != bool(self.channels) or any(
            choice.kind in {"channels", "contrast"} for choice in self.channels
        ):
            raise RequestError(
                "The windows of channels are one window for each channel, as in 120,4000;90,700."
            )

    def _check_numbers(self, example: str) -> None:
        low, high = self.low, self.high
        if low is None or high is None:
            raise RequestError(f"The window {self.kind!r} needs two numbers, as in {example}.")
        if not all(-_LARGEST <= number <= _LARGEST for number in (low, high)):  # nor NaN
            raise RequestError(
                f"The window's numbers {low} and {high} must be finite, as in {example}."
            )
        if self.kind == "percentile" and not all(0 <= number <= 100 for number in (low, high)):
            raise RequestError(
                f"The percentiles {low} and {high} must lie between 0 and 100, as in {example}."
            )
        if not low < high:
            raise RequestError(
                f"The window goes from {low} to {high}, and its first number must be the smaller "
                f"one, as in {example}."
            )

    def of_layer(self, contrast_limits: tuple[float, float]) -> WindowChoice:
        """Return the choice for a layer: "contrast" becomes the range of its contrast limits."""
        return WindowChoice("range", *contrast_limits) if self.kind == "contrast" else self

    @classmethod
    def of_windows(cls, windows: Sequence[Window]) -> WindowChoice:
        """Return the choice of exactly these windows, one for all, or one for each channel.

        Parameters
        ----------
        windows : sequence of Window
        """
        ranges = tuple(cls("range", window.low, window.high) for window in windows)
        return ranges[0] if len(ranges) == 1 else cls("channels", channels=ranges)

    def for_channels(self, count: int) -> tuple[WindowChoice, ...]:
        """Return the choice for each channel.

        Parameters
        ----------
        count : int
            Number of channels.

        Raises
        ------
        RequestError
            If the choice is one of another number of channels.
        """
        if self.kind != "channels":
            return (self,) * count
        if len(self.channels) != count:
            raise RequestError(
                f"There are {len(self.channels)} windows {self}, but the image has "
                f"{count if count > 1 else 'no axis of'} channels; give one window, or one for "
                "each channel."
            )
        return self.channels

    @classmethod
    def parse(cls, text: str) -> WindowChoice:
        """Return the choice for a text, the inverse of `str`.

        Texts are "auto", "dtype", "minmax", "background", "percentile:0.1,99.9" and "120,4000";
        "percentile" alone stands for the default percentiles. Semicolons separate the windows of
        channels.

        Raises
        ------
        RequestError
            If the text has another form, or its numbers are not a valid window.
        """
        if ";" in text:
            return cls("channels", channels=tuple(map(cls.parse, text.split(";"))))
        name, _, numbers = text.strip().lower().rpartition(":")
        if not name and numbers in _WORDS:
            return cls(numbers)  # type: ignore[arg-type]  # one of the kinds
        if not name and numbers == "percentile":
            return cls("percentile", *DEFAULT_PERCENTILES)
        try:
            low, high = (_number(part) for part in numbers.split(","))
        except ValueError as err:
            raise _not_understood(text) from err
        if name.strip() not in {"", "percentile"}:
            raise _not_understood(text)
        return cls("percentile" if name else "range", low, high)

    def __str__(self) -> str:
        if self.channels:
            return ";".join(map(str, self.channels))
        if self.low is None or self.high is None:
            return self.kind
        prefix = "percentile:" if self.kind == "percentile" else ""
        return f"{prefix}{_written(self.low)},{_written(self.high)}"


def _not_understood(text: str) -> RequestError:
    return RequestError(f"The window {text!r} is not understood; write {_SPELLINGS}.")


def _number(text: str) -> float:
    try:
        return int(text)  # a float would round intensities above 2^53
    except ValueError:
        return float(text)


def _written(number: float) -> str:
    return str(number).removesuffix(".0")
