"""What a training gets of the viewer's layers: images, regions, and the pinned crop."""

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
    """Return images to take crops from.

    Parameters
    ----------
    viewer : napari.Viewer
    layers : sequence of Image
    window : WindowChoice
    region : Shapes, optional
        Crops come from its shapes, in the plane that is on screen.

    Raises
    ------
    RequestError
        If no layer has a pixel in a shape, or its plane is not on screen.
    ImageError
        If a layer's data are no image.
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
            f"No shape of '{region.name}' lies on the planes of the chosen images that are on "
            "screen; draw a rectangle or a polygon on them, or choose 'Whole images'."
        )
    return images


def pinned_crop(
    viewer: napari.Viewer, layers: Sequence[Image], window: WindowChoice
) -> tuple[TrainingImage, int, int] | None:
    """Return the image, row and column of the crop that is watched: the middle of the screen.

    Of the active layer if it is among the chosen ones, else of the first; None if there is none.
    """
    if not layers:
        return None
    active: Layer | None = viewer.layers.selection.active
    source = read_source(next((layer for layer in layers if layer is active), layers[0]))
    image = _image(source, window)
    try:
        screen = on_screen(viewer, source)
    except RequestError:  # its plane is not on screen
        layout = source.layout
        return image, layout.height // 2, layout.width // 2
    rows, columns = _visible_middle(screen)
    return replace(image, index=screen.index), rows, columns


def _image(source: Source, window: WindowChoice) -> TrainingImage:
    choice = window.of_layer(source.contrast_limits)
    return TrainingImage(source.name, source.data, source.channels, choice)


def _whole_plane(screen: OnScreen) -> OnScreen:
    layout = screen.source.layout
    step = max(1, int((layout.height * layout.width / _LARGEST_MASK) ** 0.5))
    part = Viewport(slice(0, layout.height), slice(0, layout.width), step)
    return replace(screen, viewport=part)


def _visible_middle(screen: OnScreen) -> tuple[int, int]:
    first, last = screen.visible_columns
    rows = screen.viewport.rows
    return (rows.start + rows.stop) // 2, (first + last) // 2
