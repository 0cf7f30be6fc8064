"""The names of the facts of a photo that files of other kinds cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from napari_zerodce.imaging.files.image_file import ImageFile

_NAMES: Final = {
    ("JPEG", "jpeg", "others"): "other segments of the JPEG",
    ("JPEG", "jpeg", "resources"): "Photoshop's resources",
    ("JPEG", "jpeg", "extended_xmp"): "the long part of XMP",
    ("GIF", "gif", "others"): "other extensions of the GIF",
    ("JPEG 2000", "jpeg2000", "boxes"): "other boxes of the JPEG 2000",
}
"""Title of a kind, key of the details, and key within: as users call it."""


def only_here(images: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return names of facts that only a photo of the source's kind can hold.

    Parameters
    ----------
    images : sequence of ImageFile
        From files of any kind.
    """
    names = (name for image in images for name in only_in_other_photos(image.details))
    return tuple(dict.fromkeys(names))


def only_in_other_photos(details: Mapping[str, Any], title: str | None = None) -> Iterator[str]:
    """Yield names of facts that a kind of photo cannot hold, but another one can.

    Parameters
    ----------
    details : mapping
        Of an image.
    title : str, optional
        Of the kind; by default any other file.
    """
    for (kind, key, inside), name in _NAMES.items():
        if kind != title and (details.get(key) or {}).get(inside):
            yield name
