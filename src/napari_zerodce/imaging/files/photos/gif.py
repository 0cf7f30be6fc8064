"""GIF: a picture or an animation of at most 256 colours each."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL.GifImagePlugin import GifImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos.facts import facts_beyond, fitted, shared_facts
from napari_zerodce.imaging.files.photos.gif_blocks import facts_in, with_facts
from napari_zerodce.imaging.files.photos.pixels import (
    animation_options,
    check_claim,
    image_of,
    is_animation,
    pillow_images,
)
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("GIF", (".gif",), is_lossy=True)

_HELD: Final = {"comment", "xmp", "icc_profile"}

_LONGEST_SIDE: Final = 65_535


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a GIF; a palette of greys gives a grey image."""
    with GifImageFile(path) as photo:
        check_claim(photo, path)
        image = image_of(photo, path, with_pixels=with_pixels)
        details = dict(image.details) | shared_facts(photo)
    details |= facts_in(path.read_bytes())
    return fitted(replace(image, details=details))


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a GIF can hold an image: 8 bits, a plane or an animation."""
    layout = layout_of(image.array, channels=image.channels)
    small = max(layout.height, layout.width) <= _LONGEST_SIDE
    known = image.array.dtype == np.uint8 and (is_animation(image) or not layout.leading)
    return bool(known) and small


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts that such a file cannot hold."""
    alpha = ["half transparency"] if _is_half_transparent(image) else []
    return facts_beyond(image, _HELD) + alpha


def _is_half_transparent(image: ImageFile) -> bool:
    alpha = image.array[..., 3] if image.channels == "rgba" else np.zeros(1, np.uint8)
    return bool(((alpha > 0) & (alpha < 255)).any())


def has_fewer_colours(image: ImageFile) -> bool:
    """Return whether colours may be reduced to 256, in an image that was no GIF before.

    Parameters
    ----------
    image : ImageFile
    """
    return image.channels != "mono" and "gif" not in image.details


def write(path: Path, image: ImageFile) -> None:
    """Write a GIF, whose pictures are whole ones."""
    first, *others = pillow_images(image)
    options = animation_options(image, unit=10)
    if image.channels == "rgba" and others:
        options["disposal"] = 2  # otherwise the picture before it shines through
    file = io.BytesIO()
    first.save(file, "GIF", append_images=others, **options)
    path.write_bytes(with_facts(file.getvalue(), image.details))
