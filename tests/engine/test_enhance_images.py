"""Every image a user may have comes out in its own shape and dtype, and is what the curves say."""

from __future__ import annotations

import json

import dask.array as da
import numpy as np
import pytest
import torch
import zarr

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.engine import image_plane as plane_module
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import CheckpointError, DeviceError, ImageError, RequestError
from napari_zerodce.imaging.intensity import Window, WindowChoice

CHECKPOINTS = ["zero-dce", "zero-dce-pp"]
DTYPES = [
    "u1",
    "i1",
    "u2",
    "i2",
    "u4",
    "i4",
    "u8",
    "i8",
    "f2",
    "f4",
    "f8",
    ">u2",
    ">i4",
    ">f4",
    ">f8",
]
HEIGHT, WIDTH = 37, 29


def unit_image(*shape, seed=0):
    """Numbers in [0, 1], dark ones more often."""
    return np.random.default_rng(seed).random(shape) ** 2


def window_for(dtype):
    """A window inside the dtype's range, which `image_of` goes beyond on both sides."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (-3.5, 200.0)
    limits = np.iinfo(dtype)
    span = limits.max - limits.min
    return (int(limits.min) + span // 10, int(limits.max) - span // 10)


def image_of(dtype, *shape):
    dtype = np.dtype(dtype)
    low, high = (float(end) for end in window_for(dtype))
    values = low + (unit_image(*shape) * 1.2 - 0.1) * (high - low)
    if dtype.kind == "f":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    values = np.clip(values, float(limits.min), np.nextafter(float(limits.max), 0))
    return values.astype(dtype)


def expected_image(image, window, checkpoint):
    """What the papers say of a mono or RGB image, in float64 but for the network."""
    low, high = (float(end) for end in window)
    samples = image.astype(np.float64)
    colours = samples[..., None] if samples.ndim == 2 else samples
    unit = np.clip((colours - low) / (high - low), 0, 1).transpose(2, 0, 1)[None]
    unit = torch.from_numpy(unit)
    with torch.inference_mode():
        alphas = load_checkpoint(checkpoint).network(unit.float().expand(-1, 3, -1, -1)).double()
        if unit.shape[1] == 1:
            alphas = alphas.mean(2, keepdim=True)
        curved = apply_curves(unit, alphas)[0].numpy()
    curved = low + np.moveaxis(curved, 0, -1).reshape(image.shape) * (high - low)
    if image.dtype.kind != "f":
        curved = np.floor(curved + 0.5)
    return np.where((samples < low) | (samples > high), samples, curved)


def largest_error(dtype, window):
    """Rounding to float32 in the network, and to the dtype at the end."""
    dtype = np.dtype(dtype)
    span = float(window[1]) - float(window[0])
    step = 1.0 if dtype.kind != "f" else float(np.finfo(dtype).eps) * abs(float(window[1]))
    return 2e-6 * span + step


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("channels", ["mono", "rgb"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(run, dtype, channels, checkpoint):
    image = image_of(dtype, HEIGHT, WIDTH, *((3,) if channels == "rgb" else ()))
    before = image.copy()
    window = window_for(dtype)
    enhanced = run(image, channels, window=window, checkpoint=checkpoint)

    assert (enhanced.shape, enhanced.dtype) == (image.shape, image.dtype)
    assert not np.shares_memory(enhanced, image)
    np.testing.assert_array_equal(image, before)
    outside = (image < window[0]) | (image > window[1])
    assert outside.mean() > 0.05
    np.testing.assert_array_equal(enhanced[outside], image[outside])

    expected = expected_image(image, window, checkpoint)
    error = np.abs(enhanced.astype(np.float64) - expected).max()
    assert error <= largest_error(dtype, window)
    assert np.abs(enhanced[~outside].astype(float) - image[~outside]).max() > 0  # it did something


@pytest.mark.parametrize("dtype", ["u1", "i1"])
def test_eight_bits_are_taken_from_black_to_white(run, dtype):
    limits = np.iinfo(dtype)
    image = np.full((9, 9), limits.min, dtype)
    image[:3], image[3:6] = limits.max, limits.min + 40
    enhanced = run(image)
    assert (enhanced[:3] == limits.max).all()
    assert (enhanced[6:] == limits.min).all()
    assert (enhanced[3:6] > image[3:6]).all()


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("dtype", ["u1", "u2", ">u2", "f4"])
def test_alpha_comes_through_bit_for_bit(run, dtype, checkpoint):
    image = image_of(dtype, HEIGHT, WIDTH, 4)
    if dtype == "f4":
        image[3, 5, 3] = np.nan
    window = window_for(dtype)
    enhanced = run(image, "rgba", window=window, checkpoint=checkpoint)
    assert enhanced[..., 3].tobytes() == image[..., 3].tobytes()
    colours = run(np.ascontiguousarray(image[..., :3]), "rgb", window=window, checkpoint=checkpoint)
    np.testing.assert_array_equal(enhanced[..., :3], colours)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize(
    ("leading", "channels", "samples"),
    [((3,), "mono", ()), ((2, 1, 3), "mono", ()), ((2, 2), "rgb", (3,)), ((2,), "rgba", (4,))],
)
def test_planes_of_any_leading_axes_are_enhanced_one_by_one(
    run, leading, channels, samples, checkpoint
):
    image = image_of("u2", *leading, 14, 11, *samples)
    settings = {"window": window_for("u2"), "checkpoint": checkpoint}
    enhanced = run(image, channels, **settings)
    assert enhanced.shape == image.shape
    for index in np.ndindex(leading):
        alone = run(image[index], channels, **settings)
        np.testing.assert_array_equal(enhanced[index], alone)


def test_an_automatic_window_is_one_for_all_planes(run):
    image = (unit_image(2, 20, 20) * 1000).astype(np.uint16)
    image[1] //= 10
    request = EnhanceRequest(
        image=image, channels="mono", settings=EnhanceSettings(precision="float32", device="cpu")
    )
    result = enhance(request)
    low, high = np.percentile(image, (0.1, 99.9))
    assert (result.window.low, result.window.high) == pytest.approx((low, high))
    again = run(image[1], window=(result.window.low, result.window.high))
    np.testing.assert_array_equal(result.image[1], again)


class Counting:
    """An array-like that is neither NumPy nor dask, and notes what is read."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.reads = []

    def __getitem__(self, key):
        self.reads.append(key)
        return self._array[key]


