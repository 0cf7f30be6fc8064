"""What a photo or another file says, as tags of a TIFF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff import tags
from napari_zerodce.imaging.files.tiff.directory import ByteOrder, Directory, Tag
from napari_zerodce.imaging.files.tiff.exif import directory_of, text_tag

_BYTE, _UNDEFINED = 1, 7
_TEXTS: Final = {
    "Description": tags.DESCRIPTION,
    "Comment": tags.DESCRIPTION,
    "Title": 269,
    "Software": tags.SOFTWARE,
    "Author": 315,
    "Copyright": 33432,
}
"""Keywords that the PNG standard defines, and the tags of the same meaning."""


def with_foreign(page: Directory, image: ImageFile, byteorder: ByteOrder) -> Directory:
    """Return what a page says, and what only the shared facts of its image say.

    Parameters
    ----------
    page : Directory
        What the source said if it was a TIFF.
    image : ImageFile
    byteorder : {"<", ">"}
    """
    details = image.details
    exif = details.get("exif")
    told = directory_of(exif, byteorder) if exif else Directory()
    found = _texts(details) | dict(told.tags)
    if "xmp" in details:
        found[tags.XMP] = Tag(_BYTE, bytes(details["xmp"]))
    if "iptc" in details:
        found[tags.IPTC] = Tag(_UNDEFINED, bytes(details["iptc"]))
    return Directory({**found, **page.tags}, {**told.nested, **page.nested})


def lost_texts(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Return names of what other files say and no tag can hold.

    Parameters
    ----------
    details : mapping
    """
    texts = set(details.get("text") or {}) - set(_TEXTS)
    return ("text",) if texts else ()


def _texts(details: Mapping[str, Any]) -> dict[int, Tag]:
    found = {}
    if comment := details.get("comment"):
        found[tags.DESCRIPTION] = text_tag(str(comment))
    for key, text in (details.get("text") or {}).items():
        if key in _TEXTS and str(text):
            found[_TEXTS[key]] = text_tag(str(text))
    return found
