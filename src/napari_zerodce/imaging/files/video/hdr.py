"""What HDR pictures say of the display that they were made on, and of their brightest light."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeVar

_Value = TypeVar("_Value")
_STEPS_OF_COLOURS, _STEPS_OF_LIGHT = 50_000, 10_000
_DYNAMIC: Final = {
    "DYNAMIC_HDR_PLUS": "HDR10+",
    "DOVI_RPU_BUFFER": "Dolby Vision",
    "DOVI_METADATA": "Dolby Vision",
}
"""What is told of each frame, and is no longer true after it is enhanced."""

_PARAMETERS: Final = {
    "libx264": ("x264-params", "mastering-display", "cll"),
    "libx264rgb": ("x264-params", "mastering-display", "cll"),
    "libx265": ("x265-params", "master-display", "max-cll"),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light"),
}
"""Of encoders that write it: the option, and in it those of the display and of the light."""


@dataclass(frozen=True)
class Hdr:
    """What HDR pictures say of themselves.

    Parameters
    ----------
    display : tuple of Fraction
        x and y of red, green, blue and white, then the least and the most light in cd/m²; empty if
        unknown.
    light : tuple of int
        The brightest pixel and the brightest average of a frame in cd/m²; empty if unknown.
    dynamic : tuple of str
        The names of what is told of each frame.
    """

    display: tuple[Fraction, ...] = ()
    light: tuple[int, ...] = ()
    dynamic: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: Any) -> Hdr:
        """Return that of a decoded frame.

        Parameters
        ----------
        frame : av.VideoFrame
        """
        found = {each.type.name: bytes(each) for each in frame.side_data}
        dynamic = dict.fromkeys(name for key, name in _DYNAMIC.items() if key in found)
        light = found.get("CONTENT_LIGHT_LEVEL", b"")
        return cls(
            _display(found.get("MASTERING_DISPLAY_METADATA", b"")),
            struct.unpack("=2I", light) if len(light) == 8 else (),
            tuple(dynamic),
        )

    def options(self, encoder: str) -> Mapping[str, str]:
        """Return the options of an encoder that write it; none if the encoder cannot.

        Parameters
        ----------
        encoder : str
            As FFmpeg names it.
        """
        if encoder not in _PARAMETERS:
            return {}
        option, display, light = _PARAMETERS[encoder]
        said = [f"{display}={self._display_in(encoder)}"] if self.display else []
        said += [f"{light}={self.light[0]},{self.light[1]}"] if self.light else []
        return {option: ":".join(said)} if said else {}

    def _display_in(self, encoder: str) -> str:
        is_whole = encoder != "libsvtav1"
        red, green, blue, white = (
            ",".join(_number(each, _STEPS_OF_COLOURS if is_whole else 0) for each in pair)
            for pair in _pairs(self.display[:8])
        )
        steps = _STEPS_OF_LIGHT if is_whole else 0
        least, most = (_number(each, steps) for each in self.display[8:])
        return f"G({green})B({blue})R({red})WP({white})L({most},{least})"

    def lost_in(self, encoder: str) -> tuple[str, ...]:
        """Return the names of what an encoder does not write.

        Parameters
        ----------
        encoder : str
            As FFmpeg names it.
        """
        is_static = bool(self.display or self.light) and encoder not in _PARAMETERS
        return (*(["the display and light of HDR"] if is_static else []), *self.dynamic)


def _pairs(values: Sequence[_Value]) -> Iterator[tuple[_Value, _Value]]:
    return zip(values[::2], values[1::2], strict=True)


def _number(value: Fraction, steps: int) -> str:
    return str(round(value * steps)) if steps else f"{float(value):.6g}"


def _display(data: bytes) -> tuple[Fraction, ...]:
    """Return the numbers of FFmpeg's AVMasteringDisplayMetadata, if it has all of them."""
    if len(data) != 88:
        return ()
    *numbers, has_colours, has_light = struct.unpack("=22i", data)
    if not (has_colours and has_light and all(numbers[1::2])):
        return ()
    return tuple(Fraction(above, below) for above, below in _pairs(numbers))
