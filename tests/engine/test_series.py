"""Series: no flicker, any frame first, and nothing new where nothing flickers."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_zerodce import enhance as enhance_array
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.maps import fill_maps, in_memory
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import ArrayCode, command_line, python_lines
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice

FRAMES, SIDE = 15, 48
SHARING = [("smoothed", "own"), ("shared", "own")]
WEIGHTS = ["zero-dce", "zero-dce-pp"]


def cells() -> np.ndarray:
    """Return one image of bright spots on a dark background, as light."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    spots = ((12, 12, 9.0), (30, 20, 16.0), (20, 38, 25.0))
    return 5 + sum(300 * np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / s) for r, c, s in spots)


def series(jitter: float, *, dtype: str = "u2", seed: int = 3) -> np.ndarray:
    random = np.random.default_rng(seed)
    gains = random.uniform(1 - jitter, 1 + jitter, FRAMES)
    noise = random.normal(0, 1, (FRAMES, SIDE, SIDE))
    return (50 + 10 * gains[:, None, None] * cells() + noise).astype(dtype)


def request_for(image, *, weights="zero-dce-pp", axis=0, **given) -> EnhanceRequest:
    options = {
        "checkpoint": weights,
        "window": WindowChoice("range", 100, 3500),
        "device": "cpu",
        "precision": "float32",
        "look": DEFAULT_LOOK,
        **given,
    }
    return EnhanceRequest(image, "mono", EnhanceSettings(**options), time_axis=axis)


def flicker(image: np.ndarray) -> float:
    means = image.mean((1, 2), dtype=np.float64)
    return float(np.diff(means).std() / means.mean())


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("time", ["smoothed", "shared"])
def test_flicker_is_at_least_five_times_less_at_the_same_brightness(time, weights):
    image = series(0.2)
    alone = enhance(request_for(image, weights=weights)).image
    steady = enhance(request_for(image, weights=weights, time=time)).image
    assert flicker(steady) < flicker(alone) / 5
    assert steady.mean() == pytest.approx(alone.mean(), rel=0.02)


@pytest.mark.parametrize("time", ["smoothed", "shared"])
def test_a_steady_series_does_not_begin_to_flicker(time):
    image = series(0.0)
    alone = enhance(request_for(image)).image
    assert flicker(enhance(request_for(image, time=time)).image) <= 1.05 * flicker(alone)


def test_equal_frames_are_as_if_each_were_alone():
    image = np.stack([series(0.0)[0]] * 5)
    alone = enhance(request_for(image)).image
    np.testing.assert_array_equal(enhance(request_for(image, time="smoothed")).image, alone)


def test_one_frame_is_as_if_it_were_alone():
    image = series(0.2)[:1]
    alone = enhance(request_for(image)).image
    np.testing.assert_array_equal(enhance(request_for(image, time="smoothed")).image, alone)


@pytest.mark.parametrize("lazily", [False, True])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("time", ["smoothed", "shared"])
def test_any_frame_and_any_region_can_be_computed_first(time, weights, lazily, assert_seamless):
    image = series(0.2)
    source = da.from_array(image, chunks=(1, 24, 24)) if lazily else image
    whole = enhance(request_for(image, weights=weights, time=time)).image
    resolved = resolve(request_for(source, weights=weights, time=time))
    for frame in (14, 0, 7):
        part = Scope(((frame, frame + 1),), (10, 40), (5, 30))
        region = enhance(replace(resolved, part=part)).image
        assert_seamless(region[0], whole[frame, 10:40, 5:30])
    last = enhance(replace(request_for(source, weights=weights, time=time), scope=part)).image
    assert_seamless(last[0], whole[7, 10:40, 5:30])


@pytest.mark.parametrize("time", ["smoothed", "shared"])
def test_lazy_levels_and_views_show_the_same_frame(time, assert_seamless):
    image = series(0.2)
    resolved = resolve(request_for(image, time=time))
    whole = enhance(resolved).image
    assert_seamless(LazyEnhancement(resolved).levels[0][3], whole[3])
    view = estimate_view(resolved.at((3,)), Viewport(slice(0, SIDE), slice(4, 30)))
    assert_seamless(view.render(DEFAULT_LOOK), whole[3][:, 4:30])
    assert_seamless(
        view.render(Look(strength=0)),
        enhance(request_for(image, time=time, look=Look(strength=0))).image[3][:, 4:30],
    )