def as_dask(image):
    return da.from_array(image, chunks=(2, 7, 8, *image.shape[3:]))


def as_zarr(image):
    array = zarr.create_array(
        {}, shape=image.shape, chunks=(1, 9, 10, *image.shape[3:]), dtype=image.dtype
    )
    array[...] = image
    return array


@pytest.mark.parametrize("region_by_region", [False, True])
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize(("channels", "samples"), [("mono", ()), ("rgb", (3,)), ("rgba", (4,))])
@pytest.mark.parametrize("source", [as_dask, as_zarr, Counting])
def test_sources_that_are_read_when_needed(
    run, monkeypatch, source, channels, samples, checkpoint, region_by_region
):
    if region_by_region:  # as large planes are
        monkeypatch.setattr(plane_module, "_LARGEST_LOADED", 0)
    image = image_of("u2", 3, 25, 30, *samples)
    settings = {"window": window_for("u2"), "checkpoint": checkpoint, "tile": 16}
    expected = run(image, channels, **settings)
    lazy = source(image)
    enhanced = run(lazy, channels, **settings)
    assert type(enhanced) is np.ndarray
    np.testing.assert_array_equal(enhanced, expected)
    if source is Counting and not region_by_region:
        whole = (slice(0, 25), slice(0, 30))
        looks = 1 if samples else 0  # whether the colours are grey
        assert lazy.reads[looks:] == [(number, *whole) for number in range(3)]  # each plane once


