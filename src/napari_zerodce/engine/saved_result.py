"""A result as an image to save: its place, its display, how it was made and what decides it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Final

import numpy as np

from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.imaging.files.saved.image import KEY, Blank, ChannelDisplay, SavedImage
from napari_zerodce.imaging.planes import PlaneLayout
from napari_zerodce.imaging.scope import Scope

_SAMPLE: Final = 64  # pixels along a side

_DECIDE_NO_PIXEL: Final = frozenset(
    {"display_only", "checkpoint", "checkpoint_label", "checkpoint_source"}
    | {"device", "tile", "seconds"}
)


def result_to_save(
    source: SavedImage, resolved: ResolvedRequest, *, identity: Any, path: str
) -> SavedImage:
    """Return the result of a request as an image to save, still without its pixels.

    Parameters
    ----------
    source : SavedImage
        The image of the request.
    resolved : ResolvedRequest
        With its curve, as from `with_curve`.
    identity : JSON value
        It differs if the pixels of the source do.
    path : str
        Where the source is.
    """
    part, layout = resolved.part, resolved.layout
    made = _made_by(resolved)
    moved = zip(source.translate, source.scale, part.offset, strict=True)
    origin = {"role": "result", "source": source.name, "source_path": path}
    return replace(
        source,
        levels=(Blank(part.shape_in(layout), source.dtype),),
        translate=tuple(first + step * start for first, step, start in moved),
        limits=(float(resolved.window.low), float(resolved.window.high)),
        facts={"metadata": {KEY: {**origin, **made}}},
        display=_display(source, resolved),
        key=key_of(resolved, identity),
    )


def key_of(resolved: ResolvedRequest, identity: Any) -> Any:
    """Return what decides the pixels of a result, as JSON has it.

    Parameters
    ----------
    resolved : ResolvedRequest
        With its curve, as from `with_curve`.
    identity : JSON value
        It differs if the pixels of the source do.
    """
    made = _made_by(resolved)
    decides = {name: value for name, value in made.items() if name not in _DECIDE_NO_PIXEL}
    return {"source": identity, "made": decides}


def _made_by(resolved: ResolvedRequest) -> dict[str, Any]:
    part = "" if resolved.part == Scope.whole(resolved.layout) else str(resolved.part)
    return resolved.provenance(part=part, global_curve=resolved.global_curve).as_dict()


def sampled_identity(image: Any, layout: PlaneLayout) -> list[Any]:
    """Return what differs if the pixels of an array most probably do: it has no file of its own.

    Parameters
    ----------
    image : array-like
        Three small regions of it are read.
    layout : PlaneLayout
    """
    digest = hashlib.sha256()
    for part in (0.0, 0.5, 1.0):
        index = tuple(int(part * (length - 1)) for length in layout.leading)
        starts = [int(part * max(0, side - _SAMPLE)) for side in (layout.height, layout.width)]
        rows, columns = (slice(start, start + _SAMPLE) for start in starts)
        digest.update(np.ascontiguousarray(layout.read(image, index, rows, columns)).tobytes())
    return [list(layout.shape), np.dtype(image.dtype).str, digest.hexdigest()]


def _display(source: SavedImage, resolved: ResolvedRequest) -> tuple[ChannelDisplay, ...]:
    """Return how each channel is shown: as in the source, but within its window."""
    axis = source.axes.find("C")
    if axis < 0 or source.channels != "mono":
        return ()
    first, last = resolved.part.leading[axis]
    windows = resolved.windows * (last if len(resolved.windows) == 1 else 1)
    known = source.display if len(source.display) == source.shape[axis] else ()
    shown = known or tuple(ChannelDisplay("FFFFFF", (each.low, each.high)) for each in windows)
    return tuple(
        replace(each, limits=(float(window.low), float(window.high)))
        for each, window in list(zip(shown, windows, strict=False))[first:last]
    )
