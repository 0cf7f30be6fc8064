"""The numbers beside a result are those of statistics books, and of cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from napari_zerodce.engine import fidelity as fidelity_module
from napari_zerodce.engine.fidelity import Fidelity, measure_fidelity
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.maps import fill_maps, in_memory
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import View, estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.imaging.intensity import Window, WindowChoice, normalise


def view_of(image, window, **settings):
    request = EnhanceRequest(
        image=image,
        channels="mono",
        settings=EnhanceSettings(
            device="cpu", precision="float32", window=WindowChoice("range", *window), **settings
        ),
    )
    return estimate_view(request, Viewport(slice(0, image.shape[0]), slice(0, image.shape[1])))


def view_with(image, window, alpha):
    """A view of an image whose curves are all the same, with the one parameter given."""
    unit = torch.from_numpy(normalise(image, Window(*window)))[None, None]
    return View(
        viewport=Viewport(slice(0, image.shape[0]), slice(0, image.shape[1])),
        channels="mono", samples=image, unit=unit, base=unit,
        alphas=torch.full((1, 1, 1, *image.shape), alpha).expand(-1, 8, -1, -1, -1),
        window=Window(*window), checkpoint=None, device="cpu", precision="float32",
    )  # fmt: skip


def random_image(dtype, *shape):
    values = np.random.default_rng(0).random(shape) ** 2
    return (values * (1 if np.dtype(dtype).kind == "f" else 250)).astype(dtype)


@pytest.mark.parametrize("look", [Look(), Look(2, exposure=-3), Look(detail_gain_limit=0)])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_the_rank_correlation_is_spearmans(dtype, look):
    image = random_image(dtype, 40, 50)
    view = view_of(image, (0, 1) if dtype == "f4" else (0, 250))
    rendered = view.render(look)
    expected = spearmanr(image.ravel(), rendered.ravel()).statistic
    assert expected < 0.99999
    assert measure_fidelity(view, look, rendered).rank_correlation == pytest.approx(
        expected, abs=1e-9
    )


def test_nan_and_infinities_have_no_rank():
    image = random_image("f4", 40, 50)
    image[::3, ::5] = np.nan
    image[1, 1] = np.inf
    view = view_of(image, (0.1, 0.8))
    rendered = view.render(Look())
    finite = np.isfinite(image)
    trust = measure_fidelity(view, Look(), rendered)
    expected = spearmanr(image[finite], rendered[finite]).statistic
    assert trust.rank_correlation == pytest.approx(expected, abs=1e-9)
    outside = ~((image >= 0.1) & (image <= 0.8))
    assert trust.unchanged == pytest.approx(outside.mean())
    assert trust.unchanged > (~finite).mean() > 0


def test_by_hand():
    # Window 0 to 100; 200 and the two NaN lie outside.
    image = np.array([[10, 20, 30, 40], [50, np.nan, np.nan, 200]], np.float32)
    view = view_with(image, (0, 100), 0.0)
    rendered = image.copy()
    rendered[0, :2] = 20, 10  # swapped: 1 - 6 * 2 / (6 * 35)
    trust = measure_fidelity(view, Look(), rendered)
    assert trust.rank_correlation == pytest.approx(1 - 12 / 210)
    assert trust == Fidelity(trust.rank_correlation, 0.0, 3 / 8, 1.0)


def test_clipped_is_what_became_black_or_white_and_was_not():
    image = np.array([[0, 50, 60, 100], [10, 90, 120, 70]], np.uint8)
    view = view_with(image, (0, 100), 0.0)
    rendered = np.array([[0, 100, 0, 100], [10, 99, 120, 1]], np.uint8)
    trust = measure_fidelity(view, Look(), rendered)
    assert trust.clipped == 2 / 8  # 50 and 60; neither 0, 100, nor 120, which lies outside
    assert trust.unchanged == 1 / 8


@pytest.mark.parametrize("alpha", [-1.0, 0.0, 0.5, 1.0])
def test_the_noise_gain_is_the_median_slope_with_one_outside(alpha):
    # Black in the window, slope (1 + A)^8; more than half of the pixels.
    image = np.zeros((3, 3), np.float32)
    image[0, :2] = 5, np.nan
    trust = measure_fidelity(view_with(image, (0, 1), alpha), Look(), image)
    assert trust.noise_gain == pytest.approx((1 + alpha) ** 8)
    assert trust.unchanged == pytest.approx(2 / 9)
    image[1:] = 5
    assert measure_fidelity(view_with(image, (0, 1), alpha), Look(), image).noise_gain == 1


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_the_noise_gain_is_that_of_the_maps(checkpoint):
    image = random_image("u1", 40, 50)
    view = view_of(image, (5, 200), checkpoint=checkpoint)
    request = EnhanceRequest(
        image=image,
        channels="mono",
        settings=EnhanceSettings(
            device="cpu",
            precision="float32",
            checkpoint=checkpoint,
            window=WindowChoice("range", 5, 200),
        ),
    )
    slopes = fill_maps(request, "noise-gain", in_memory)
    for iterations in (3, 8):
        look = Look(iterations=iterations)
        found = measure_fidelity(view, look, view.render(look)).noise_gain
        assert found == pytest.approx(np.median(slopes[iterations - 1]), rel=1e-5)


def test_one_curve_for_all_keeps_the_order():
    image = random_image("f4", 40, 50)
    view = view_of(image, (0, 1))
    for look, kept in ((Look(global_curve=True), True), (Look(), False)):
        trust = measure_fidelity(view, look, view.render(look))
        assert (trust.rank_correlation == pytest.approx(1, abs=1e-12)) == kept
        assert trust.clipped == 0


def test_the_original_is_fully_trusted():
    image = random_image("u1", 40, 50)
    view = view_of(image, (0, 255))
    trust = measure_fidelity(view, Look(strength=0), view.render(Look(strength=0)))
    assert (trust.clipped, trust.unchanged, trust.noise_gain) == (0, 0, 1)
    assert trust.rank_correlation == pytest.approx(1)


@pytest.mark.parametrize(
    "image",
    [
        np.full((1, 1), 7, np.uint8),
        np.full((9, 9), 7, np.uint8),
        np.zeros((9, 9), np.uint8),
        np.full((9, 9), np.nan, np.float32),
    ],
)
def test_where_all_is_equal_there_is_no_correlation(image):
    view = view_of(image, (0, 100))
    trust = measure_fidelity(view, Look(), view.render(Look()))
    assert np.isnan(trust.rank_correlation)
    assert trust.describe().startswith("Rank correlation in-out - ·")
    assert trust.unchanged == np.isnan(image).mean()


def test_of_many_pixels_every_few_are_looked_at(monkeypatch):
    image = random_image("u2", 60, 90)
    view = view_of(image, (0, 250))
    rendered = view.render(Look())
    monkeypatch.setattr(fidelity_module, "_MOST_PIXELS", 700)  # every third row and column
    few = measure_fidelity(view, Look(), rendered)
    expected = spearmanr(image[::3, ::3].ravel(), rendered[::3, ::3].ravel()).statistic
    assert few.rank_correlation == pytest.approx(expected, abs=1e-9)
    shared = measure_fidelity(view, Look(global_curve=True), view.render(Look(global_curve=True)))
    assert shared.rank_correlation > few.rank_correlation


def test_the_line_a_user_reads():
    line = Fidelity(0.99876, 0.00123, 0.5, 3.456).describe()
    assert line == (
        "Rank correlation in-out 0.9988 · clipped 0.12% · outside the window, unchanged 50.00% "
        "· median noise gain x3.46"
    )
