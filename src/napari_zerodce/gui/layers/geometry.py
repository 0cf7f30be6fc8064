"""The geometry of a layer that shows a part of another one: it lies exactly on that part."""

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
        The geometry of the layer, as in its layer data tuple.
    offset : sequence of float
        The first pixel of the part in the layer, one number for each axis.
    step : int
        The part keeps every `step`-th row and column (the last two axes).
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
    """Return a geometry with one more axis in front, which has scale 1 and translation 0.

    Parameters
    ----------
    geometry : mapping
        As `geometry_of_part` returns it.
    label : str
        Label of the new axis.
    """
    ndim = len(geometry["scale"])
    padded = dict(geometry)
    padded["scale"] = np.concatenate(([1.0], geometry["scale"]))
    padded["translate"] = np.concatenate(([0.0], geometry["translate"]))
    padded["rotate"] = _padded(np.asarray(geometry["rotate"]), ndim)
    # Shear is the upper triangle, row by row: the new first row is zero.
    padded["shear"] = np.concatenate((np.zeros(ndim), np.ravel(geometry["shear"])))
    padded["affine"] = _padded(np.asarray(geometry["affine"]), ndim + 1)
    padded["units"] = ("pixel", *geometry["units"])
    padded["axis_labels"] = (label, *geometry["axis_labels"])
    return padded


def _padded(matrix: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    padded = np.eye(size + 1)
    padded[1:, 1:] = matrix
    return padded
