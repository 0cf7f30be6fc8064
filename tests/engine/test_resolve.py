"""A request is resolved once, and what comes out is used as often as needed."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.engine import resolve as resolve_module
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.lazy_maps import lazy_maps
from napari_zerodce.engine.maps import fill_maps, in_memory, resolve_for_maps
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.planes import SelectedPlane
from napari_zerodce.imaging.windows import Window, WindowChoice

SETTINGS = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")
STACK = np.random.default_rng(0).integers(0, 4000, (3, 30, 26)).astype(np.uint16)


@pytest.fixture
def made(monkeypatch):
    """Counts how often a network is placed on a device, and a window searched."""
    counts = {"networks": 0, "windows": 0}
    make, search = TorchEstimator.__init__, resolve_module.resolve_window

    def counted_make(self, *given):
        counts["networks"] += 1
        make(self, *given)

    def counted_search(*given, **named):
        counts["windows"] += 1
        return search(*given, **named)

    monkeypatch.setattr(TorchEstimator, "__init__", counted_make)
    monkeypatch.setattr(resolve_module, "resolve_window", counted_search)
    return counts


def test_a_resolved_request_may_be_used_often(made):
    resolved = resolve(EnhanceRequest(STACK, "mono", SETTINGS))
    assert resolve(resolved) is resolved
    assert resolve_for_maps(resolved) is resolved
    first, second = enhance(resolved), enhance(resolved)
    np.testing.assert_array_equal(first.image, second.image)
    fill_maps(resolved, "gain", in_memory)
    assert made == {"networks": 1, "windows": 1}
    np.testing.assert_array_equal(
        first.image, enhance(EnhanceRequest(STACK, "mono", SETTINGS)).image
    )


def test_all_planes_of_lazy_maps_share_one_network_and_one_window(made):
    image = da.from_array(STACK, chunks=(1, 16, 26))
    resolved = resolve_for_maps(EnhanceRequest(image, "mono", SETTINGS))
    lazy = lazy_maps(resolved, "alphas")
    assert lazy.shape == (8, 3, 1, 30, 26)
    computed = lazy.compute()
    assert made == {"networks": 1, "windows": 1}
    eager = fill_maps(EnhanceRequest(STACK, "mono", SETTINGS), "alphas", in_memory)
    np.testing.assert_array_equal(computed, np.moveaxis(eager, 1, 0))


def test_one_plane_keeps_the_window_of_the_whole_stack():
    resolved = resolve(EnhanceRequest(STACK, "mono", SETTINGS))
    plane = resolved.on(SelectedPlane(STACK, (1,)))
    assert plane.window == resolved.window
    assert plane.layout.shape == (30, 26)
    np.testing.assert_array_equal(enhance(plane).image, enhance(resolved).image[1])


def test_the_tile_is_never_larger_than_the_plane():
    for tile, expected in ((None, 30), (1000, 30), (7, 7)):
        settings = replace(SETTINGS, tile=tile)
        assert resolve(EnhanceRequest(STACK, "mono", settings)).tile == expected
    one = resolve(EnhanceRequest(np.zeros((1, 1), np.uint8), "mono", SETTINGS))
    assert one.tile == 1


def test_an_image_of_other_channels_is_refused():
    resolved = resolve(EnhanceRequest(np.zeros((9, 9, 3), np.uint8), "rgb", SETTINGS))
    with pytest.raises(ImageError, match="rgb image has the shape"):
        resolved.on(np.zeros((9, 9), np.uint8))


def test_a_window_of_a_layer_needs_a_layer():
    settings = replace(SETTINGS, window=WindowChoice("contrast"))
    with pytest.raises(RequestError, match="contrast limits of a layer"):
        resolve(EnhanceRequest(STACK, "mono", settings))
    assert WindowChoice("contrast").of_layer((3, 90)) == WindowChoice("range", 3, 90)
    assert WindowChoice("minmax").of_layer((3, 90)) == WindowChoice("minmax")


def test_provenance_says_what_was_chosen():
    settings = replace(SETTINGS, scale_factor=5, window=WindowChoice("range", 3, 900))
    made = resolve(EnhanceRequest(STACK, "mono", settings)).provenance(seconds=1.5)
    assert (made.checkpoint_source, made.scale_factor, made.window) == ("zero-dce-pp", 5, (3, 900))
    assert (made.device, made.precision, made.tile, made.seconds) == ("cpu", "float32", 30, 1.5)
    assert resolve(EnhanceRequest(STACK, "mono", settings)).window == Window(3, 900)