def test_an_automatic_window_of_a_lazy_image(run):
    image = image_of("f4", 3, 25, 30)
    np.testing.assert_array_equal(run(as_dask(image)), run(image))
    np.testing.assert_array_equal(run(as_zarr(image)), run(image))


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize(
    "view",
    [
        lambda image: image[::2, ::-1],
        np.asfortranarray,
        lambda image: image.transpose(1, 0, 2),
        lambda image: np.broadcast_to(image[:1], image.shape),
    ],
)
def test_views_and_orders_in_memory_make_no_difference(run, view, checkpoint):
    image = view(image_of("u1", HEIGHT, WIDTH, 3))
    expected = run(np.ascontiguousarray(image), "rgb", checkpoint=checkpoint)
    np.testing.assert_array_equal(run(image, "rgb", checkpoint=checkpoint), expected)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_images_that_may_not_be_written_to(run, tmp_path, dtype, checkpoint):
    image = image_of(dtype, HEIGHT, WIDTH)
    settings = {"window": window_for(dtype), "checkpoint": checkpoint}
    expected = run(image, **settings)
    np.save(tmp_path / "image.npy", image)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    image.setflags(write=False)
    for source in (image, mapped):
        enhanced = run(source, **settings)
        assert enhanced.flags.writeable
        np.testing.assert_array_equal(enhanced, expected)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_nan_and_infinities_stay_where_they_are(run, dtype, checkpoint):
    image = image_of(dtype, HEIGHT, WIDTH)
    low, high = window_for(dtype)
    odd = {(3, 4): np.nan, (20, 7): np.inf, (0, 0): -np.inf, (36, 28): -np.nan}
    stand_in = image.copy()
    for place, value in odd.items():
        image[place] = value
        stand_in[place] = high if value == np.inf else low
    enhanced = run(image, window=(low, high), checkpoint=checkpoint)
    expected = run(stand_in, window=(low, high), checkpoint=checkpoint)
    for place in odd:
        assert enhanced[place].tobytes() == image[place].tobytes()
        expected[place] = enhanced[place]
    # To its neighbours NaN is the window's low end, and an infinity the end on its side.
    assert enhanced.tobytes() == expected.tobytes()


def test_nan_and_infinities_do_not_choose_the_window(run):
    image = image_of("f4", HEIGHT, WIDTH)
    image[5, 5], image[6, 6] = np.nan, np.inf
    enhanced = run(image)
    finite = np.isfinite(image)
    assert finite.sum() == image.size - 2
    assert np.isfinite(enhanced[finite]).all()


@pytest.mark.parametrize("channels", ["mono", "rgb"])
def test_an_image_of_nothing_but_nan(run, channels):
    image = np.full((5, 6, *((3,) if channels == "rgb" else ())), np.nan, np.float32)
    assert run(image, channels).tobytes() == image.tobytes()


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_mono_has_the_mean_of_the_curves_of_grey(run, checkpoint):
    image = unit_image(HEIGHT, WIDTH).astype(np.float32)
    mono = run(image, window=(0, 1), checkpoint=checkpoint)
    assert mono.shape == image.shape
    np.testing.assert_allclose(mono, expected_image(image, (0, 1), checkpoint), rtol=0, atol=2e-6)
    grey = run(np.stack([image] * 3, axis=-1), "rgb", window=(0, 1), checkpoint=checkpoint)
    # Not exactly between the channels: their curves may cross from one iteration to the next.
    assert (mono >= grey.min(axis=-1) - 1e-3).all()
    assert (mono <= grey.max(axis=-1) + 1e-3).all()


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (7, 13), (15, 15)])
def test_small_images(run, shape, checkpoint):
    image = image_of("u2", *shape)
    window = window_for("u2")
    enhanced = run(image, window=window, checkpoint=checkpoint)
    expected = expected_image(image, window, checkpoint)
    assert np.abs(enhanced - expected).max() <= largest_error("u2", window)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u8", "f4"])
@pytest.mark.parametrize("window", ["auto", "dtype", "minmax"])
def test_black_white_and_flat_images(dtype, window, checkpoint):
    limits = None if dtype == "f4" else np.iinfo(dtype)
    lowest, highest = (0, 1) if limits is None else (limits.min, limits.max)
    flat = 0.3 if limits is None else limits.max // 3
    for value in (lowest, highest, flat):
        image = np.full((20, 20), value, dtype)
        request = EnhanceRequest(
            image=image,
            channels="mono",
            settings=EnhanceSettings(
                checkpoint=checkpoint, window=WindowChoice.parse(window), precision="float32"
            ),
        )
        result = enhance(request)
        assert np.isfinite(result.image).all()
        if value in (lowest, highest) or window == "minmax":
            # Black and white stay; and where all is equal, there is nothing between the two.
            np.testing.assert_array_equal(result.image, image)


@pytest.mark.parametrize("scale_factor", [1, 2, 3, 5, 12, 37, 1000])
@pytest.mark.parametrize("shape", [(41, 50, 3), (5, 90, 3), (12, 12, 3)])
def test_every_scale_factor_gives_what_the_network_gives(run, shape, scale_factor):
    image = unit_image(*shape).astype(np.float32)
    network = load_checkpoint("zero-dce-pp", scale_factor=scale_factor).network
    batch = torch.from_numpy(image).permute(2, 0, 1)[None]
    with torch.inference_mode():
        expected = apply_curves(batch, network(batch))[0].permute(1, 2, 0).numpy()
    for tile in (None, 16):
        enhanced = run(
            image,
            "rgb",
            window=(0, 1),
            checkpoint="zero-dce-pp",
            scale_factor=scale_factor,
            tile=tile,
        )
        np.testing.assert_allclose(enhanced, expected, rtol=0, atol=1e-6)


