"""The smaller copies of an image in its file, made again from the result."""

from __future__ import annotations

from collections.abc import Sequence

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.levels import coarser_levels, shapes_for_part
from napari_zerodce.imaging.planes import Array, layout_of


def levels_of(
    image: ImageFile, size: tuple[int, int], levels: Sequence[tuple[int, int]]
) -> list[Array]:
    """Return the smaller copies of an image, the largest first.

    Parameters
    ----------
    image : ImageFile
        The result, or a part of it.
    size : tuple of int
        Rows and columns of the source.
    levels : sequence of tuple of int
        Rows and columns of the smaller copies of the source.
    """
    if not levels or image.array.dtype == bool:  # averages of masks are none
        return []
    layout = layout_of(image.array, channels=image.channels)
    own = layout.height, layout.width
    sizes = list(levels) if own == size else shapes_for_part(own, [size, *levels])
    before = image.array.shape[: len(layout.leading)]
    after = image.array.shape[len(layout.leading) + 2 :]
    return coarser_levels(image.array, [(*before, *each, *after) for each in sizes])
