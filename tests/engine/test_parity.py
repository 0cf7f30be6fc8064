"""With the published weights, real photos come out as from the published networks.

The recorded numbers (a grid of pixels, and the mean of each channel) come from the authors'
published model files at float32, run once on these photos; Zero-DCE++ on the part of the photo
whose sides are multiples of 12, as their test script crops it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RECORDED = Path(__file__).parent / "data" / "published_photos.npz"
TOLERANCE = 1e-5
GRID = (slice(5, None, 43), slice(7, None, 47))

PHOTOS = ["dicm/01.jpg", "dicm/30.jpg", "dicm/69.jpg", "kodak/kodim01.png"]
NETWORKS = {
    "zero-dce": "checkpoints/zero-dce_epoch99.pth",
    "zero-dce-pp": "checkpoints/zero-dce-pp_epoch99.pth",
}


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED) as file:
        return dict(file)


@pytest.fixture(params=PHOTOS)
def photo(request, shared_data, recorded):
    """A photo's name in the recorded file, and its pixels."""
    with Image.open(shared_data / "photos" / request.param) as file:
        pixels = np.asarray(file.convert("RGB"))
    name = request.param.replace("/", "_")
    if hashlib.sha256(pixels.tobytes()).digest() != recorded[f"{name}_hash"].tobytes():
        pytest.skip("this machine's JPEG decoder gives other pixels than those that were recorded")
    return name, pixels


@pytest.mark.parametrize("network", NETWORKS)
def test_a_photo_is_enhanced_as_by_the_published_network(
    run, shared_data, recorded, photo, network
):
    name, pixels = photo
    unit = pixels.astype(np.float32) / np.float32(255)
    enhanced = run(unit, "rgb", window=(0, 1), checkpoint=shared_data / NETWORKS[network])
    assert enhanced.shape == pixels.shape  # not a pixel is lost
    assert np.isfinite(enhanced).all()

    rows, columns, _ = recorded[f"{name}_{network}_shape"]
    region = enhanced[:rows, :columns]
    pixels_there = recorded[f"{name}_{network}_pixels"]
    assert pixels_there.shape[0] * pixels_there.shape[1] > 130
    np.testing.assert_allclose(region[GRID], pixels_there, rtol=0, atol=TOLERANCE)
    means = region.mean(axis=(0, 1), dtype=np.float64)
    np.testing.assert_allclose(means, recorded[f"{name}_{network}_means"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("network", NETWORKS)
def test_eight_bits_are_the_nearest_to_it(run, shared_data, recorded, network):
    with Image.open(shared_data / "photos" / "kodak" / "kodim01.png") as file:
        pixels = np.asarray(file.convert("RGB"))
    enhanced = run(pixels, "rgb", checkpoint=shared_data / NETWORKS[network])
    rows, columns, _ = recorded[f"kodak_kodim01.png_{network}_shape"]
    expected = recorded[f"kodak_kodim01.png_{network}_pixels"].astype(np.float64) * 255
    assert np.abs(enhanced[:rows, :columns][GRID] - expected).max() <= 0.5 + 255 * TOLERANCE
