"""Curve maps are those that enhance an image: applying them gives the enhanced one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.core.curves import apply_curves
from napari_zerodce.engine.maps import curve_maps
from napari_zerodce.engine.messages import EnhanceRequest
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.intensity import WindowChoice

UNIT = WindowChoice("range", 0, 1)


def request_for(image, channels="mono", **settings):
    given = {"window": UNIT, "device": "cpu", "precision": "float32", **settings}
    return EnhanceRequest(image=image, channels=channels, **given)


@pytest.mark.parametrize("tile", [None, 16])
@pytest.mark.parametrize(("checkpoint", "scale_factor"), [("zero-dce", None), ("zero-dce-pp", 5)])
@pytest.mark.parametrize(
    ("shape", "channels", "colours"),
    [((30, 41), "mono", 1), ((30, 41, 3), "rgb", 3), ((2, 30, 41, 4), "rgba", 3)],
)
def test_maps_applied_to_the_image_are_the_enhanced_image(
    run, shape, channels, colours, checkpoint, scale_factor, tile
):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    settings = {"checkpoint": checkpoint, "scale_factor": scale_factor, "tile": tile}
    maps = curve_maps(request_for(image, channels, **settings))
    leading = shape[:-2] if channels == "mono" else shape[:-3]
    assert maps.shape == (*leading, 8, colours, 30, 41)
    assert maps.dtype == np.float32
    assert (np.abs(maps) <= 1).all()

    planes = image[..., None] if channels == "mono" else image[..., :3]
    planes = torch.from_numpy(np.moveaxis(planes, -1, -3).reshape(-1, colours, 30, 41))
    curved = apply_curves(planes, torch.from_numpy(maps.reshape(-1, 8, colours, 30, 41)))
    enhanced = run(image, channels, window=(0, 1), **settings)
    expected = enhanced[..., None] if channels == "mono" else enhanced[..., :3]
    expected = np.moveaxis(expected, -1, -3).reshape(curved.shape)
    np.testing.assert_allclose(curved.numpy(), expected, rtol=0, atol=1e-6)


def test_maps_that_have_no_room_are_told():
    huge = np.broadcast_to(np.uint8(0), (2**20, 2**10, 2**10))
    with pytest.raises(ImageError, match=r"The curve maps need 32768\.0 GiB of memory, and"):
        curve_maps(request_for(huge))


def test_progress_and_cancel_are_those_of_a_run():
    told = []
    image = np.zeros((3, 40, 40), np.uint8)
    curve_maps(request_for(image), report=told.append)
    assert told[-1].done == told[-1].total == 3
    with pytest.raises(Cancelled):
        curve_maps(request_for(image), should_stop=lambda: len(told) > 0)
