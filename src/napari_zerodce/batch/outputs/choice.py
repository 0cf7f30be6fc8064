"""Which kind of output an image has."""

from __future__ import annotations

from pathlib import Path

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.outputs.image_file import ImageFileOutput
from napari_zerodce.batch.outputs.output import Output


def output_for(image: BatchImage, key: str, pixels: int) -> Output:
    """Return the output of an image.

    Parameters
    ----------
    image : BatchImage
    key : str
        Of its source and the settings.
    pixels : int
        Most pixels of a part.
    """
    return ImageFileOutput(Path(image.target), key, pixels)
