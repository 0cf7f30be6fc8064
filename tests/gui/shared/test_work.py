"""Work of several docks: what makes two wishes the same, and what is remembered of them."""

from __future__ import annotations

import gc
import os
import weakref
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.checkpoints.registry import resolve as path_of
from napari_zerodce.engine.crew import ALONE
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.requests import EnhanceRequest, Progress, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import View
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.errors import Cancelled, CheckpointError, ImageError
from napari_zerodce.gui.layers.on_screen import on_screen
from napari_zerodce.gui.layers.provenance import provenance_of
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.added_result import add_enhanced
from napari_zerodce.gui.shared.work import ViewRequest
from napari_zerodce.imaging.levels import coarser_levels
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import never

QUICK = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")

OTHER: dict[str, Any] = {
    "checkpoint": Path("mine.pth"),
    "window": WindowChoice("minmax"),
    "device": "cuda:1",
    "precision": "float16",
    "backend": "torch",
    "scale_factor": 3,
    "tile": 64,
    "time": "smoothed",
    "time_window": 5,
    "channel_curves": "shared",
    "lock_normalisation": True,
    "look": Look(strength=0.5),
}


def _wish(model: ViewerModel, layer: Image, settings: EnhanceSettings = QUICK) -> ViewRequest:
    source = read_source(layer)
    return ViewRequest(request_for(source, settings), on_screen(model, source))


def _view(wish: ViewRequest) -> View:
    view = work.viewing(wish)(ignore, never)
    assert isinstance(view, View)
    return view


# ---- the key


def test_each_setting_that_decides_curves_makes_another_wish(model: ViewerModel) -> None:
    assert set(OTHER) == {field.name for field in fields(EnhanceSettings)}, "give another value"
    layer = model.add_image(np.zeros((2, 2, 8, 8), np.uint16), axis_labels=tuple("tcyx"))
    usual = replace(QUICK, time="shared")  # frames that share nothing have no window of frames
    key = _wish(model, layer, usual).key
    same = {
        name
        for name, value in OTHER.items()
        if _wish(model, layer, replace(usual, **{name: value})).key == key
    }
    assert same == {"look", "lock_normalisation"}  # a translator has no curves to view


def test_settings_of_axes_that_a_layer_lacks_make_no_other_wish(
    model: ViewerModel, stack: Image
) -> None:
    keys = {
        _wish(model, stack, replace(QUICK, **{name: OTHER[name]})).key
        for name in ("time", "time_window", "channel_curves")
    }
    assert keys == {_wish(model, stack).key}


