"""Where a layer made from a part of another one lies: exactly on what it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from napari.utils.transforms import Affine

GEOMETRY = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def geometry_of_part(
    properties: Mapping[str, Any], offset: Sequence[float], step: int
) -> dict[str, Any]:
    """Return the geometry of a part of a layer.

    Parameters
    ----------
    properties : mapping
        The layer's own geometry, as in its layer data tuple.
    offset : sequence of float
        Which pixel of the layer is the part's first, one number for each axis.
    step : int
        Every how many rows and columns (the last two axes) the part keeps.
    """
    geometry = {key: properties[key] for key in GEOMETRY if key in properties}
    own = Affine(
        **{key: geometry[key] for key in ("scale", "translate", "rotate", "shear")},
        ndim=len(offset),
    )
    scale = np.array(geometry["scale"], float)
    scale[-2:] *= step
    return geometry | {"scale": scale, "translate": own(np.asarray(offset, float))}


def with_leading_axis(geometry: Mapping[str, Any], label: str) -> dict[str, Any]:
    """Return the geometry for the same with one more axis in front, of which 1 is one unit."""
    ndim = len(geometry["scale"])
    padded = dict(geometry)
    padded["scale"] = np.concatenate(([1.0], geometry["scale"]))
    padded["translate"] = np.concatenate(([0.0], geometry["translate"]))
    padded["rotate"] = _padded(np.asarray(geometry["rotate"]), ndim)
    # Shear is the upper triangle row by row: the new first row is all zeros.
    padded["shear"] = np.concatenate((np.zeros(ndim), np.ravel(geometry["shear"])))
    padded["affine"] = _padded(np.asarray(geometry["affine"]), ndim + 1)
    padded["units"] = ("pixel", *geometry["units"])
    padded["axis_labels"] = (label, *geometry["axis_labels"])
    return padded


def _padded(matrix: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    padded = np.eye(size + 1)
    padded[1:, 1:] = matrix
    return padded
