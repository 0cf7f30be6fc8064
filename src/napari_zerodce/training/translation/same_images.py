"""Whether sources and targets are the same images, from which nothing can be learnt."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

import numpy as np

from napari_zerodce.errors import RequestError
from napari_zerodce.training.crops import TrainingImage


def check_different(sources: Sequence[TrainingImage], targets: Sequence[TrainingImage]) -> None:
    """Refuse targets that are the sources.

    Parameters
    ----------
    sources, targets : sequence of TrainingImage
        Arrays in memory are compared by their pixels, and others, which may be slow to read, only
        by being the same object.

    Raises
    ------
    RequestError
        If each source is a target and each target is a source.
    """
    found, others = ({_identity(image) for image in images} for images in (sources, targets))
    if found and found == others:
        raise RequestError(
            "The sources and the targets are the same images, so that there is nothing to learn; "
            "choose other images for one of them."
        )


def _identity(image: TrainingImage) -> Hashable:
    """Return a value that is equal for equal images."""
    array = image.array
    if type(array) is not np.ndarray:
        return id(array)
    content = hashlib.blake2b(np.ascontiguousarray(array).data).digest()
    return array.shape, array.dtype.str, content