@pytest.mark.parametrize("time", ["smoothed", "shared"])
def test_view_of_a_frame_is_that_of_its_series(model: ViewerModel, stack: Image, time: Any) -> None:
    settings = replace(QUICK, time=time)
    series = np.stack([stack.data[0], stack.data[0] * 4 // 5, stack.data[0]])
    layer = model.add_image(series, axis_labels=("t", "y", "x"))
    model.dims.set_point(0, 1)
    view = _view(_wish(model, layer, settings))
    whole = enhance(EnhanceRequest(series, "mono", settings, time_axis=0)).image
    alone = enhance(EnhanceRequest(series, "mono", QUICK)).image
    np.testing.assert_array_equal(view.render(Look()), whole[1])
    assert (whole[1] != alone[1]).any()


def test_the_same_wish_has_the_same_key_and_can_be_looked_up(
    model: ViewerModel, stack: Image
) -> None:
    assert _wish(model, stack).key == _wish(model, stack).key
    assert len({_wish(model, stack).key, _wish(model, stack).key}) == 1


def test_plane_part_and_image_make_another_wish(model: ViewerModel, stack: Image) -> None:
    wish = _wish(model, stack)
    part = replace(wish.screen, viewport=Viewport(slice(0, 4), slice(0, 8)))
    step = replace(wish.screen, viewport=Viewport(slice(0, 8), slice(0, 8), 2))
    plane = replace(wish.screen, index=(1,))
    copied = replace(wish.request, image=stack.data.copy())
    others = [ViewRequest(wish.request, screen) for screen in (part, step, plane)]
    keys = {each.key for each in (wish, *others, ViewRequest(copied, wish.screen))}
    assert len(keys) == 5


def test_layers_that_share_an_array_do_not_share_what_is_made_of_it(model: ViewerModel) -> None:
    samples = np.full((8, 8, 4), 0.2, np.float32)
    samples[..., 3] = 1  # opaque as colours, bright as a plane of a stack
    layers = [model.add_image(samples, rgb=rgb, contrast_limits=(0, 1)) for rgb in (True, False)]
    settings = replace(QUICK, window=WindowChoice("minmax"))
    colour, stacked = (request_for(read_source(layer), settings) for layer in layers)
    assert colour.image is stacked.image
    resolved = [work.resolved_for(request, never) for request in (colour, stacked)]
    assert [each.layout.channels for each in resolved] == ["rgba", "mono"]
    assert resolved[0].window.high == pytest.approx(1.2)  # 0.2 alone is a constant image
    assert resolved[1].window.high == 1
    model.dims.set_point(0, 0)
    assert _wish(model, layers[0]).key != _wish(model, layers[1]).key


# ---- views


def test_view_is_that_of_the_plane_in_the_window_of_the_whole_layer(
    model: ViewerModel, stack: Image
) -> None:
    model.dims.set_point(0, 2)
    view = _view(_wish(model, stack))
    whole = enhance(EnhanceRequest(stack.data, "mono", QUICK)).image
    np.testing.assert_array_equal(view.samples, stack.data[2])
    np.testing.assert_array_equal(view.render(Look()), whole[2])


def test_view_of_every_second_pixel_keeps_the_place_on_screen(
    model: ViewerModel, stack: Image
) -> None:
    wish = _wish(model, stack)
    part = Viewport(slice(0, 8), slice(2, 8), 2)
    view = _view(ViewRequest(wish.request, replace(wish.screen, viewport=part)))
    assert view.viewport == part
    np.testing.assert_array_equal(view.samples, stack.data[0, ::2, 2::2])


def test_last_two_views_are_given_again_until_they_are_forgotten(
    model: ViewerModel, stack: Image
) -> None:
    wishes = []
    for plane in range(3):
        model.dims.set_point(0, plane)
        wishes.append(_wish(model, stack))
    first, second = _view(wishes[0]), _view(wishes[1])
    assert _view(wishes[0]) is first
    assert _view(wishes[1]) is second
    _view(wishes[2])
    assert _view(wishes[1]) is second
    assert _view(wishes[0]) is not first, "two are kept"
    again = _view(wishes[0])
    work.forget_views()
    assert _view(wishes[0]) is not again


def test_another_look_of_the_same_curves_needs_no_network(model: ViewerModel, stack: Image) -> None:
    view = _view(_wish(model, stack))
    other = _wish(model, stack, replace(QUICK, look=Look(strength=0.3, iterations=2)))
    assert _view(other) is view


def test_checkpoint_file_that_was_written_again_is_read_again(
    model: ViewerModel, stack: Image, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(path_of("zero-dce-pp").read_bytes())
    os.utime(path, ns=(1, 1))
    wish = _wish(model, stack, replace(QUICK, checkpoint=path))
    before = _view(wish)
    assert _view(wish) is before
    path.write_bytes(path_of("zero-dce").read_bytes())
    os.utime(path, ns=(2, 2))
    after = _view(wish)
    assert (before.checkpoint.architecture, after.checkpoint.architecture) == (
        "zero-dce-pp",
        "zero-dce",
    )


# ---- resolved requests and windows


def test_resolved_request_serves_all_planes_and_is_dropped_with_the_views(stack: Image) -> None:
    request = EnhanceRequest(stack.data, "mono", QUICK)
    resolved = work.resolved_for(request, never)
    assert work.resolved_for(replace(request), never) is resolved
    other = replace(request, settings=replace(QUICK, scale_factor=2))
    assert work.resolved_for(other, never) is not resolved
    work.forget_views()
    assert work.resolved_for(request, never) is not resolved


def test_window_becomes_the_two_numbers_of_the_whole_image() -> None:
    image = np.zeros((3, 8, 8), np.float32)
    image[0], image[2] = -3, 12
    settings = replace(QUICK, window=WindowChoice("minmax"))
    known = work.with_known_choices(EnhanceRequest(image, "mono", settings), never)
    assert known.settings == replace(settings, window=WindowChoice("range", -3, 12))
    assert known.image is image
    assert work.with_known_choices(known, never) == known


def test_constant_image_has_a_window_too() -> None:
    request = EnhanceRequest(np.full((1, 1), 7, np.uint16), "mono", QUICK)
    window = work.with_known_choices(request, never).settings.window
    assert window.low is not None
    assert window.high is not None
    assert window.low <= 7 <= window.high


# ---- automatic weights


def _cells() -> np.ndarray:
    image = np.full((2, 40, 40), 100, np.uint16)
    image[:, :8] = 900
    image[0, 0, 0] = 120
    return image


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Each reading of an image, as the choice of the window it was read for."""
    found: list[Any] = []
    find = work.find_windows

    def counted(image: Any, choice: WindowChoice, **named: Any) -> Any:
        found.append(choice)
        return find(image, choice, **named)

    monkeypatch.setattr(work, "find_windows", counted)
    work.forget_views()
    return found


def test_automatic_weights_become_those_that_suit_the_image() -> None:
    request = EnhanceRequest(_cells(), "mono", EnhanceSettings(device="cpu"))
    known = work.with_known_choices(request, never)
    assert known.settings.checkpoint == "zero-dce-fluo"
    resolved = work.resolved_for(request, never)
    assert resolved.checkpoint.name == "zero-dce-fluo"
    expected = enhance(request)
    assert resolved.window == expected.window
    assert expected.checkpoint == resolved.checkpoint


def test_image_is_read_once_for_its_window_and_its_weights(readings: list[Any]) -> None:
    request = EnhanceRequest(_cells(), "mono", EnhanceSettings(device="cpu"))
    choice = work.choosing(request)(ignore, never)
    assert choice.made_for == "fluorescence"
    assert work.resolved_for(request, never).checkpoint.name == choice.checkpoint
    assert work.chosen_for(request, never) == choice
    assert readings == [WindowChoice("auto")]
    numbers = replace(request.settings, window=WindowChoice("range", 0, 4000))
    work.resolved_for(replace(request, settings=numbers), never)
    assert readings[1:] == [WindowChoice("range", 0, 4000)], "two numbers need no reading"


def test_image_in_colour_is_looked_at_once_for_its_weights_and_its_window(
    readings: list[Any],
) -> None:
    image = np.zeros((9, 9, 3), np.uint8)
    image[0, 0] = 1, 2, 3
    request = EnhanceRequest(image, "rgb", EnhanceSettings())
    assert work.chosen_for(request, never).checkpoint == "zero-dce"
    known = work.with_known_choices(request, never)
    assert (str(known.settings.window), known.is_grey) == ("0,255", False)
    assert readings == [WindowChoice("auto")]


def test_grey_image_in_colours_is_judged_as_a_mono_one(readings: list[Any]) -> None:
    image = np.repeat(_cells()[..., None], 3, -1)
    request = EnhanceRequest(image, "rgb", EnhanceSettings())
    known = work.with_known_choices(request, never)
    assert known.is_grey
    assert known.settings.checkpoint == "zero-dce-fluo"
    alone = work.with_known_choices(EnhanceRequest(_cells(), "mono", EnhanceSettings()), never)
    assert known.settings.window == alone.settings.window


def test_what_is_known_of_an_image_does_not_keep_it_in_memory() -> None:
    image = _cells()
    watched = weakref.ref(image)
    work.chosen_for(EnhanceRequest(image, "mono", EnhanceSettings()), never)
    del image
    gc.collect()
    assert watched() is None


def test_view_with_automatic_weights_is_that_of_the_named_ones(
    model: ViewerModel, stack: Image
) -> None:
    stack.data = _cells()
    view = _view(_wish(model, stack, EnhanceSettings(device="cpu")))
    named = _view(_wish(model, stack, EnhanceSettings(checkpoint="zero-dce-fluo", device="cpu")))
    assert view.checkpoint.name == "zero-dce-fluo"
    np.testing.assert_array_equal(view.render(Look()), named.render(Look()))


# ---- the other work


def test_enhancing_is_what_the_engine_makes(stack: Image) -> None:
    request = EnhanceRequest(stack.data, "mono", QUICK)
    told: list[Any] = []
    made = work.enhancing(request, [stack.data.shape])(told.append, never)
    np.testing.assert_array_equal(made.result.image, enhance(request).image)
    assert made.levels == ()
    assert told


def test_coarser_levels_are_averages_of_the_result(stack: Image) -> None:
    request = EnhanceRequest(stack.data, "mono", QUICK)
    told: list[Any] = []
    made = work.enhancing(request, [(3, 8, 8), (3, 4, 4), (1, 1, 1)])(told.append, never)
    expected = enhance(request).image.astype(float)
    blocks = expected.reshape(3, 4, 2, 4, 2).mean((2, 4))
    np.testing.assert_allclose(made.levels[0], blocks, atol=0.5)
    np.testing.assert_allclose(made.levels[1], expected.mean(), atol=0.5)
    assert told[-1].message == "Averaging the coarser levels"


def test_result_is_finished_if_only_its_levels_were_cancelled(stack: Image) -> None:
    result = enhance(EnhanceRequest(stack.data, "mono", QUICK))
    with pytest.raises(Cancelled) as caught:
        work.completing(result, [(3, 8, 8), (3, 4, 4)])(ignore, lambda: True)
    assert caught.value.finished is result


def test_checking_gives_the_info_of_a_checkpoint_or_says_what_is_wrong(tmp_path: Path) -> None:
    assert work.checking("zero-dce-pp")(ignore, never).parameters == 10_561
    with pytest.raises(CheckpointError):
        work.checking(tmp_path / "none.pth")(ignore, never)


# ---- several images


def test_all_images_are_enhanced_with_one_progress(stack: Image) -> None:
    whole = request_for(read_source(stack), QUICK)
    part = replace(whole, scope=Scope(((1, 2),), (0, 8), (0, 8)))
    told: list[Progress] = []
    first, second = work.enhancing_all([whole, part], [[stack.data.shape]] * 2)(told.append, never)
    np.testing.assert_array_equal(first.result.image, enhance(whole).image)
    np.testing.assert_array_equal(second.result.image, first.result.image[1:2])
    assert {progress.total for progress in told} == {4 * 64}
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert done[-1] == 4 * 64
    assert told[0].message.startswith("Layer 1 of 2: ")
    assert told[-1].message.startswith("Layer 2 of 2: ")


def test_remaining_time_is_that_of_all_images() -> None:
    told: list[Progress] = []
    # Half of 100 pixels need 3 s, so 50 + 150 pixels need 12 s.
    work._report_one_of(told.append, [20, 100, 150], 1, Progress(1, 2, "Enhancing", 3))
    work._report_one_of(told.append, [20, 100, 150], 1, Progress(2, 2, "Enhancing", 0))
    assert told == [
        Progress(70, 270, "Layer 2 of 3: Enhancing", 12),
        Progress(120, 270, "Layer 2 of 3: Enhancing", None),
    ]


def test_mistake_in_one_image_does_not_stop_the_others(stack: Image) -> None:
    good = request_for(read_source(stack), QUICK)
    bad = replace(good, settings=replace(QUICK, checkpoint="missing"))
    first, second, third = work.enhancing_all([good, bad, good], [[stack.data.shape]] * 3)(
        ignore, never
    )
    assert isinstance(second, CheckpointError)
    np.testing.assert_array_equal(first.result.image, third.result.image)


def test_stop_keeps_finished_images_and_leaves_out_the_rest(stack: Image) -> None:
    request = request_for(read_source(stack), QUICK)
    told: list[Progress] = []

    def in_the_second() -> bool:
        return bool(told) and told[-1].message.startswith("Layer 2")

    with pytest.raises(Cancelled) as caught:
        work.enhancing_all([request] * 3, [[stack.data.shape]] * 3)(told.append, in_the_second)
    np.testing.assert_array_equal(caught.value.finished[0].result.image, enhance(request).image)
    with pytest.raises(Cancelled) as caught:
        work.enhancing_all([request] * 3, [[stack.data.shape]] * 3)(ignore, lambda: True)
    assert caught.value.finished is None


class Damaged:
    """A lazy stack of which one plane cannot be read."""

    def __init__(self, data: Any, plane: int) -> None:
        self.shape, self.dtype = data.shape, data.dtype
        self._data, self._plane = data, plane

    def __getitem__(self, key: Any) -> Any:
        if key[0] == self._plane:
            raise OSError("The drive is gone.")
        return self._data[key]


def _slow(stack: Image, planes: int) -> tuple[EnhanceRequest, Any]:
    """Return a request, and a `should_stop` that says yes after some of its planes are read."""
    read: list[Any] = []

    class Counted(Damaged):
        def __getitem__(self, key: Any) -> Any:
            read.append(key)
            return super().__getitem__(key)

    request = EnhanceRequest(Counted(stack.data, -1), "mono", QUICK)
    return request, lambda: len(read) > planes


@pytest.mark.parametrize("shapes", [[(3, 8, 8)], [(3, 8, 8), (3, 4, 4)]])
def test_stop_keeps_the_finished_planes_of_the_image_in_progress(
    stack: Image, shapes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = EnhanceRequest(stack.data, "mono", QUICK)
    request, should_stop = _slow(stack, 2)
    monkeypatch.setattr("napari_zerodce.engine.resolved.crew_for", lambda *_: ALONE)
    with pytest.raises(Cancelled) as caught:
        work.enhancing_all([whole, request, whole], [shapes] * 3)(ignore, should_stop)
    first, second = caught.value.finished
    assert first.result.scope is None
    count = second.result.scope.count
    assert count == 1, "the image is read for its window, then by planes; the second is stopped"
    np.testing.assert_array_equal(second.result.image, first.result.image[:count])
    assert [level.shape for level in second.levels] == [(count, *shape[1:]) for shape in shapes[1:]]


def test_error_in_a_plane_keeps_the_others_of_its_image(
    stack: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_zerodce.engine.resolved.crew_for", lambda *_: ALONE)
    whole = EnhanceRequest(stack.data, "mono", QUICK)
    damaged = replace(whole, image=Damaged(stack.data, 2))
    first, second = work.enhancing_all([damaged, whole], [[stack.data.shape]] * 2)(ignore, never)
    assert isinstance(first, ImageError)
    assert str(first).startswith("Plane 2 cannot be read: The drive is gone; ")
    np.testing.assert_array_equal(first.finished.result.image, second.result.image[:2])


def test_forecast_is_of_the_request_or_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_zerodce.engine import forecast

    monkeypatch.setattr(forecast, "_measured", {})
    speed = forecast.Speed(1e-6, 2e-6)
    monkeypatch.setattr(forecast, "_time", lambda _request, _info, _should_stop: speed)
    image = np.zeros((8, 8), np.uint8)
    settings = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")
    known = work.forecasting(EnhanceRequest(image, "mono", settings))(ignore, never)
    assert (known.checkpoint.name, known.device.name) == ("zero-dce-pp", "cpu")
    assert known.speed == speed
    missing = EnhanceSettings(checkpoint="missing")
    with pytest.raises(CheckpointError):
        work.forecasting(EnhanceRequest(image, "mono", missing))(ignore, never)


def test_a_plane_that_cannot_be_read_is_left_out_and_told(model: ViewerModel) -> None:
    planes = np.linspace(100, 900, 3 * 64).reshape(3, 8, 8).astype(np.uint16)
    layer = model.add_image(planes, name="stack", contrast_limits=(0, 1000))
    source = read_source(layer)
    settings = replace(QUICK, window=WindowChoice("range", 0, 1000))
    request = replace(request_for(source, settings), image=Damaged(planes, 1))
    made = work.enhancing(request, source.level_shapes)(ignore, never)
    assert made.result.missing == ((1,),)
    assert not made.result.image[1].any()
    added = add_enhanced(model, source, made)
    assert added.notes[0].startswith(
        "1 of 3 planes is missing, and is 0 in the result (1): Plane 1"
    )
    known = provenance_of(added.layer)
    assert known is not None
    assert known.made is not None
    assert known.made.missing == ((1,),)


class HalfDamaged(Damaged):
    """It is read by planes for its window, too."""

    chunks = (1, 8, 8)

    def __getitem__(self, key: Any) -> Any:
        places = range(len(self._data))[key[0]]
        if self._plane in (places if isinstance(key[0], slice) else (places,)):
            raise OSError("The drive is gone.")
        return self._data[key]


def test_parts_that_do_not_count_for_the_window_are_told() -> None:
    planes = np.linspace(100, 900, 3 * 64).reshape(3, 8, 8).astype(np.uint16)
    settings = replace(QUICK, window=WindowChoice("minmax"))
    request = EnhanceRequest(HalfDamaged(planes, 2), "mono", settings, skip_unreadable=True)
    result = work.enhancing(request, [planes.shape])(ignore, never).result
    assert result.window.high == planes[1].max()
    assert result.notices[0].startswith("1 part of the image does not count for the window: ")
    assert result.about_missing.startswith("1 of 3 planes is missing")


def _mean(model: ViewerModel, layer: Image, level: int, look: Look) -> float:
    layer.data_level = level
    return float(_view(_wish(model, layer)).render(look).mean())


@pytest.mark.parametrize("look", [Look(), DEFAULT_LOOK, Look(strength=1.5)])
def test_each_level_of_a_pyramid_has_the_brightness_of_the_finest(
    model: ViewerModel, look: Look
) -> None:
    rng = np.random.default_rng(0)
    finest = rng.gamma(1.5, 40, (512, 512)).clip(0, 255).astype(np.uint8)
    levels = [finest, *coarser_levels(finest, [(128, 128), (64, 64)])]
    layer = model.add_image(levels, multiscale=True, contrast_limits=(0, 255))
    assert isinstance(layer, Image)
    fine, coarse, coarsest = (_mean(model, layer, level, look) for level in range(3))
    assert coarse == pytest.approx(fine, abs=0.005 * 255)
    assert coarsest == pytest.approx(fine, abs=0.005 * 255)
    layer.data_level = 2
    view = _view(_wish(model, layer))
    uncorrected = replace(view, brightness=None).render(look).mean()
    assert uncorrected > fine + 0.01 * 255