def test_a_loaded_checkpoint_is_taken_as_it_is_and_left_so(run):
    checkpoint = load_checkpoint("zero-dce-pp", scale_factor=5)
    before = {name: weight.clone() for name, weight in checkpoint.network.state_dict().items()}
    image = image_of("u1", HEIGHT, WIDTH, 3)
    expected = run(image, "rgb", checkpoint="zero-dce-pp", scale_factor=5)
    np.testing.assert_array_equal(run(image, "rgb", checkpoint=checkpoint), expected)
    run(image, "rgb", checkpoint=checkpoint, precision="bfloat16")
    for name, weight in checkpoint.network.state_dict().items():
        assert torch.equal(weight, before[name])


def test_the_result_says_how_it_was_made():
    image = image_of("u2", 30, 30)
    request = EnhanceRequest(
        image=image,
        channels="mono",
        settings=EnhanceSettings(
            checkpoint="zero-dce-pp",
            device="cpu",
            precision="float32",
            window=WindowChoice("range", 10, 60_000),
            scale_factor=3,
            tile=16,
        ),
    )
    result = enhance(request)
    assert (result.channels, result.device, result.precision) == ("mono", "cpu", "float32")
    assert (result.tile, result.notices) == (16, ())
    assert result.window == Window(10, 60_000)
    assert result.checkpoint == load_checkpoint("zero-dce-pp", scale_factor=3).info
    assert result.seconds > 0
    provenance = json.loads(json.dumps(result.provenance.as_dict()))
    assert provenance["checkpoint_sha256"] == result.checkpoint.sha256
    assert provenance["scale_factor"] == 3
    assert provenance["window"] == [10, 60_000]
    assert "do not measure" in provenance["display_only"]


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"tile": 0}, RequestError),
        ({"tile": -5}, RequestError),
        ({"device": "gpu"}, DeviceError),
        ({"precision": "float64"}, DeviceError),
        ({"checkpoint": "no-such-checkpoint"}, CheckpointError),
        ({"checkpoint": "zero-dce", "scale_factor": 0}, RequestError),
        ({"image": np.zeros((5, 5), bool)}, ImageError),
        ({"image": np.zeros((5, 5), complex)}, ImageError),
        ({"image": np.zeros((5, 5), object)}, ImageError),
        ({"image": np.zeros(5, np.uint8)}, ImageError),
        ({"image": np.zeros((0, 5), np.uint8)}, ImageError),
        ({"image": np.zeros((2, 0, 5, 5), np.uint8)}, ImageError),
        ({"channels": "rgb"}, ImageError),
        ({"image": "photo.png"}, ImageError),
    ],
)
def test_mistakes_are_told_in_one_sentence(settings, error):
    given = dict(settings)
    image = given.pop("image", np.zeros((5, 5), np.uint8))
    channels = given.pop("channels", "mono")
    with pytest.raises(error) as told:
        enhance(EnhanceRequest(image, channels, EnhanceSettings(**given)))
    assert "\n" not in str(told.value)
    assert str(told.value).endswith(".")


def test_a_result_that_has_no_room_is_told_before_anything_is_computed():
    huge = np.broadcast_to(np.uint8(0), (2**20, 2**12, 2**12))  # takes 16 TiB, and one byte here
    request = EnhanceRequest(
        image=huge, channels="mono", settings=EnhanceSettings(window=WindowChoice("dtype"))
    )
    with pytest.raises(ImageError, match=r"The result needs 16384\.0 GiB of memory"):
        enhance(request)


def test_a_deep_copy_of_a_photo_becomes_what_the_photo_becomes(run):
    image = np.random.default_rng(0).integers(0, 90, (60, 70, 3), np.uint8)  # nothing is white
    made = run(image, "rgb")
    deep = run(image.astype(np.uint16) * 257, "rgb")
    assert np.abs(deep / 257 - made).max() <= 0.5 + 1 / 257
    floats = run((image / 255).astype(np.float32), "rgb")
    assert np.abs(floats * 255 - made).max() <= 0.5 + 1e-3
    assert made.mean() > image.mean() + 20
