"""What the samples of a TIFF mean: the order of axes, and grey, colour or channels."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.tiff.facts import COMPRESSIONS
from napari_zerodce.imaging.planes import Array, Channels, layout_of

_GREY: Final = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE)
_COLOURS: Final = (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.PALETTE)


def planes_last(array: Array, axes: str) -> tuple[Array, str]:
    """Move rows, columns and samples to the end, because files may have them at any axis."""
    if not {"Y", "X"} <= set(axes):
        return array, axes
    last = "YXS" if "S" in axes else "YX"
    order = [axis for axis, name in enumerate(axes) if name not in last]
    order += [axes.index(name) for name in last]
    return array.transpose(order), "".join(axes[axis] for axis in order)


def coloured(array: Array, axes: str, page: Any) -> tuple[Array, str, Channels]:
    """Return the image, with samples as colour if the file says so, and otherwise as channels."""
    if "S" not in axes:
        # The writer may not have known about colour: the shape then decides, as in napari.
        guessed = layout_of(array).channels if "Q" in axes and array.ndim == len(axes) else "mono"
        return array, axes if guessed == "mono" else axes[:-3] + "YXS", guessed
    plain = page.compression in {tifffile.COMPRESSION.NONE, *COMPRESSIONS}
    photos = () if plain else (tifffile.PHOTOMETRIC.YCBCR,)  # JPEG and others decode it to RGB
    if page.photometric not in (*_GREY, *_COLOURS, *photos):
        name = getattr(page.photometric, "name", page.photometric)
        raise ValueError(f"its colours are {name}; convert it to RGB")
    if page.photometric in _GREY and array.shape[-1] == 2 and any(page.extrasamples):
        array = array[..., [0, 0, 0, 1]]  # grey and alpha
    elif page.photometric in _GREY or array.shape[-1] not in {3, 4}:
        return np.moveaxis(array, -1, -3), axes.replace("YXS", "SYX"), "mono"
    return array, axes, "rgb" if array.shape[-1] == 3 else "rgba"
