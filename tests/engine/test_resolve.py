"""A request is resolved once, and what comes out is used as often as needed."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine import resolve as resolve_module
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.maps import fill_maps, in_memory, resolve_for_maps
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError, RequestError
from napari_zerodce.imaging import window_search
from napari_zerodce.imaging.planes import SelectedPlane
from napari_zerodce.imaging.windows import Window, WindowChoice

SETTINGS = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")
STACK = np.random.default_rng(0).integers(0, 4000, (3, 30, 26)).astype(np.uint16)


@pytest.fixture
def made(monkeypatch):
    """Counts how often a network is placed on a device, and an image read for its window."""
    counts = {"networks": 0, "windows": 0}
    make, search = resolve_module.make_runner, window_search.read_histogram

    def counted_make(*given):
        counts["networks"] += 1
        return make(*given)

    def counted_search(*given, **named):
        counts["windows"] += 1
        return search(*given, **named)

    monkeypatch.setattr(resolve_module, "make_runner", counted_make)
    monkeypatch.setattr(window_search, "read_histogram", counted_search)
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


def test_maps_of_single_planes_share_one_network_and_one_window(made):
    image = da.from_array(STACK, chunks=(1, 16, 26))
    resolved = resolve_for_maps(EnhanceRequest(image, "mono", SETTINGS))
    planes = [
        fill_maps(resolved.on(SelectedPlane(image, (plane,))), "alphas", in_memory)
        for plane in range(3)
    ]
    assert made == {"networks": 1, "windows": 1}
    whole = fill_maps(EnhanceRequest(STACK, "mono", SETTINGS), "alphas", in_memory)
    np.testing.assert_array_equal(planes, whole)


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


# ---- automatic weights

AUTOMATIC = EnhanceSettings(device="cpu")


def fluorescence(dtype=np.uint16):
    image = np.full((40, 40), 100, dtype)
    image[:8] = np.arange(320).reshape(8, 40) % 100 + 120
    return image


@pytest.mark.parametrize(
    ("image", "channels", "name", "reason"),
    [
        (fluorescence(), "mono", "zero-dce-fluo", "80 % of the image is background"),
        (fluorescence(">f4"), "mono", "zero-dce-fluo", "80 % of the image is background"),
        (STACK, "mono", "zero-dce", "the image has no dark background"),
        (np.zeros((1, 1), np.int8), "mono", "zero-dce", "the image has no dark background"),
        (
            np.zeros((2, 1, 2, 9, 9), np.int8),
            "mono",
            "zero-dce",
            "the image has no dark background",
        ),
        (np.full((3, 3), np.nan), "mono", "zero-dce", "the image has no finite sample"),
        (
            np.eye(9, dtype="u1")[..., None] * [3, 2, 1, 9],
            "rgba",
            "zero-dce",
            "the image is in colour",
        ),
        (np.zeros((9, 9, 4), "u1"), "rgba", "zero-dce", "the image has no dark background"),
    ],
)
def test_image_decides_the_weights_if_they_are_automatic(image, channels, name, reason):
    resolved = resolve(EnhanceRequest(image, channels, AUTOMATIC))
    assert (resolved.checkpoint.name, resolved.automatic.reason) == (name, reason)
    assert resolved.provenance().checkpoint_source == name
    assert resolved.provenance().checkpoint_sha256 == load_checkpoint(name).info.sha256


@pytest.mark.parametrize(
    ("window", "readings"), [("auto", 1), ("background", 1), ("dtype", 1), ("90,300", 1),
                             ("percentile:10,90", 2)]
)  # fmt: skip
def test_one_reading_serves_window_and_weights(made, window, readings):
    settings = replace(AUTOMATIC, window=WindowChoice.parse(window))
    resolved = resolve(EnhanceRequest(fluorescence(), "mono", settings))
    assert resolved.checkpoint.name == "zero-dce-fluo"
    assert made == {"networks": 1, "windows": readings}


def test_named_weights_and_colours_need_no_reading(made):
    window = WindowChoice("range", 0, 200)
    for channels, settings in (("mono", SETTINGS), ("rgb", AUTOMATIC)):
        shape = (9, 9) if channels == "mono" else (9, 9, 3)
        image = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
        request = EnhanceRequest(image, channels, replace(settings, window=window))
        resolve(request)
    assert made["windows"] == 0
    assert resolve(EnhanceRequest(STACK, "mono", SETTINGS)).automatic is None


def test_result_says_why_it_has_its_weights():
    result = enhance(EnhanceRequest(fluorescence(), "mono", AUTOMATIC))
    assert result.automatic.made_for == "fluorescence"
    assert result.checkpoint.name == "zero-dce-fluo"
    assert result.notices == ()
    assert "auto" not in result.provenance.as_dict().values()
    named = enhance(
        EnhanceRequest(fluorescence(), "mono", replace(AUTOMATIC, checkpoint="zero-dce-fluo"))
    )
    np.testing.assert_array_equal(result.image, named.image)


def test_automatic_weights_have_no_scale_factor():
    with pytest.raises(RequestError, match="has no scale factor, but 3 was given"):
        resolve(EnhanceRequest(fluorescence(), "mono", replace(AUTOMATIC, scale_factor=3)))


def test_reading_for_the_weights_can_be_stopped():
    settings = replace(AUTOMATIC, window=WindowChoice("dtype"))
    with pytest.raises(Cancelled):
        resolve(EnhanceRequest(fluorescence(), "mono", settings), should_stop=lambda: True)
