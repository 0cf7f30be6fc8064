"""A view shows at once what `enhance` would make of its part of the plane."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.arrays import repeats_one
from napari_zerodce.engine import view as view_module
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.maps import curve_maps
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.intensity import WindowChoice

NETWORKS = [("zero-dce", None), ("zero-dce-pp", 3)]
LOOKS = [
    Look(),
    Look(strength=0),
    Look(1.6, 5, -0.7),
    Look(global_curve=True, exposure=1.2),
    Look(detail_gain_limit=1.3),
    Look(2, 8, 0.5, global_curve=True, detail_gain_limit=0),
]
WINDOWS = {
    "u1": (0, 255),
    "u2": (500, 40_000),
    ">u2": (500, 40_000),
    "i2": (-20_000, 20_000),
    "f4": (0.0, 0.9),
}
SAMPLES = {"mono": (), "rgb": (3,), "rgba": (4,)}


def image_of(dtype, *shape, seed=0):
    values = np.random.default_rng(seed).random(shape) ** 3
    if dtype == "f4":
        image = (values * 1.2 - 0.1).astype(dtype)
        image.reshape(-1)[::17] = np.nan
        return image
    limits = np.iinfo(dtype)
    return (values * (float(limits.max) - limits.min) + limits.min).astype(dtype)


def request_for(image, channels="mono", **settings):
    given = {"device": "cpu", "precision": "float32", **settings}
    return EnhanceRequest(image=image, channels=channels, settings=EnhanceSettings(**given))


def with_settings(request, **changes):
    return replace(request, settings=replace(request.settings, **changes))


def whole(image):
    return Viewport(slice(0, image.shape[0]), slice(0, image.shape[1]))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("dtype", "channels"),
    [("u1", "rgb"), ("u1", "mono"), ("u2", "mono"), (">u2", "rgba"), ("i2", "mono"), ("f4", "rgb")],
)
def test_the_whole_plane_is_what_enhance_makes_of_it(assert_seamless, dtype, channels, network):
    checkpoint, scale_factor = network
    image = image_of(dtype, 45, 38, *SAMPLES[channels])
    request = request_for(
        image, channels, checkpoint=checkpoint, scale_factor=scale_factor, tile=32,
        window=WindowChoice("range", *WINDOWS[dtype]),
    )  # fmt: skip
    view = estimate_view(request, whole(image))
    for look in LOOKS:
        rendered = view.render(look)
        assert (rendered.shape, rendered.dtype) == (image.shape, image.dtype)
        assert not np.shares_memory(rendered, view.samples)
        assert_seamless(rendered, enhance(with_settings(request, look=look)).image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3)])
@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_small_planes(assert_seamless, checkpoint, shape):
    image = image_of("u2", *shape)
    request = request_for(image, checkpoint=checkpoint, window=WindowChoice("dtype"))
    view = estimate_view(request, whole(image))
    for look in LOOKS:
        assert_seamless(view.render(look), enhance(with_settings(request, look=look)).image)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("channels", ["mono", "rgba"])
def test_a_part_is_cut_out_of_the_whole(assert_seamless, channels, network):
    checkpoint, scale_factor = network
    image = image_of("u2", 70, 90, *SAMPLES[channels])
    request = request_for(
        image, channels, checkpoint=checkpoint, scale_factor=scale_factor, tile=32,
        window=WindowChoice("range", 0, 50_000),
    )  # fmt: skip
    looks = (Look(), Look(1.6, 5, -0.7), Look(detail_gain_limit=1.3))
    wholes = [enhance(with_settings(request, look=look)).image for look in looks]
    for rows, columns in (
        (slice(0, 20), slice(0, 90)),
        (slice(13, 61), slice(22, 70)),
        (slice(69, 70), slice(0, 1)),
        (slice(40, 70), slice(60, 90)),
    ):
        view = estimate_view(request, Viewport(rows, columns))
        for look, expected in zip(looks, wholes, strict=True):
            assert_seamless(view.render(look), expected[rows, columns])


def test_a_part_needs_its_surroundings():
    image = image_of("u2", 70, 90)
    request = request_for(image, window=WindowChoice("dtype"))
    part = Viewport(slice(20, 50), slice(30, 60))
    alone = estimate_view(replace(request, image=image[20:50, 30:60]), whole(image[20:50, 30:60]))
    there = estimate_view(request, part)
    assert np.array_equal(alone.unit, there.unit)
    assert np.abs(alone.base - there.base).max() > 1e-4
    assert np.abs(alone.alphas - there.alphas).max() > 1e-4


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize("channels", ["mono", "rgb"])
def test_every_few_pixels_look_nearly_the_same(channels, checkpoint, loaded):
    rows, columns = np.mgrid[:240, :300]
    waves = 0.25 + 0.2 * np.sin(rows / 40) * np.cos(columns / 55)
    image = (waves * 255).astype(np.uint8)
    image = image if channels == "mono" else np.stack([image, image // 2, image // 3], -1)
    source = load_checkpoint(checkpoint) if loaded else checkpoint
    request = request_for(image, channels, checkpoint=source, window=WindowChoice("dtype"))
    part = Viewport(slice(20, 220), slice(10, 290), 4)
    view = estimate_view(request, part)
    rendered = view.render(Look())
    assert rendered.shape[:2] == part.shape == (50, 70)
    np.testing.assert_array_equal(view.samples, image[20:220:4, 10:290:4])
    expected = enhance(request).image[20:220:4, 10:290:4].astype(int)
    assert np.abs(rendered - expected).mean() < 4
    assert np.abs(expected - view.samples).mean() > 20
    if checkpoint == "zero-dce-pp":  # the thumbnail is as large as before
        assert view.checkpoint.scale_factor == 3
    if loaded:
        assert source.info == load_checkpoint(checkpoint).info
        assert source.network.scale_factor == source.info.traits.default_scale_factor


def test_a_lazy_plane_is_read_as_it_is_needed():
    image = image_of("u2", 70, 90)
    part = Viewport(slice(10, 40), slice(20, 80))
    lazy = request_for(da.from_array(image, chunks=(16, 25)), window=WindowChoice("dtype"))
    view = estimate_view(lazy, part)
    assert type(view.samples) is np.ndarray
    expected = estimate_view(replace(lazy, image=image), part)
    np.testing.assert_array_equal(view.render(Look()), expected.render(Look()))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.describe())
@pytest.mark.parametrize("channels", ["mono", "rgba"])
def test_strips_make_no_difference_and_nothing_is_written_to_the_view(
    monkeypatch, assert_seamless, channels, look
):
    image = image_of("u1", 60, 53, *SAMPLES[channels])
    view = estimate_view(request_for(image, channels), whole(image))
    before = view.samples.copy(), view.unit.copy(), view.base.copy(), view.alphas.copy()
    expected = view.render(look)
    monkeypatch.setattr(view_module, "_STRIP", 53 * 7)
    for threads in (1, 3):
        monkeypatch.setattr(view_module, "usual_threads", lambda count=threads: count)
        assert_seamless(view.render(look), expected)
    np.testing.assert_array_equal(view.samples, before[0])
    for now, then in zip((view.unit, view.base, view.alphas), before[1:], strict=True):
        np.testing.assert_array_equal(now, then)


def test_its_curves_are_the_maps_and_one_map_is_kept_once():
    image = image_of("u1", 40, 30, 3)
    for checkpoint in ("zero-dce", "zero-dce-pp"):
        request = request_for(image, "rgb", checkpoint=checkpoint)
        view = estimate_view(request, whole(image))
        np.testing.assert_array_equal(view.alphas[0], curve_maps(request))
        assert repeats_one(view.alphas, 1) == (checkpoint == "zero-dce-pp")


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_no_map_is_beyond_its_bound(checkpoint):
    image = image_of("u1", 40, 30, 3)
    view = estimate_view(request_for(image, "rgb", checkpoint=checkpoint), whole(image))
    assert view.bound == np.abs(view.alphas).max()
    darker = replace(view, alphas=-view.alphas)
    assert darker.bound == view.bound


def test_the_numbers_of_a_pixel():
    image = image_of("u1", 40, 30, 3)
    request = request_for(image, "rgb")
    view = estimate_view(request, whole(image))
    np.testing.assert_allclose(view.unit_at(3, 4), image[3, 4] / 255, rtol=0, atol=1e-7)
    maps = curve_maps(request)
    np.testing.assert_array_equal(view.alphas_at(3, 4, Look(0.5)), maps[:, :, 3, 4])
    shared = view.alphas_at(3, 4, Look(global_curve=True))
    mean = maps.mean((1, 2, 3), dtype=np.float64)
    np.testing.assert_allclose(shared, np.stack([mean] * 3, 1), rtol=0, atol=6e-7)


def test_progress_cancel_and_errors_are_those_of_a_run():
    image = image_of("u1", 90, 90)
    told = []
    estimate_view(request_for(image, tile=32), whole(image), report=told.append)
    assert told[-1].done == told[-1].total == 1
    with pytest.raises(Cancelled):
        estimate_view(request_for(image), whole(image), should_stop=lambda: True)
    with pytest.raises(ImageError):
        estimate_view(request_for(image.astype(bool)), whole(image))


@pytest.fixture
def kept_part():
    """Of 90 rows, every third one between 5 and 86."""
    return Viewport(slice(5, 86), slice(3, 60), 3)


@pytest.mark.parametrize("chunks", [(7, 64), (16, 16), (90, 64)])
def test_every_few_pixels_of_a_lazy_plane_are_read_in_bands(chunks, kept_part, monkeypatch):
    monkeypatch.setattr(view_module, "_MOST_READ", 20 * 57)
    image = image_of("u2", 90, 64)
    lazy = da.from_array(image, chunks=chunks)
    settings = {"window": WindowChoice("range", 500, 40_000), "checkpoint": "zero-dce-pp"}
    expected = estimate_view(request_for(image, **settings), kept_part)
    view = estimate_view(request_for(lazy, **settings), kept_part)
    np.testing.assert_array_equal(view.samples, image[5:86:3, 3:60:3])
    assert np.array_equal(view.alphas, expected.alphas)


def test_reading_of_bands_can_be_stopped(kept_part, monkeypatch):
    monkeypatch.setattr(view_module, "_MOST_READ", 1)
    read = []

    def make(block_info):
        read.append(block_info[None]["chunk-location"])
        return np.zeros(block_info[None]["chunk-shape"], np.uint16)

    lazy = da.map_blocks(make, chunks=((9,) * 10, (64,)), dtype=np.uint16, meta=np.empty(0, "u2"))
    settings = {"window": WindowChoice("range", 0, 9), "checkpoint": "zero-dce-pp"}
    with pytest.raises(Cancelled):
        estimate_view(
            request_for(lazy, **settings), kept_part, should_stop=lambda: len(set(read)) > 2
        )
    assert len(set(read)) < 10
