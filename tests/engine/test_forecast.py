"""A plan is told before a run, in words people use, from a speed measured once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.device import Device
from napari_zerodce.engine import forecast as forecast_module
from napari_zerodce.engine.forecast import (
    Forecast,
    describe_plan,
    describe_plans,
    describe_seconds,
    forecast,
    settings_for_speed,
    without_pixels,
)
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, CheckpointError, DeviceError, ImageError, RequestError
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice


def request_for(image, channels="mono", **settings):
    return EnhanceRequest(image=image, channels=channels, settings=EnhanceSettings(**settings))


def known(precision="float32", seconds_per_pixel=6e-8):
    info = load_checkpoint("zero-dce").info
    return Forecast(info, Device("cuda:0", "Some GPU"), precision, seconds_per_pixel)


def test_a_plan_says_what_will_happen():
    stack = np.broadcast_to(np.uint16(0), (3, 4, 2048, 2000))
    plan = describe_plan(request_for(stack), known())
    assert plan == "12 planes of 2000x2048, cuda:0, about 3 s, 93.8 MiB of uint16 out"


def test_a_plan_of_one_photo_in_half_precision_says_how_far_off_it_may_be(monkeypatch):
    monkeypatch.setitem(forecast_module.LARGEST_DEVIATION, "bfloat16", 0.0068)
    photo = np.broadcast_to(np.uint8(0), (480, 640, 3))
    plan = describe_plan(request_for(photo, "rgb"), known("bfloat16"))
    assert plan == (
        "1 plane of 640x480, cuda:0 in bfloat16 (off by up to 0.7%), under 1 s, "
        "900.0 KiB of uint8 out"
    )


def test_a_plan_before_the_speed_is_known():
    plan = describe_plan(request_for(np.zeros((5, 9), ">f4")), None)
    assert plan == "1 plane of 9x5, timing this machine…, 180 bytes of float32 out"


def test_a_plan_of_a_part_counts_the_part_alone():
    stack = request_for(np.broadcast_to(np.uint16(0), (3, 4, 2048, 2000)))
    part = replace(stack, scope=Scope(((1, 3), (0, 1)), (0, 1024), (500, 1500)))
    plan = describe_plan(part, known(seconds_per_pixel=1e-5))
    assert plan == "2 planes of 1000x1024, cuda:0, about 20 s, 3.9 MiB of uint16 out"
    with pytest.raises(RequestError):
        describe_plan(replace(part, scope=Scope(((1, 4), (0, 1)), (0, 9), (0, 9))), known())


def test_a_plan_of_several_images_adds_up():
    stack = request_for(np.zeros((3, 64, 64), np.uint16))
    photo = request_for(np.zeros((64, 64, 3), np.uint8), "rgb")
    plan = describe_plans([stack, photo], known(seconds_per_pixel=1e-3))
    assert plan == "2 images with 4 planes, cuda:0, about 16 s, 36.0 KiB out"
    assert describe_plans([stack], known()) == describe_plan(stack, known())


def test_a_slider_of_the_look_is_no_other_speed_and_another_pass_is():
    settings = EnhanceSettings(look=Look(strength=0.3, exposure=1, detail_gain_limit=1.5))
    other = EnhanceSettings(look=Look(detail_gain_limit=3), window=WindowChoice("minmax"))
    assert settings_for_speed(settings) == settings_for_speed(other)
    for look in (Look(), Look(global_curve=True, detail_gain_limit=3)):
        assert settings_for_speed(EnhanceSettings(look=look)) != settings_for_speed(other)


def test_a_part_is_timed_on_a_small_image_without_it():
    image = np.zeros((9, 70, 80), np.float64)
    request = request_for(image, checkpoint="zero-dce-pp")
    part = replace(request, scope=Scope(((7, 9),), (60, 70), (0, 80)))
    assert without_pixels(part).image.nbytes == 8
    assert forecast(without_pixels(part)) == forecast(part) == forecast(request)


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
def test_a_speed_is_measured_once(dtype, channels, shape):
    request = request_for(np.zeros(shape, dtype), channels, checkpoint="zero-dce-pp")
    first = forecast(request)
    assert first.checkpoint == load_checkpoint("zero-dce-pp").info
    assert 0 < first.seconds_per_pixel < 1e-3
    assert forecast(request) == first


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
