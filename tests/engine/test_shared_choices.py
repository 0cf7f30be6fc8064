"""Images of several shapes with one window and one choice of weights."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.shared_choices import with_shared_choices
from napari_zerodce.imaging.window_search import resolve_window
from napari_zerodce.imaging.windows import WindowChoice


def numbers(*shape, start=0):
    return (start + np.arange(np.prod(shape))).reshape(shape).astype(np.uint16)


def windows(requests):
    return [str(each.request.settings.window) for each in with_shared_choices(requests)]


def test_the_window_is_that_of_all_samples():
    images = [numbers(20, 30), numbers(3, 10, 10, start=5000)]
    settings = EnhanceSettings(window=WindowChoice("percentile", 1, 90))
    joined = np.concatenate([image.ravel() for image in images])[None]
    found = resolve_window(joined, settings.window, channels="mono")
    requests = [EnhanceRequest(image, "mono", settings) for image in images]
    assert windows(requests) == [f"{found.low},{found.high}"] * 2


def test_images_of_other_dtypes_and_colours_have_their_own():
    images = [numbers(20, 30), numbers(9, 9, start=700), numbers(8, 8).astype(np.float32)]
    requests = [EnhanceRequest(image, "mono") for image in images]
    requests.append(EnhanceRequest(numbers(5, 5, 3), "rgb"))
    first, second, *others = windows(requests)
    assert first == second != "auto"
    assert others == ["auto", "auto"]


def test_each_channel_has_a_window_of_all_images():
    images = [np.stack([numbers(4, 5), numbers(4, 5, start=900)], axis) for axis in (0, 0)]
    images[1] = images[1][:, :, :3] + np.uint16(50)
    settings = EnhanceSettings(window=WindowChoice("minmax"))
    requests = [EnhanceRequest(image, "mono", settings, channel_axis=0) for image in images]
    assert windows(requests) == ["0,67;900,967"] * 2


def test_axes_may_have_any_order():
    image = np.moveaxis(np.stack([numbers(4, 5), numbers(4, 5, start=900)]), 0, -1)
    settings = EnhanceSettings(window=WindowChoice("minmax"))
    request = EnhanceRequest(image, "mono", settings).with_axes("YXC")
    other = EnhanceRequest(numbers(2, 6, 7, start=950), "mono", settings, channel_axis=0)
    assert windows([request, other]) == ["0,991;900,1033"] * 2


def test_weights_are_those_of_all_images():
    dark = np.full((60, 60), 100, np.uint16)
    dark[:5] = np.arange(300, 600).reshape(5, 60)
    light = np.random.default_rng(0).normal(450, 40, (20, 20)).astype(np.uint16)
    found = with_shared_choices([EnhanceRequest(image, "mono") for image in (light, dark)])
    assert {each.request.settings.checkpoint for each in found} == {"zero-dce-fluo"}
    assert {each.automatic.made_for for each in found} == {"fluorescence"}
    alone = with_shared_choices([EnhanceRequest(light, "mono")])
    assert alone[0].request.settings.is_automatic


def test_a_grey_page_between_colours_is_judged_as_it_is_alone():
    grey = np.repeat(numbers(8, 8, 1), 3, -1)
    colours = grey * np.array([1, 2, 3], np.uint16)
    requests = [EnhanceRequest(image, "rgb") for image in (grey, colours, colours)]
    found = [each.request for each in with_shared_choices(requests)]
    assert [each.is_grey for each in found] == [True, False, False]
    assert [each.settings.is_automatic for each in found] == [True, False, False], "two are alike"
    assert [each.request.is_grey for each in with_shared_choices(requests[:1] * 2)] == [True] * 2


@pytest.mark.parametrize("step", [1, 7])
def test_of_many_samples_some_count(monkeypatch, step):
    from napari_zerodce.engine import shared_choices

    monkeypatch.setattr(shared_choices, "_MOST_SAMPLES", 1200 // step)
    settings = EnhanceSettings(window=WindowChoice("percentile", 10, 90))
    requests = [EnhanceRequest(numbers(20, 30), "mono", settings)] * 2
    low, high = map(float, windows(requests)[0].split(","))
    assert low == pytest.approx(60, abs=step)
    assert high == pytest.approx(539, abs=step)
