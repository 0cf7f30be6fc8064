"""The curves drawn are those that make the picture, point by point."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
import torch

from napari_zerodce.core.curves import adjust_alphas, apply_curves, trim_exposure
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.pixel_curve import POINTS, as_csv, pixel_curve, region_curve
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.imaging.intensity import WindowChoice

LOOKS = [
    Look(),
    Look(strength=0),
    Look(2, 3, 1.5),
    Look(1.4, 1, -2),
    Look(exposure=0.5, global_curve=True),
]
PLACES = [(0, 0), (13, 20), (29, 40)]


def view_of(channels="rgb", *, checkpoint="zero-dce", image=None):
    if image is None:
        values = np.random.default_rng(0).random((30, 41, 3)) ** 2
        image = values.astype(np.float32) if channels == "rgb" else values[..., 0].astype("f4")
    request = EnhanceRequest(
        image=image,
        channels=channels,
        settings=EnhanceSettings(
            checkpoint=checkpoint,
            device="cpu",
            precision="float32",
            window=WindowChoice("range", 0, 1),
        ),
    )
    return estimate_view(request, Viewport(slice(0, image.shape[0]), slice(0, image.shape[1])))


@pytest.fixture(params=[("mono", "zero-dce"), ("rgb", "zero-dce"), ("rgb", "zero-dce-pp")])
def view(request):
    channels, checkpoint = request.param
    return view_of(channels, checkpoint=checkpoint)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.describe())
def test_a_pixel_lies_on_its_curve_and_comes_out_as_rendered(view, look):
    rendered = view.render(look)
    for row, column in PLACES:
        curve = pixel_curve(view, row, column, look)
        np.testing.assert_array_equal(curve.values, np.atleast_1d(view.samples[row, column]))
        np.testing.assert_allclose(
            curve.results, np.atleast_1d(rendered[row, column]), rtol=0, atol=1e-6
        )
        for value, result, outputs in zip(curve.values, curve.results, curve.outputs, strict=True):
            between = np.interp(value, curve.inputs, outputs)
            assert result == pytest.approx(between, abs=2e-2)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.describe())
def test_the_lines_are_the_formulas(view, look):
    colours = view.unit.shape[1]
    for row, column in PLACES:
        curve = pixel_curve(view, row, column, look)
        np.testing.assert_array_equal(curve.inputs, np.linspace(0, 1, POINTS, dtype=np.float32))
        assert curve.steps.shape == (look.iterations, colours, POINTS)
        assert curve.outputs.shape == (colours, POINTS)
        assert curve.alphas.shape == (look.iterations, colours)
        own = view.alphas_at(row, column, look)[: look.iterations]
        np.testing.assert_allclose(
            curve.alphas, np.clip(own * look.strength, -1, 1), rtol=0, atol=1e-6
        )
        outputs = np.stack([curve.inputs.astype(np.float64)] * colours)
        for step, alphas in zip(curve.steps, curve.alphas, strict=True):
            outputs = outputs + alphas[:, None] * outputs * (1 - outputs)
            np.testing.assert_allclose(step, outputs, rtol=0, atol=1e-6)
        k = 2.0**look.exposure
        trimmed = k * outputs / (1 + (k - 1) * outputs)
        np.testing.assert_allclose(curve.outputs, trimmed, rtol=0, atol=2e-6)
        assert (curve.outputs[:, 0] == 0).all()
        assert (curve.outputs[:, -1] == 1).all()
        assert (np.diff(curve.outputs) >= 0).all()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.describe())
def test_the_slope_is_the_numerical_derivative(view, look):
    h = 1e-6
    for row, column in PLACES:
        curve = pixel_curve(view, row, column, look)
        x = torch.tensor(curve.values, dtype=torch.float64)[None, :, None, None]
        alphas = torch.tensor(curve.alphas, dtype=torch.float64)[None, ..., None, None]
        above, below = (
            trim_exposure(apply_curves(x + side, alphas), look.exposure)[0, :, 0, 0].numpy()
            for side in (h, -h)
        )
        np.testing.assert_allclose(curve.slopes, (above - below) / (2 * h), rtol=1e-4, atol=1e-5)


def test_strength_zero_is_the_diagonal():
    curve = pixel_curve(view_of(), 3, 4, Look(strength=0))
    np.testing.assert_array_equal(curve.outputs, np.stack([curve.inputs] * 3))
    np.testing.assert_array_equal(curve.slopes, np.ones(3))
    np.testing.assert_array_equal(curve.alphas, np.zeros((8, 3)))


def test_one_curve_is_the_same_at_every_pixel_and_channel():
    view = view_of()
    curves = [pixel_curve(view, *place, Look(global_curve=True)) for place in PLACES]
    for curve in curves:
        np.testing.assert_array_equal(curve.outputs, np.stack([curves[0].outputs[0]] * 3))


def test_a_plane_of_one_pixel():
    view = view_of("mono", image=np.array([[0.2]], np.float32))
    curve = pixel_curve(view, 0, 0, Look())
    assert curve.results[0] == pytest.approx(view.render(Look())[0, 0], abs=1e-7)
    region = region_curve(view, np.array([[True]]), Look())
    np.testing.assert_allclose(region.mean, curve.outputs, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(region.low, region.high)


# ---- regions


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.describe())
def test_a_region_is_the_mean_of_its_pixels(view, look):
    mask = np.zeros(view.samples.shape[:2], bool)
    mask[3:9, 10:30] = True
    mask[20, 1] = True
    region = region_curve(view, mask, look)
    curves = [pixel_curve(view, *place, look) for place in np.argwhere(mask)]
    assert region.pixels == len(curves) == 121
    outputs = np.stack([curve.outputs for curve in curves])
    np.testing.assert_allclose(region.mean, outputs.mean(0, dtype=np.float64), rtol=0, atol=1e-6)
    low, high = np.percentile(outputs, (10, 90), axis=0)
    np.testing.assert_allclose(region.low, low, rtol=0, atol=1e-6)
    np.testing.assert_allclose(region.high, high, rtol=0, atol=1e-6)
    values = np.mean([curve.values for curve in curves], axis=0)
    results = np.mean([curve.results for curve in curves], axis=0)
    np.testing.assert_allclose(region.values, values, rtol=0, atol=1e-6)
    np.testing.assert_allclose(region.results, results, rtol=0, atol=1e-6)
    rendered = view.render(look)[mask].reshape(121, -1)
    np.testing.assert_allclose(region.results, rendered.mean(0), rtol=0, atol=1e-6)


def test_the_whole_plane_is_a_region_of_which_every_few_pixels_are_looked_at():
    view = view_of("mono", image=np.random.default_rng(0).random((100, 131)).astype(np.float32))
    region = region_curve(view, np.ones((100, 131), bool), Look())
    assert region.pixels == 13_100
    alphas = adjust_alphas(view.alphas)
    every = view.unit.reshape(-1)[::4], alphas[0, :, 0].reshape(8, -1)[:, ::4]
    expected = apply_curves(every[0][None, None, None], every[1][None, :, None, None])
    assert region.results[0] == pytest.approx(expected.mean().item(), abs=1e-6)


def test_a_region_without_pixels_has_no_curve():
    assert region_curve(view_of(), np.zeros((30, 41), bool), Look()) is None


# ---- tables


@pytest.mark.parametrize("name", ["row 3 column 4", 'my "best", cell', "two\nlines"])
def test_a_table_reads_back(name):
    view = view_of()
    look = Look(iterations=5, exposure=1)
    curves = [(name, pixel_curve(view, 3, 4, look)), ("other", pixel_curve(view, 5, 6, look))]
    text = as_csv(curves, ["red", "green", "blue"])
    assert text.endswith("\n")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert set(rows[0]) == {"pixel", "channel", "kind", "input", "output"}
    assert len(rows) == 2 * 3 * (1 + 5 + POINTS)
    for title, curve in curves:
        for number, channel in enumerate(["red", "green", "blue"]):
            own = [row for row in rows if (row["pixel"], row["channel"]) == (title, channel)]
            (point,) = [row for row in own if row["kind"] == "own value"]
            assert float(point["input"]) == pytest.approx(curve.values[number], abs=1e-6)
            assert float(point["output"]) == pytest.approx(curve.results[number], abs=1e-6)
            for step in range(5):
                (row,) = [row for row in own if row["kind"] == f"A_{step + 1}"]
                assert row["input"] == ""
                assert float(row["output"]) == pytest.approx(curve.alphas[step, number], abs=1e-6)
            line = [row for row in own if row["kind"] == "curve"]
            inputs = [float(row["input"]) for row in line]
            outputs = [float(row["output"]) for row in line]
            np.testing.assert_allclose(inputs, curve.inputs, rtol=0, atol=1e-6)
            np.testing.assert_allclose(outputs, curve.outputs[number], rtol=0, atol=1e-6)


def test_a_table_of_no_curves_is_its_head():
    assert as_csv([], ["grey"]) == "pixel,channel,kind,input,output\n"
