"""The part of a layer that is compared: its plane on screen, each pixel of it, up to a size."""

from __future__ import annotations

from dataclasses import replace
from math import prod, sqrt
from typing import TYPE_CHECKING, Final

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.viewport import Viewport, scaled
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.layers.on_screen import (
    OnScreen,
    in_sight,
    plane_on_screen,
    plane_shape,
    shown_level,
)
from napari_zerodce.gui.layers.scope import plane_axes
from napari_zerodce.gui.layers.source import Source, request_for
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    import napari

MOST_PIXELS: Final = 2**22
"""2,048 x 2,048. A picture of so many takes seconds with the networks on a CPU."""

Sides = tuple[slice, slice]


def part_on_screen(viewer: napari.Viewer, source: Source) -> OnScreen:
    """Return the part of a source that is compared; no pixel is left out between others.

    It is the whole plane if that is small enough, else what is on screen of it, or the middle of
    that. Of a pyramid, the level on screen is compared.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source

    Raises
    ------
    RequestError, ImageError
        As `on_screen` does, or if no pixel is on screen.
    """
    if viewer.dims.ndisplay != 2:
        raise RequestError(
            "The viewer shows 3D, but planes are compared; switch to 2D with the cube button."
        )
    source.check_planes_last()
    index = plane_on_screen(viewer, source)
    level = shown_level(source)
    shape, factor = plane_shape(source, level), source.factors[level]
    sides = slice(0, shape[0]), slice(0, shape[1])
    if prod(shape) > MOST_PIXELS:
        sides = _middle(_seen(viewer, source, factor, shape))
    viewport = scaled(Viewport(*sides), factor, plane_shape(source, 0))
    return OnScreen(source, index, viewport, level)


def _seen(viewer: napari.Viewer, source: Source, factor: int, shape: tuple[int, int]) -> Sides:
    """Return the rows and columns of a level that the camera sees."""
    rows, columns = (
        slice(max(0, side.start // factor), min(length, -(-side.stop // factor)))
        for side, length in zip(in_sight(viewer, source), shape, strict=True)
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise RequestError(
            f"No pixel of '{source.shown_name}' is on screen; move the view to the image."
        )
    return rows, columns


def _middle(sides: Sides) -> Sides:
    """Return the middle of a region, of the same proportions, that is small enough."""
    lengths = [side.stop - side.start for side in sides]
    factor = min(1.0, sqrt(MOST_PIXELS / prod(lengths)))
    kept = [max(1, int(length * factor)) for length in lengths]
    starts = [
        side.start + (length - left) // 2
        for side, length, left in zip(sides, lengths, kept, strict=True)
    ]
    rows, columns = (slice(start, start + left) for start, left in zip(starts, kept, strict=True))
    return rows, columns


def of_part(request: EnhanceRequest, screen: OnScreen) -> EnhanceRequest:
    """Return the request for a part, of the request for its whole layer.

    Parameters
    ----------
    request : EnhanceRequest
        With numbers as its windows: those of the layer, and not those of the level.
    screen : OnScreen
    """
    source, number = screen.source, screen.level
    return replace(
        request,
        image=source.levels[number],
        coarser=source.levels[number + 1 :],
        scope=_scope(screen.index, screen.part_of_level),
    )


def _scope(index: tuple[int, ...], part: Viewport) -> Scope:
    rows, columns = ((side.start, side.stop) for side in (part.rows, part.columns))
    return Scope(tuple((place, place + 1) for place in index), rows, columns)


def of_reference(reference: Source, screen: OnScreen) -> EnhanceRequest:
    """Return the request for the part of a reference that belongs to a compared part.

    Its window is found by itself: a reference may have another range than the source.

    Parameters
    ----------
    reference : Source
        Its planes have as many pixels as those of the part's source, and it has one plane, or the
        same ones.
    screen : OnScreen

    Raises
    ------
    RequestError
        If it has not.
    """
    reference.check_planes_last()
    number = _fitting_level(reference, plane_shape(screen.source, screen.level))
    if number is None:
        raise _unfit_size(reference, screen)
    _check_kind(reference, screen.source)
    leading = reference.layout.leading
    has_same = leading == screen.source.layout.leading
    index = screen.index if has_same else (0,) * len(leading)
    return replace(
        request_for(reference, EnhanceSettings()),
        image=reference.levels[number],
        coarser=reference.levels[number + 1 :],
        scope=_scope(index, screen.part_of_level),
    )


def _unfit_size(reference: Source, screen: OnScreen) -> RequestError:
    source = screen.source
    return RequestError(
        f"The reference '{reference.shown_name}' has planes of "
        f"{_size(plane_shape(reference, 0))} pixels, but '{source.shown_name}' has "
        f"{_size(plane_shape(source, screen.level))}; choose a reference of the same size."
    )


def _check_kind(reference: Source, source: Source) -> None:
    """Raise a RequestError if a reference has other colours, or several planes of other axes."""
    if (reference.channels == "mono") != (source.channels == "mono"):
        raise RequestError(
            f"The reference '{reference.shown_name}' is {_colour(reference)}, but "
            f"'{source.shown_name}' is {_colour(source)}; choose a reference of the same kind."
        )
    leading = reference.layout.leading
    if leading != source.layout.leading and prod(leading) > 1:
        raise RequestError(
            f"The reference '{reference.shown_name}' has {prod(leading)} planes of other axes than "
            f"'{source.shown_name}'; choose one with one plane, or with the same axes."
        )


def _fitting_level(reference: Source, shape: tuple[int, int]) -> int | None:
    """Return the number of the level whose planes have a shape, None if there is none."""
    numbers = range(len(reference.levels))
    fitting = (n for n in numbers if reference.factors[n] and plane_shape(reference, n) == shape)
    return next(fitting, None)


def _colour(source: Source) -> str:
    return "mono" if source.channels == "mono" else "in colour"


def describe_part(screen: OnScreen) -> str:
    """Return a part in words, such as "plane 3, 512x512 pixels".

    Parameters
    ----------
    screen : OnScreen
    """
    source = screen.source
    size = f"{_size(screen.part_of_level.shape)} pixels"
    if screen.part_of_level.shape != plane_shape(source, screen.level):
        size += " of what is on screen"
    if screen.level:
        size += f" of a level that is {source.factors[screen.level]} times smaller"
    return ", ".join(filter(None, (describe_place(screen), size)))


def describe_place(screen: OnScreen) -> str:
    """Return the plane of a part in words, such as "plane 3"; empty if there is one plane.

    Parameters
    ----------
    screen : OnScreen
    """
    axes = plane_axes(screen.source)
    names = ["plane" if len(axes) == 1 else axis.label for axis in axes]
    places = [screen.index[axis.position] for axis in axes]
    return ", ".join(f"{name} {place}" for name, place in zip(names, places, strict=True))


def is_on_screen(viewer: napari.Viewer, screen: OnScreen) -> bool:
    """Return whether the sliders are at the plane of a part.

    Parameters
    ----------
    viewer : napari.Viewer
    screen : OnScreen
    """
    try:
        return plane_on_screen(viewer, screen.source) == screen.index
    except ZeroDCEError:  # 3D, or beyond the ends of the stack
        return False


def _size(shape: tuple[int, ...]) -> str:
    """Return a size as people write it, the width first."""
    return f"{shape[1]:,}x{shape[0]:,}"
