"""The viewer's layers as training data: images, regions, and the preview crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.on_screen import OnScreen, on_screen
from napari_zerodce.gui.layers.regions import mask_of
from napari_zerodce.gui.layers.source import Source, read_source
from napari_zerodce.imaging.intensity import WindowChoice
from napari_zerodce.training.crops import TrainingImage

if TYPE_CHECKING:
    import napari
    from napari.layers import Image, Layer, Shapes

_LARGEST_MASK = 2**22


def images_of(
    viewer: napari.Viewer,
    layers: Sequence[Image],
    window: WindowChoice,
    region: Shapes | None,
) -> list[TrainingImage]:
    """Return the images from which crops are taken.

    Parameters
    ----------
    viewer : napari.Viewer
    layers : sequence of Image
        The ticked layers.
    window : WindowChoice
    region : Shapes, optional
        Crops come only from its shapes, in the plane on screen.

    Raises
    ------
    RequestError
        If no shape contains a pixel of a layer, or the planes of a layer are not on screen.
    ImageError
        If the data of a layer are not a valid image.
    """
    images = []
    for layer in layers:
        source = read_source(layer)
        image = _image(source, window)
        if region is None:
            images.append(image)
            continue
        screen = _whole_plane(on_screen(viewer, source))
        mask = mask_of(region, screen)
        if mask.any():
            images.append(
                replace(image, region=mask, region_step=screen.viewport.step, index=screen.index)
            )
    if layers and not images:
        assert region is not None
        raise RequestError(
            f"No shape of '{region.name}' lies on a plane of the chosen images that is on screen; "
            "draw a rectangle or a polygon on it, or choose 'Whole images'."
        )
    return images


def pinned_crop(
    viewer: napari.Viewer, layers: Sequence[Image], window: WindowChoice
) -> tuple[TrainingImage, int, int] | None:
    """Return the image of the preview crop, and the row and column in its centre.

    The crop is in the middle of the screen. It is from the active layer if that is one of the
    chosen layers, else from the first of them.

    Parameters
    ----------
    viewer : napari.Viewer
    layers : sequence of Image
        The ticked layers.
    window : WindowChoice

    Returns
    -------
    tuple of TrainingImage, int and int, or None
        None if there is no layer.
    """
    if not layers:
        return None
    active: Layer | None = viewer.layers.selection.active
    source = read_source(next((layer for layer in layers if layer is active), layers[0]))
    image = _image(source, window)
    try:
        screen = on_screen(viewer, source)
    except RequestError:  # no plane of the layer is on screen
        layout = source.layout
        return image, layout.height // 2, layout.width // 2
    rows, columns = _visible_middle(screen)
    return replace(image, index=screen.index), rows, columns


def _image(source: Source, window: WindowChoice) -> TrainingImage:
    choice = window.of_layer(source.contrast_limits)
    return TrainingImage(source.name, source.planes, source.channels, choice)


def _whole_plane(screen: OnScreen) -> OnScreen:
    layout = screen.source.layout
    step = max(1, int((layout.height * layout.width / _LARGEST_MASK) ** 0.5))
    part = Viewport(slice(0, layout.height), slice(0, layout.width), step)
    return replace(screen, viewport=part)


def _visible_middle(screen: OnScreen) -> tuple[int, int]:
    first, last = screen.visible_columns
    rows = screen.viewport.rows
    return (rows.start + rows.stop) // 2, (first + last) // 2