@pytest.mark.parametrize(
    ("time", "part"),
    [("smoothed", (0, 48, 0, 48)), ("shared", (0, 48, 0, 48)), ("shared", (8, 48, 0, 32))],
)
def test_a_view_of_every_second_pixel_is_close(time, part):
    top, bottom, left, right = part
    resolved = resolve(request_for(series(0.2), time=time))
    whole = enhance(resolved).image[3].astype(float)[top:bottom:2, left:right:2]
    viewport = Viewport(slice(top, bottom), slice(left, right), 2)
    view = estimate_view(resolved.at((3,)), viewport)
    error = np.abs(view.render(DEFAULT_LOOK) - whole)
    assert error.mean() < 0.003 * 3400


def test_frames_are_corrected_by_the_frames_around_them_only():
    image = series(0.2)
    changed = image.copy()
    changed[12:] //= 2
    both = [enhance(request_for(each, time="smoothed", time_window=5)).image
            for each in (image, changed)]  # fmt: skip
    np.testing.assert_array_equal(both[0][:10], both[1][:10])
    assert (both[0][10] != both[1][10]).any()


def test_other_planes_of_a_frame_do_not_count():
    image = np.stack([series(0.2), series(0.2, seed=4)], 1)
    both = enhance(request_for(image, time="smoothed")).image
    for number in range(2):
        alone = enhance(request_for(image[:, number], time="smoothed")).image
        np.testing.assert_array_equal(both[:, number], alone)


@pytest.mark.parametrize("dtype", ["u2", "i4", "i8", "f4", "f8"])
def test_every_dtype_keeps_its_order_and_its_nan(dtype):
    image = series(0.2, dtype=dtype)
    if np.dtype(dtype).kind == "f":
        image[4, 3, 3] = np.nan
    made = enhance(request_for(image, time="smoothed", look=Look(global_curve=True))).image
    assert made.dtype == image.dtype
    if np.dtype(dtype).kind == "f":
        np.testing.assert_array_equal(np.isnan(made), np.isnan(image))
        made, image = np.nan_to_num(made), np.nan_to_num(image)
    for before, after in zip(image, made, strict=True):
        order = np.argsort(before, axis=None, kind="stable")
        assert (np.diff(after.ravel()[order]) >= 0).all()


