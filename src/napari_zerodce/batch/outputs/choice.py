"""Which kind of output an image has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.outputs.image_file import ImageFileOutput
from napari_zerodce.batch.outputs.ome_zarr import OmeZarrOutput
from napari_zerodce.batch.outputs.output import Output
from napari_zerodce.batch.sources import Source


def output_for(
    image: BatchImage,
    key: str,
    *,
    pixels: int,
    source: Callable[[], Source],
    accepts_gaps: bool = False,
) -> Output:
    """Return the output of an image.

    Parameters
    ----------
    image : BatchImage
    key : str
        Of its source and the settings.
    pixels : int
        Most pixels of a part.
    source : callable
        Opens the image; that of an image file is not opened before it is needed.
    accepts_gaps : bool
        Whether regions that could not be read stay as they are.
    """
    if image.kind == "file":
        target = Path(image.target)
        return ImageFileOutput(
            target,
            key,
            pixels=pixels,
            source=lambda: source().content,
            accepts_gaps=accepts_gaps,
        )
    saved = source().saved
    assert saved is not None
    return OmeZarrOutput(
        image.target, key, source=saved, path=image.source, accepts_gaps=accepts_gaps
    )
