"""Whether images can be trained on together: their layouts, and those of their partners."""

from __future__ import annotations

from collections.abc import Sequence

from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.planes import PlaneLayout, layout_of
from napari_zerodce.training.crops import TrainingImage


def layouts_of(images: Sequence[TrainingImage]) -> list[PlaneLayout]:
    """Return the layouts of images that are trained on together, all mono or all colour.

    Parameters
    ----------
    images : sequence of TrainingImage
        All with a partner, or all without.

    Raises
    ------
    ImageError
        If one of them is not a valid image.
    RequestError
        If there is no image, some are mono and others colour, or a partner has another size.
    """
    if not images:
        raise RequestError("There is no image to train on; choose one or more dark images.")
    layouts = [_layout(image) for image in images]
    _check_kinds(images, layouts)
    partners = [image.partner for image in images if image.partner is not None]
    if partners:
        of_partners = [_layout(partner) for partner in partners]
        _check_kinds(partners, of_partners)
        for image, partner, *pair in zip(images, partners, layouts, of_partners, strict=True):
            _check_size(image, partner, *pair)
    return layouts


def _layout(image: TrainingImage) -> PlaneLayout:
    try:
        return layout_of(image.array, channels=image.channels)
    except ImageError as err:
        raise ImageError(f"'{image.name}' cannot be used for training: {err}") from err


def _check_kinds(images: Sequence[TrainingImage], layouts: Sequence[PlaneLayout]) -> None:
    for name, layout in zip((p.name for p in images), layouts, strict=True):
        if layout.colours != layouts[0].colours:
            kinds = {1: "one channel", 3: "colour"}
            raise RequestError(
                f"'{images[0].name}' has {kinds[layouts[0].colours]}, but '{name}' has "
                f"{kinds[layout.colours]}; train on images of one kind at a time."
            )


def _check_size(
    image: TrainingImage, partner: TrainingImage, layout: PlaneLayout, other: PlaneLayout
) -> None:
    sizes = [(*each.leading, each.height, each.width) for each in (layout, other)]
    if sizes[0] != sizes[1]:
        shown = ["x".join(map(str, reversed(size))) for size in sizes]
        raise RequestError(
            f"'{image.name}' has {shown[0]} pixels, but its target '{partner.name}' has "
            f"{shown[1]}; give pairs of the same size."
        )
