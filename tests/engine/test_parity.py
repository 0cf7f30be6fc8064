"""With the published weights, real photos and their maps come out as from the published networks.

The recorded numbers (a grid of pixels, and the mean of each channel) come from the authors'
published model files at float32, run once on these photos; Zero-DCE++ on the part of the photo
whose sides are multiples of 12, as their test script crops it. Their maps have the other sign.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_zerodce.engine.maps import curve_maps
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.intensity import WindowChoice

DATA = Path(__file__).parent / "data"
TOLERANCE = 1e-5
GRID = (slice(5, None, 43), slice(7, None, 47))
MAP_GRID = (slice(11, None, 97), slice(5, None, 103))

PHOTOS = ["dicm/01.jpg", "dicm/30.jpg", "dicm/69.jpg", "kodak/kodim01.png"]
NETWORKS = {
    "zero-dce": "checkpoints/zero-dce_epoch99.pth",
    "zero-dce-pp": "checkpoints/zero-dce-pp_epoch99.pth",
}


@pytest.fixture(scope="module")
def recorded():
    with np.load(DATA / "published_photos.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def recorded_maps():
    with np.load(DATA / "published_maps.npz") as file:
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
def test_the_curve_maps_are_those_of_the_published_network(
    shared_data, recorded, recorded_maps, photo, network
):
    name, pixels = photo
    request = EnhanceRequest(
        image=pixels.astype(np.float32) / np.float32(255),
        channels="rgb",
        settings=EnhanceSettings(
            checkpoint=shared_data / NETWORKS[network],
            window=WindowChoice("range", 0, 1),
            device="cpu",
            precision="float32",
        ),
    )
    maps = curve_maps(request)
    assert maps.shape == (8, 3, *pixels.shape[:2])
    rows, columns, _ = recorded[f"{name}_{network}_shape"]
    region = maps[..., :rows, :columns]

    sampled = -recorded_maps[f"{name}_{network}_maps"]  # (24 or 3, rows, columns)
    assert sampled.size >= 3 * 5 * 7
    if network == "zero-dce-pp":  # one map for all iterations
        assert (maps == maps[:1]).all()
        region = region[:1]
    ours = region.reshape(-1, rows, columns)
    np.testing.assert_allclose(ours[:, *MAP_GRID], sampled, rtol=0, atol=TOLERANCE)
    means = -recorded_maps[f"{name}_{network}_means"]
    ours_means = ours.mean((1, 2), dtype=np.float64)
    np.testing.assert_allclose(ours_means, means, rtol=0, atol=TOLERANCE)
    assert means.min() > 0.05  # photos this dark are brightened: A > 0


@pytest.mark.parametrize("network", NETWORKS)
def test_eight_bits_are_the_nearest_to_it(run, shared_data, recorded, network):
    with Image.open(shared_data / "photos" / "kodak" / "kodim01.png") as file:
        pixels = np.asarray(file.convert("RGB"))
    enhanced = run(pixels, "rgb", checkpoint=shared_data / NETWORKS[network])
    rows, columns, _ = recorded[f"kodak_kodim01.png_{network}_shape"]
    expected = recorded[f"kodak_kodim01.png_{network}_pixels"].astype(np.float64) * 255
    assert np.abs(enhanced[:rows, :columns][GRID] - expected).max() <= 0.5 + 255 * TOLERANCE
