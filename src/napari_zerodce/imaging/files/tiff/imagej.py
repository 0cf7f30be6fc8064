"""What ImageJ reads in the description of the first page: the axes, and all other facts as told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

_COUNTS: Final = {"C": "channels", "Z": "slices", "T": "frames"}
_OURS: Final = ("images", "hyperstack", *_COUNTS.values())
_START = "ImageJ=1.11a"


def description(text: str, metadata: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    """Return the description of a stack.

    Parameters
    ----------
    text : str
        That of the source, or empty.
    metadata : mapping
        Its facts, if the text is empty.
    sizes : mapping of str to int
        The length of each axis that is not rows, columns or colours.
    """
    lines = text.partition("\0")[0].splitlines() if text.startswith("ImageJ=") else []
    first = lines[0] if lines else _START
    kept = [line for line in lines[1:] if line.partition("=")[0].strip() not in _OURS]
    if not lines:
        kept = [f"{key}={value}" for key, value in metadata.items() if _is_plain(value)]
    pages = int(np.prod(list(sizes.values()))) if sizes else 1
    counts = [f"images={pages}"] if pages > 1 else []
    long = {axis: size for axis, size in sizes.items() if size > 1}
    counts += [f"{_COUNTS[axis]}={long[axis]}" for axis in "CZT" if axis in long]
    counts += ["hyperstack=true"] if len(long) > 1 or set(long) & set("CT") else []
    return "\n".join((first, *counts, *kept, ""))


def _is_plain(value: object) -> bool:
    text = str(value)
    return isinstance(value, str | int | float) and text.isascii() and "\n" not in text
