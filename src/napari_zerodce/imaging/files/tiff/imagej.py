"""What ImageJ reads in the description of the first page: the axes, and all other facts as told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

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
    source = text.partition("\0")[0] if text.startswith("ImageJ=") else ""
    if source and _tells(source, sizes):
        return source
    first, *others = source.splitlines() or [_START]
    kept = [line for line in others if line.partition("=")[0].strip() not in _OURS]
    if not source:
        kept = [f"{key}={value}" for key, value in metadata.items() if _is_plain(value)]
    pages = math.prod(sizes.values())
    counts = [f"images={pages}"] if pages > 1 else []
    long = {axis: size for axis, size in sizes.items() if size > 1}
    counts += [f"{_COUNTS[axis]}={long[axis]}" for axis in "CZT" if axis in long]
    counts += ["hyperstack=true"] if len(long) > 1 or set(long) & set("CT") else []
    return "\n".join((first, *counts, *kept, ""))


def _tells(source: str, sizes: Mapping[str, int]) -> bool:
    """Return whether a description tells of a stack of these sizes."""
    lines = (line.partition("=") for line in source.splitlines())
    told = {key.strip(): value.strip() for key, _, value in lines}
    counts = {"images": math.prod(sizes.values())}
    counts |= {name: sizes.get(axis, 1) for axis, name in _COUNTS.items()}
    return all(told.get(name, "1") == str(count) for name, count in counts.items())


def _is_plain(value: object) -> bool:
    text = str(value)
    return isinstance(value, str | int | float) and text.isascii() and "\n" not in text
