"""Curves of tiles, from an estimator that is no network: what it is asked for, and how often."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.core.thumbnails import RECEPTIVE_RADIUS
from napari_zerodce.device import Device
from napari_zerodce.engine.estimators.estimator import no_check
from napari_zerodce.engine.image_plane import ImagePlane
from napari_zerodce.engine.methods.curves import CurveMethod
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.windows import Window


class Darkness:
    """Estimates A = 1 - x for each iteration: a backend without a network."""

    def __init__(self, *, maps, scale_factor):
        self.maps, self.scale_factor = maps, scale_factor
        self.asked = []

    takes_samples = False

    def upload(self, block):
        return torch.from_numpy(block)[None]

    def estimate(self, image, *, check=no_check):
        check()
        self.asked.append(tuple(image.shape[-2:]))
        return (1 - image)[:, None].expand(-1, self.maps, -1, -1, -1).contiguous()


def alphas_of(estimator, image, *, tile=1000, region=None, **method):
    plane = ImagePlane(image, (), layout=layout_of(image), window=Window(0.0, 1.0))
    alphas = torch.full((1, 8, 1, *image.shape), torch.nan)

    def put(_, tile, found):
        alphas[..., tile.rows, tile.columns] = found

    meter = Meter(1, report=lambda _: None, should_stop=lambda: False)
    loop = TileLoop(TileSize(Device("cpu", ""), tile), meter)
    method = CurveMethod(estimator, lambda tile: tile.alphas, **method)
    loop.run(method, [plane], put, region=region)
    return alphas.numpy()


IMAGE = np.random.default_rng(0).random((40, 52), dtype=np.float32)


@pytest.mark.parametrize("maps", [1, 8])
@pytest.mark.parametrize("tile", [9, 1000])
def test_at_full_resolution_each_pixel_gets_its_own_curve(maps, tile):
    estimator = Darkness(maps=maps, scale_factor=1)
    alphas = alphas_of(estimator, IMAGE, tile=tile)
    np.testing.assert_array_equal(alphas[0, :, 0], np.broadcast_to(1 - IMAGE, (8, 40, 52)))


def test_tiles_are_shown_as_far_around_as_the_network_sees():
    estimator = Darkness(maps=8, scale_factor=1)
    alphas_of(estimator, IMAGE, tile=13)  # 4 x 4 tiles of 10 x 13
    assert max(estimator.asked) == (10 + 2 * RECEPTIVE_RADIUS, 13 + 2 * RECEPTIVE_RADIUS)
    assert min(estimator.asked) == (10 + RECEPTIVE_RADIUS, 13 + RECEPTIVE_RADIUS)


@pytest.mark.parametrize("maps", [1, 8])
@pytest.mark.parametrize("tile", [9, 1000])
def test_on_a_thumbnail_the_plane_is_looked_at_once(maps, tile):
    ramp = np.linspace(0, 1, 48, dtype=np.float32)[None].repeat(36, 0)
    estimator = Darkness(maps=maps, scale_factor=4)
    alphas = alphas_of(estimator, ramp, tile=tile)
    if tile == 1000:
        assert estimator.asked == [(9, 12)]
    # A ramp's thumbnail is a ramp; enlarged with aligned corners, it runs from end to end.
    middle = ramp.reshape(36, 12, 4)[..., 1:3].mean(-1)
    expected = np.linspace(1 - middle[0, 0], 1 - middle[0, -1], 48)
    np.testing.assert_allclose(alphas[0, 0, 0, 5], expected, atol=1e-6)


def test_another_scale_factor_may_be_asked_for():
    estimator = Darkness(maps=1, scale_factor=12)
    alphas_of(estimator, IMAGE, scale_factor=5)
    assert estimator.asked == [(8, 10)]
    estimator.asked.clear()
    alphas_of(estimator, IMAGE, scale_factor=1)
    assert estimator.asked == [(40, 52)]


def test_a_known_curve_asks_nobody():
    estimator = Darkness(maps=8, scale_factor=1)
    curve = tuple(number / 10 for number in range(8))
    alphas = alphas_of(estimator, IMAGE, global_curve=curve)
    assert estimator.asked == []
    np.testing.assert_allclose(alphas[0, :, 0, 3, 4], curve, atol=1e-7)


def test_curves_that_nobody_looks_at_are_not_estimated():
    estimator = Darkness(maps=8, scale_factor=1)
    plane = ImagePlane(IMAGE, (), layout=layout_of(IMAGE), window=Window(0.0, 1.0))
    meter = Meter(1, report=lambda _: None, should_stop=lambda: False)
    found = []
    TileLoop(TileSize(Device("cpu", ""), 64), meter).run(
        CurveMethod(estimator, lambda tile: tile.samples),
        [plane],
        lambda _, __, made: found.append(made),
    )
    assert estimator.asked == []
    np.testing.assert_array_equal(found[0][0], IMAGE)


def test_a_plane_smaller_than_a_block():
    estimator = Darkness(maps=1, scale_factor=12)
    alphas = alphas_of(estimator, IMAGE[:3, :5])
    assert estimator.asked == [(1, 1)]
    assert len(np.unique(alphas)) == 1


@pytest.mark.parametrize(
    "region", [(0, 7, 0, 9), (30, 41, 85, 97), (93, 101, 90, 100), (50, 51, 3, 4)]
)
@pytest.mark.parametrize("tile", [9, 1000])
def test_a_region_gets_the_curves_of_the_whole_from_the_thumbnail_near_it(region, tile):
    image = np.random.default_rng(5).random((101, 100), dtype=np.float32)
    rows, columns = slice(*region[:2]), slice(*region[2:])
    whole, few = (Darkness(maps=1, scale_factor=3) for _ in range(2))
    expected = alphas_of(whole, image)[..., rows, columns]
    found = alphas_of(few, image, tile=tile, region=(rows, columns))[..., rows, columns]
    np.testing.assert_array_equal(found, expected)
    side = max(max(asked) for asked in few.asked)
    assert side <= 12 // 3 + 2 + 2 * RECEPTIVE_RADIUS + 1
