"""A key for weights: networks that are made of equal weights are made once."""

from __future__ import annotations

import hashlib

import numpy as np

from napari_zerodce.checkpoints.read import Weights


def weights_hash(weights: Weights) -> str:
    """Return a hash of weights, their names and their shapes.

    Parameters
    ----------
    weights : Mapping of str to ndarray
    """
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(f"{name}{weights[name].shape}".encode())
        digest.update(np.ascontiguousarray(weights[name]).data)
    return digest.hexdigest()
