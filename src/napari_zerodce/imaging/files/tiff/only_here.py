"""The names of the facts of a TIFF that files of other kinds cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff import tags
from napari_zerodce.imaging.files.tiff.facts import TiffFacts

_DIALECTS: Final = {"ome": "OME-XML", "imagej": "ImageJ's metadata"}
_FIRST_PRIVATE = 65_000  # TIFF leaves the codes from here on to everybody


def only_here(images: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return the names of facts that only a TIFF can hold, such as "GeoTIFF".

    Parameters
    ----------
    images : sequence of ImageFile
        From files of any kind.
    """
    return tuple(dict.fromkeys(name for image in images for name in _names(image)))


def _names(image: ImageFile) -> Iterator[str]:
    facts = image.details.get("tiff")
    if not isinstance(facts, TiffFacts):
        return
    if (dialect := image.details.get("dialect")) in _DIALECTS:
        yield _DIALECTS[dialect]
    codes = {code for page in facts.pages for code in page.tags}
    if codes & tags.GEOTIFF:
        yield "GeoTIFF"
    if tags.MICRO_MANAGER in codes:
        yield "Micro-Manager's metadata"
    if any(code >= _FIRST_PRIVATE for code in codes):
        yield "private tags"
    if facts.levels:
        yield "smaller copies"
    yield from facts.lost
    if getattr(image.details.get("stored"), "further", None) is not None:
        yield "samples besides colour and alpha"
