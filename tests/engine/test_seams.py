"""Tiles leave no seam: a tiled image equals the untiled one, whatever the size of the tiles."""

from __future__ import annotations

import numpy as np
import pytest

NETWORKS = [("zero-dce", None), ("zero-dce-pp", 1), ("zero-dce-pp", 3), ("zero-dce-pp", 12)]
TILES = [7, 16, 37, 64]
WHOLE = 10_000


def image_of(dtype, *shape):
    values = np.random.default_rng(0).random(shape) ** 2
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return (values * 0.999 * (float(limits.max) - float(limits.min)) + float(limits.min)).astype(
        dtype
    )


def settings_of(network, dtype):
    checkpoint, scale_factor = network
    limits = None if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
    window = (0.0, 1.0) if limits is None else (int(limits.min), int(limits.max))
    return {"checkpoint": checkpoint, "scale_factor": scale_factor, "window": window}


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("dtype", ["u1", "u2", "i8", "f4", "f8"])
def test_tiled_equals_untiled(run, assert_seamless, dtype, network, tile):
    image = image_of(dtype, 83, 70, 3)
    settings = settings_of(network, dtype)
    whole = run(image, "rgb", tile=WHOLE, **settings)
    assert_seamless(run(image, "rgb", tile=tile, **settings), whole)


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (5, 260), (130, 131)])
@pytest.mark.parametrize("network", NETWORKS)
def test_tiled_equals_untiled_in_thin_and_mono_images(run, assert_seamless, network, shape):
    image = image_of("u2", *shape)
    settings = settings_of(network, "u2")
    whole = run(image, tile=WHOLE, **settings)
    for tile in (9, 64, 129):
        assert_seamless(run(image, tile=tile, **settings), whole)


def test_a_halo_one_pixel_too_small_would_be_seen(run, monkeypatch):
    monkeypatch.setattr("napari_zerodce.engine.methods.curves.LocalCurves.halo", 6)
    image = image_of("f4", 83, 70, 3)
    settings = settings_of(("zero-dce", None), "f4")
    whole = run(image, "rgb", tile=WHOLE, **settings)
    difference = np.abs(run(image, "rgb", tile=31, **settings) - whole)
    assert difference.max() > 1e-5  # ten times what last bits can make
