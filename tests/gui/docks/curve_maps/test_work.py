"""Maps in the background: of a plane, in the window of the whole image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.engine.maps import curve_maps
from napari_zerodce.engine.requests import EnhanceRequest, Progress, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.gui.docks.curve_maps.images import MapChoice
from napari_zerodce.gui.docks.curve_maps.work import mapping, mapping_block
from napari_zerodce.gui.layers.lazy_array import BlockKey
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import never

SETTINGS = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")
ALPHAS = MapChoice("alphas", "mean", (1,))  # the one map of Zero-DCE++
GAIN = MapChoice("gain", "mean", (8,))


@pytest.fixture(scope="module")
def request_of_stack() -> EnhanceRequest:
    ramp = np.linspace(100, 900, 8 * 9).reshape(8, 9)
    return EnhanceRequest(np.stack([ramp, ramp / 5]).astype(np.uint16), "mono", SETTINGS)


@pytest.fixture(scope="module")
def expected(request_of_stack: EnhanceRequest) -> np.ndarray:
    """Shape (planes, 8, 9)."""
    return curve_maps(request_of_stack)[:, 0, 0]


@pytest.mark.parametrize("plane", [0, 1])
def test_maps_of_a_plane_are_those_of_the_whole_image_there(
    request_of_stack: EnhanceRequest, expected: np.ndarray, plane: int
) -> None:
    mapped = mapping(request_of_stack, (plane,), ALPHAS, step=1)(ignore, never)
    np.testing.assert_allclose(mapped.images[0].data, expected[plane], atol=1e-6)
    assert mapped.index == (plane,)
    assert mapped.resolved.image is request_of_stack.image


def test_every_few_pixels_are_kept_exactly(
    request_of_stack: EnhanceRequest, expected: np.ndarray
) -> None:
    mapped = mapping(request_of_stack, (1,), ALPHAS, step=3)(ignore, never)
    np.testing.assert_allclose(mapped.images[0].data, expected[1][..., ::3, ::3], atol=1e-6)


def test_maps_of_a_pyramid_are_those_of_one_of_its_levels() -> None:
    fine = np.random.default_rng(0).integers(100, 900, (2, 48, 40)).astype(np.uint16)
    coarse = fine[:, ::2, ::2]
    settings = replace(SETTINGS, window=WindowChoice("range", 100, 900), scale_factor=4)
    request = EnhanceRequest(fine, "mono", settings, coarser=(coarse,))
    mapped = mapping(request, (1,), ALPHAS, step=1, level=1)(ignore, never)
    # Of half as many pixels, a thumbnail of the same size is made.
    alone = EnhanceRequest(coarse[1], "mono", replace(settings, scale_factor=2))
    np.testing.assert_allclose(mapped.images[0].data, curve_maps(alone)[0, 0], atol=1e-6)


def test_what_is_resolved_is_used_again(
    request_of_stack: EnhanceRequest, expected: np.ndarray
) -> None:
    first = mapping(request_of_stack, (0,), ALPHAS, step=1)(ignore, never)
    second = mapping(first.resolved, (1,), ALPHAS, step=1)(ignore, never)
    assert second.resolved is first.resolved
    np.testing.assert_allclose(second.images[0].data, expected[1], atol=1e-6)


def test_block_of_lazy_layers_has_an_array_for_each_layer(
    request_of_stack: EnhanceRequest, expected: np.ndarray
) -> None:
    resolved = mapping(request_of_stack, (0,), ALPHAS, step=1)(ignore, never).resolved
    choice = MapChoice("steps", "mean", (2, 8), "separate")
    block = mapping_block(resolved, choice, 3, BlockKey(0, (1,)))(ignore, never)
    assert [array.shape for array in block] == [(3, 3), (3, 3)]
    (alphas,) = mapping_block(resolved, ALPHAS, 1, BlockKey(0, (1,)))(ignore, never)
    np.testing.assert_allclose(alphas, expected[1], atol=1e-6)


def test_automatic_precision_is_a_full_one(request_of_stack: EnhanceRequest) -> None:
    assert request_of_stack.settings.precision == "auto"
    mapped = mapping(request_of_stack, (0,), GAIN, step=1)(ignore, never)
    assert mapped.resolved.precision == "float32"
    half = replace(request_of_stack, settings=replace(SETTINGS, precision="bfloat16"))
    assert mapping(half, (0,), GAIN, step=1)(ignore, never).resolved.precision == "bfloat16"


def test_progress_is_told_and_a_stop_is_heard(request_of_stack: EnhanceRequest) -> None:
    told: list[Progress] = []
    mapping(request_of_stack, (0,), GAIN, step=1)(told.append, never)
    assert told
    with pytest.raises(Cancelled):
        mapping(request_of_stack, (0,), GAIN, step=1)(ignore, lambda: True)


def test_masks_are_refused() -> None:
    request = EnhanceRequest(np.zeros((8, 9), bool), "mono", SETTINGS)
    with pytest.raises(ImageError):
        mapping(request, (), ALPHAS, step=1)(ignore, never)
