"""The layers of a comparison: one for each picture, or one with all pictures and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from napari.layers import Image, Points

from napari_zerodce.compare.candidates import SOURCE
from napari_zerodce.compare.comparison import Compared, Comparison
from napari_zerodce.gui.docks.compare.mosaic import Mosaic, mosaic
from napari_zerodce.gui.docks.compare.names import PIXELS, Fitted, fit
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.results import display_range
from napari_zerodce.gui.layers.source import APPEARANCE
from napari_zerodce.imaging.planes import Array

LINKED: Final = ("contrast_limits", "gamma")
"""What the user changes of one picture changes in all."""

_NAME_SIZE: Final = 10
"""Of names above pictures; it is napari's own."""

REFERENCE: Final = "reference"
"""The name of its picture."""

_MARGIN: Final = 16
"""Pixels of the screen beside a name in its cell."""

_LINE: Final = 1.3
"""Height of a line, as a part of the size of its letters."""


def picture_layer(screen: OnScreen, comparison: Comparison, compared: Compared) -> Image:
    """Return a layer for a picture, which lies on the compared part of the source.

    Parameters
    ----------
    screen : OnScreen
    comparison : Comparison
    compared : Compared
        With an image.
    """
    layer = _image_layer(screen, comparison, _image(compared), screen.geometry)
    layer.name = compared.title
    layer.metadata = _metadata(screen, compared)
    layer.name_overlay.visible = True
    return layer


def fill(layer: Image, screen: OnScreen, compared: Compared) -> None:
    """Show another picture of the same part in a layer.

    Parameters
    ----------
    layer : napari.layers.Image
    screen : OnScreen
    compared : Compared
        With an image.
    """
    layer.data = _with_all_axes(screen, _image(compared))
    layer.metadata = _metadata(screen, compared)


def mosaic_layers(screen: OnScreen, comparison: Comparison, columns: int) -> tuple[Image, Points]:
    """Return a layer with all pictures beside each other, and one with their names.

    The first picture lies on the compared part of the source.

    Parameters
    ----------
    screen : OnScreen
    comparison : Comparison
    columns : int
        Number of pictures in a row.
    """
    compared = pictures_of(comparison)
    empty = comparison.source.samples.min()
    tiles = mosaic([_image(each) for each in compared], columns, empty=empty)
    geometry = _with_first_row(screen, -int(tiles.corners[0, 0]))
    layer = _image_layer(screen, comparison, tiles.image, geometry)
    layer.name = f"{screen.source.name} [compared]"
    layer.metadata = _metadata(screen)
    fitted = _fit_tiles([each.title for each in compared], tiles)
    places = np.zeros((len(compared), layer.ndim))
    places[:, -2:] = tiles.corners
    names = Points(
        places,
        **geometry,
        name=f"{screen.source.name} [names]",
        features={"name": list(fitted.texts)},
        text={
            "string": "{name}",
            "anchor": "upper_left",
            "color": "white",
            "size": fitted.size * min(geometry["scale"][-2:]),
            "scaling": True,
        },
        size=0.01,
        face_color="transparent",
        border_color="transparent",
        metadata=_metadata(screen),
    )
    return layer, names


def pictures_of(comparison: Comparison) -> list[Compared]:
    """Return the candidates that have given a picture, in their order, and then the reference."""
    pictures = [each for each in comparison.compared if each.image is not None]
    reference = comparison.reference_picture
    if reference is not None:
        pictures.append(Compared(SOURCE, REFERENCE, reference))
    return pictures


def fit_names(
    pictures: Mapping[str, Image], width: float, given: Mapping[str, str]
) -> dict[str, str]:
    """Give layers names that fit into their cells; those that fitted before stay as they are.

    Parameters
    ----------
    pictures : mapping of str to napari.layers.Image
        At least one, by the titles of their candidates.
    width : float
        Of a cell, in pixels of the screen.
    given : mapping of str to str
        What was returned before; the user may have renamed layers since.

    Returns
    -------
    dict of str to str
        The names by the titles of the candidates.
    """
    fitted = fit(list(pictures), max(1, width - _MARGIN), _NAME_SIZE)
    for layer in pictures.values():
        layer.name_overlay.font_size = fitted.size
    names = dict(zip(pictures, fitted.texts, strict=True))
    for title, layer in pictures.items():
        if given.get(title) != names[title]:
            layer.name = names[title]
    return names


def _fit_tiles(titles: Sequence[str], tiles: Mosaic) -> Fitted:
    """Return names that fit above tiles; pixels of the image take the place of the screen's."""
    _, width = tiles.shape
    return fit(titles, width, tiles.gap / PIXELS / _LINE)


def limits_of(screen: OnScreen, comparison: Comparison) -> tuple[float, float]:
    """Return the contrast limits of all pictures: those of the source, if they are suitable.

    Parameters
    ----------
    screen : OnScreen
    comparison : Comparison
    """
    return display_range(screen.source.contrast_limits, comparison.source.window)


def _with_first_row(screen: OnScreen, row: int) -> dict[str, Any]:
    """Return the geometry of a layer whose first row is another one than that of the part."""
    part = screen.viewport
    rows = slice(part.rows.start + row * part.step, part.rows.stop)
    return replace(screen, viewport=replace(part, rows=rows)).geometry


def _image_layer(
    screen: OnScreen, comparison: Comparison, samples: Array, geometry: dict[str, Any]
) -> Image:
    properties = screen.source.properties
    return Image(
        _with_all_axes(screen, samples),
        **geometry,
        **{key: properties[key] for key in APPEARANCE if key in properties},
        rgb=samples.ndim == 3,
        multiscale=False,
        contrast_limits=limits_of(screen, comparison),
    )


def _metadata(screen: OnScreen, compared: Compared | None = None) -> dict[str, Any]:
    made = None if compared is None else compared.provenance
    return screen.source.provenance("compared", made=made).as_metadata()


def _image(compared: Compared) -> Array:
    assert compared.image is not None
    return compared.image


def _with_all_axes(screen: OnScreen, samples: Array) -> Array:
    """Return samples with leading axes of length 1, so that only their plane shows them."""
    return samples.reshape((1,) * len(screen.index) + samples.shape)