def test_colour_and_alpha():
    grey = (series(0.2) / 20).astype(np.uint8)
    image = np.stack([grey, grey // 2, grey // 3, np.full_like(grey, 9)], -1)
    request = replace(request_for(image, window=WindowChoice("dtype")), channels="rgba")
    alone = enhance(request).image
    settings = replace(request.settings, time="smoothed")
    steady = enhance(replace(request, settings=settings)).image
    np.testing.assert_array_equal(steady[..., 3], image[..., 3])
    assert flicker(steady[..., 0]) < flicker(alone[..., 0]) / 4


@pytest.mark.parametrize("weights", WEIGHTS)
def test_all_frames_share_the_same_maps(weights):
    resolved = resolve(request_for(series(0.2), weights=weights, time="shared"))
    maps = fill_maps(resolved, "alphas", in_memory)
    assert np.ptp(maps[0]) > 0
    for frame in maps[1:]:
        np.testing.assert_array_equal(frame, maps[0])


def channels_of(image, **given) -> EnhanceRequest:
    return replace(request_for(image, axis=None, **given), channel_axis=0)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_channels_with_shared_curves_keep_equal_values_equal(weights):
    first, second = series(0.0)[0], series(0.0, seed=9)[0][::-1]
    image = np.stack([first, second, first])
    own = fill_maps(resolve(channels_of(image, weights=weights)), "alphas", in_memory)
    request = channels_of(image, weights=weights, channel_curves="shared")
    shared = fill_maps(resolve(request), "alphas", in_memory)
    assert (own[0] != own[1]).any()
    np.testing.assert_array_equal(shared[0], shared[1])
    assert shared.mean() == pytest.approx(own.mean(), rel=0.02)
    same = image[0] == image[1]
    assert same.any()
    made = enhance(replace(request, settings=replace(request.settings, look=Look()))).image
    np.testing.assert_array_equal(made[0][same], made[1][same])


def test_time_and_channels_at_once():
    image = np.stack([series(0.2), series(0.2, seed=4)], 1)
    request = replace(request_for(image, time="shared", channel_curves="shared"), channel_axis=1)
    maps = fill_maps(resolve(request), "alphas", in_memory)
    assert (maps == maps[0, 0]).all()


@pytest.mark.parametrize(
    ("time", "channel", "given", "found"),
    [
        (None, None, {"time": "smoothed"}, "no axis of time"),
        (None, None, {"channel_curves": "shared"}, "no axis of channels"),
        (2, None, {}, "The axis of time is 2"),
        (0, 0, {}, "choose two different axes"),
        (0, None, {"time": "often"}, "The time is often"),
        (0, None, {"time_window": 1}, "time window is 1"),
    ],
)
def test_what_does_not_fit_is_refused(time, channel, given, found):
    with pytest.raises(RequestError, match=found):
        enhance(replace(request_for(series(0), axis=time, **given), channel_axis=channel))


def test_the_result_can_be_made_again():
    image = series(0.2)
    result = enhance(request_for(image, time="shared", time_window=7))
    made = Provenance.from_dict(result.provenance.as_dict())
    assert made == result.provenance
    command = command_line(made, "a.tif", "b.tif")
    assert "--time-axis 0 --time shared --time-window 7" in command
    known = {}
    exec(python_lines(made, ArrayCode("IMAGE")), {"IMAGE": image}, known)
    np.testing.assert_array_equal(known["enhanced"], result.image)


def test_a_result_of_frames_alone_does_not_mention_time():
    made = enhance(request_for(series(0.2))).provenance
    assert made.time_axis is None
    assert "--time" not in command_line(made, "a.tif", "b.tif")


def test_metadata_with_time_but_without_its_axis_are_invalid():
    facts = enhance(request_for(series(0.2), time="smoothed")).provenance.as_dict()
    for invalid in ({"time_axis": None}, {"time": "often"}, {"channel_curves": "shared"}):
        with pytest.raises(RequestError):
            Provenance.from_dict({**facts, **invalid})


def test_the_function_for_notebooks_takes_time():
    image = series(0.2)
    given = {"channels": "mono", "window": (100, 3500), "device": "cpu", "precision": "float32"}
    made = enhance_array(image, "zero-dce-pp", time_axis=0, time="smoothed", **given)
    np.testing.assert_array_equal(made, enhance(request_for(image, time="smoothed")).image)


def test_a_run_can_be_stopped_while_the_frames_around_are_read():
    class Slow:
        shape, dtype, read = (FRAMES, SIDE, SIDE), np.dtype(np.uint16), 0

        def __getitem__(self, key):
            self.read += 1
            return np.zeros(self.shape, self.dtype)[key]

    slow = Slow()
    resolved = resolve(request_for(slow, time="smoothed"))
    with pytest.raises(Cancelled):
        enhance(resolved, should_stop=lambda: slow.read >= 3)
    assert slow.read == 3


@pytest.mark.parametrize("time", ["smoothed", "shared"])
def test_coarser_levels_do_not_flicker_either(time):
    image = series(0.2)
    coarse = image.reshape(FRAMES, SIDE // 2, 2, SIDE // 2, 2).mean((2, 4)).astype(image.dtype)
    alone = enhance(request_for(coarse)).image
    level = LazyEnhancement(resolve(request_for(image, time=time)), [coarse]).levels[1]
    assert flicker(np.asarray(level)) < flicker(alone) / 4


def test_a_plane_of_a_level_with_fewer_planes_shows_a_plane_of_the_finest():
    image = np.stack([series(0.2), series(0.2, seed=4)], 1)
    found = resolve(request_for(image, time="smoothed")).grey
    assert found is not None
    assert found.index_of((6, 0), (FRAMES, 2)) == (6, 0)
    assert found.index_of((3, 1), (FRAMES // 2, 2)) == (6, 1)
    assert found.index_of((), ()) == ()
