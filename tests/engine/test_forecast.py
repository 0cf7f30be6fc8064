"""A plan is told before a run, in words people use, from a speed measured once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.device import Device
from napari_zerodce.engine import forecast as forecast_module
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.forecast import (
    Forecast,
    Speed,
    describe_lazy_plans,
    describe_plan,
    describe_plans,
    describe_range,
    describe_seconds,
    forecast,
    kind_for_speed,
    remember_speed,
    without_pixels,
)
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, CheckpointError, DeviceError, ImageError, RequestError
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window, WindowChoice


def request_for(image, channels="mono", **settings):
    return EnhanceRequest(image=image, channels=channels, settings=EnhanceSettings(**settings))


def known(precision="float32", fastest=6e-8, slowest=6e-8):
    info = load_checkpoint("zero-dce").info
    return Forecast(info, Device("cuda:0", "Some GPU"), precision, Speed(fastest, slowest))


def test_a_plan_says_what_will_happen():
    stack = np.broadcast_to(np.uint16(0), (3, 4, 2048, 2000))
    plan = describe_plan(request_for(stack), known())
    assert plan == "12 planes of 2000x2048, cuda:0, about 3 s, 93.8 MiB of uint16 in memory"


def test_a_plan_gives_a_range_where_the_time_is_uncertain():
    stack = np.broadcast_to(np.uint16(0), (12, 2048, 2000))
    plan = describe_plan(request_for(stack), known(slowest=2e-7))
    assert plan == "12 planes of 2000x2048, cuda:0, 3 to 10 s, 93.8 MiB of uint16 in memory"


def test_a_plan_of_a_part_counts_the_part_only():
    stack = np.broadcast_to(np.uint16(0), (12, 2048, 2000))
    scope = Scope(((3, 5),), (0, 1000), (0, 500))
    plan = describe_plan(
        replace(request_for(stack), scope=scope), known(fastest=3e-6, slowest=3e-6)
    )
    assert plan == "2 planes of 500x1000, cuda:0, about 3 s, 1.9 MiB of uint16 in memory"
    with pytest.raises(RequestError, match="is not inside the image"):
        describe_plan(replace(request_for(stack[:2]), scope=scope), None)


@pytest.mark.parametrize(
    ("fastest", "slowest", "said"),
    [
        (0.1, 0.9, "under 1 s"),
        (3.0, 3.9, "about 3 s"),
        (20, 40, "20 to 40 s"),
        (0.5, 4, "under 1 s to 4 s"),
        (50, 150, "50 s to 2 min"),
        (600, 1800, "10 to 30 min"),
        (91, 140, "about 2 min"),
    ],
)
def test_ranges_are_said_with_one_unit_if_possible(fastest, slowest, said):
    assert describe_range(fastest, slowest) == said


@pytest.mark.parametrize(
    ("shape", "channels", "scope", "expected"),
    [
        ((9, 2048, 300), "mono", None, (1, 512, 300)),
        ((1000, 30, 40), "mono", None, (64, 30, 40)),
        ((5, 30, 40), "mono", None, (5, 30, 40)),
        ((800, 900, 3), "rgb", None, (1, 512, 512, 3)),
        ((9, 2048, 300), "mono", Scope(((0, 9),), (5, 105), (0, 30)), (9, 100, 30)),
    ],
)
def test_what_is_timed_is_like_the_image(monkeypatch, shape, channels, scope, expected):
    timed = []

    class Done:
        seconds = 1.0

    def enhance(request, **_):
        timed.append(request.image.shape)
        return Done

    monkeypatch.setattr("napari_zerodce.engine.enhance.enhance", enhance)
    monkeypatch.setattr(forecast_module, "_measured", {})
    image = np.broadcast_to(np.uint16(0), shape)
    found = forecast(replace(request_for(image, channels, checkpoint="zero-dce"), scope=scope))
    assert set(timed[1:]) == {expected}
    assert found.speed.slowest == pytest.approx(1 / np.prod(expected[:3]))


def test_a_busy_machine_may_be_faster_later(monkeypatch):
    monkeypatch.setattr(forecast_module.psutil, "cpu_count", lambda: 4)
    for load, share in ((0.0, 1.0), (1.9, 1.0), (4.0, 0.5), (12.0, 0.25)):
        monkeypatch.setattr(forecast_module.psutil, "getloadavg", lambda load=load: (load, 0, 0))
        assert forecast_module._share_of_machine() == share


def test_a_real_run_replaces_what_was_timed(monkeypatch):
    monkeypatch.setattr(forecast_module, "_measured", {})
    image = np.broadcast_to(np.uint16(0), (64, 512, 512))
    request = request_for(image, checkpoint="zero-dce-pp", device="cpu", backend="torch")
    info = load_checkpoint("zero-dce-pp").info
    pixels = image.size
    for seconds in (10.0, 30.0):
        done = EnhanceResult(
            image, "mono", (Window(0, 1),), info, "cpu", "float32", tile=160, seconds=seconds
        )
        remember_speed(request, done)
    assert forecast(request).speed == Speed(10 / pixels, 30 / pixels)


def test_a_request_without_pixels_keeps_no_memory():
    small = without_pixels(request_for(np.ones((300, 400), np.float32)))
    assert small.image.shape == (300, 400)
    assert small.image.base.nbytes == 4


def test_a_plan_of_one_photo_in_half_precision_says_how_far_off_it_may_be(monkeypatch):
    monkeypatch.setitem(forecast_module.LARGEST_DEVIATION, "bfloat16", 0.0068)
    photo = np.broadcast_to(np.uint8(0), (480, 640, 3))
    plan = describe_plan(request_for(photo, "rgb"), known("bfloat16"))
    assert plan == (
        "1 plane of 640x480, cuda:0 in bfloat16 (off by up to 0.7%), under 1 s, "
        "900.0 KiB of uint8 in memory"
    )


def test_a_plan_before_the_speed_is_known():
    plan = describe_plan(request_for(np.zeros((5, 9), ">f4")), None)
    assert plan == "1 plane of 9x5, timing this machine…, 180 bytes of float32 in memory"


def test_a_plan_of_several_images_adds_up():
    stack = request_for(np.zeros((3, 64, 64), np.uint16))
    photo = request_for(np.zeros((64, 64, 3), np.uint8), "rgb")
    plan = describe_plans([stack, photo], known(fastest=1e-3, slowest=1e-3))
    assert plan == "2 images with 4 planes, cuda:0, about 16 s, 36.0 KiB in memory"
    assert describe_plans([stack], known()) == describe_plan(stack, known())


def test_a_slider_of_the_look_is_no_other_speed_and_another_pass_is():
    def kind(window="auto", **look):
        settings = EnhanceSettings(look=Look(**look), window=WindowChoice(window))
        return kind_for_speed(EnhanceRequest(np.zeros((8, 8)), "mono", settings))

    usual = kind(strength=0.3, exposure=1, detail_gain_limit=1.5)
    assert usual == kind("minmax", detail_gain_limit=3)
    assert usual != kind()
    assert usual != kind(global_curve=True, detail_gain_limit=3)


def test_a_plan_says_that_each_channel_has_a_window():
    stack = np.broadcast_to(np.uint16(0), (5, 3, 90, 80))
    plan = describe_plan(replace(request_for(stack), channel_axis=1), None)
    assert plan.startswith("15 planes of 80x90 with a window for each of 3 channels, timing")
    fixed = request_for(stack, window=WindowChoice("range", 1, 9))
    assert describe_plan(replace(fixed, channel_axis=1), None).startswith("15 planes of 80x90, ")


def test_an_image_that_cannot_be_enhanced_has_no_plan():
    with pytest.raises(ImageError):
        describe_plan(request_for(np.zeros((5, 9), bool)), None)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "under 1 s"),
        (0.99, "under 1 s"),
        (1.0, "about 1 s"),
        (89.4, "about 89 s"),
        (90, "about 2 min"),
        (3600, "about 60 min"),
        (5400, "about 1.5 h"),
        (86_400, "about 24.0 h"),
    ],
)
def test_durations_are_said_the_way_people_do(seconds, said):
    assert describe_seconds(seconds) == said


@pytest.mark.parametrize(
    ("dtype", "channels", "shape"),
    [("u1", "rgb", (5, 5, 3)), ("u2", "mono", (5, 5)), ("f4", "rgba", (5, 5, 4))],
)
def test_a_speed_is_measured_once(monkeypatch, dtype, channels, shape):
    results = []

    def enhance_and_note(*args, **options):
        results.append(enhance(*args, **options))
        return results[-1]

    monkeypatch.setattr("napari_zerodce.engine.enhance.enhance", enhance_and_note)
    monkeypatch.setattr(forecast_module, "_measured", {})
    request = request_for(np.zeros(shape, dtype), channels, checkpoint="zero-dce-pp")
    first = forecast(request)
    assert first.checkpoint == load_checkpoint("zero-dce-pp").info
    assert 0 < first.speed.fastest <= first.speed.slowest
    _first_call, *timed = results
    assert first.speed.slowest == max(result.seconds for result in timed) / 25
    assert forecast(request) == first
    assert len(results) == 4, "the second time, nothing is measured"


def test_mistakes_and_a_cancel_come_through():
    image = np.zeros((5, 5), np.uint8)
    with pytest.raises(CheckpointError):
        forecast(request_for(image, checkpoint="no-such-checkpoint"))
    with pytest.raises(DeviceError):
        forecast(request_for(image, device="gpu"))
    with pytest.raises(Cancelled):
        forecast(
            request_for(image.astype(np.int32), checkpoint="zero-dce-pp", scale_factor=7),
            should_stop=lambda: True,
        )


def test_plan_of_lazy_results_says_both_costs() -> None:
    stack = EnhanceRequest(np.broadcast_to(np.uint16(0), (10, 2000, 2000)), "mono")
    assert describe_lazy_plans([stack], None, memory=0) == (
        "10 planes of 2000x2000 where you look, timing this machine…"
    )
    seconds = 1e-6
    assert describe_lazy_plans(
        [stack], known(fastest=seconds, slowest=seconds), memory=80_000_000
    ) == (
        "10 planes of 2000x2000 where you look, cuda:0, about 2 s for a full screen; "
        "all now would be about 40 s and 76.3 MiB"
    )
    small = EnhanceRequest(np.zeros((10, 10), np.uint8), "mono")
    plan = describe_lazy_plans([stack, small], known(fastest=seconds, slowest=seconds), memory=0)
    assert plan.startswith("11 planes of 2 images where you look, cuda:0, about 2 s")


def test_a_plan_of_a_translator_says_the_memory_of_its_work(translator):
    checkpoint = translator(features=16)
    request = request_for(np.zeros((100, 120), np.uint8), checkpoint=checkpoint, device="cpu")
    measured = forecast(request)
    assert measured.precision == "float32"
    plan = describe_plan(request, replace(measured, speed=Speed(1e-3, 1e-3)))
    assert plan == (
        "1 plane of 120x100, cpu, about 12 s with up to 3.3 MiB while it works, 11.7 KiB of uint8 "
        "in memory"
    )


def test_translators_of_other_sizes_have_speeds_of_their_own(monkeypatch, translator):
    measured = {}
    monkeypatch.setattr(forecast_module, "_measured", measured)
    image = np.zeros((40, 50), np.uint8)
    for features in (4, 8):
        forecast(request_for(image, checkpoint=translator(features=features), device="cpu"))
    assert len(measured) == 2
