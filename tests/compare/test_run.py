"""A comparison: one window for all, failures in their place, and the figures of what is shown."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.compare.candidates import (
    ALL_BASELINES,
    SOURCE,
    BaselineCandidate,
    CheckpointCandidate,
)
from napari_zerodce.compare.figures import measure
from napari_zerodce.compare.run import compare
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.engine import memory
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window, WindowChoice

PP = CheckpointCandidate("zero-dce-pp")
GAMMA = BaselineCandidate("gamma", 0.5)


def test_source_comes_first_once(samples, make_request) -> None:
    image = samples(20, 24)
    for candidates in ([GAMMA], [GAMMA, SOURCE]):
        found = compare(make_request(image), candidates).compared
        assert [each.title for each in found] == ["source", "gamma 0.5"]
    np.testing.assert_array_equal(found[0].image, image)
    assert found[0].seconds is None


def test_checkpoint_gives_what_enhance_gives_in_the_shared_window(samples, make_request) -> None:
    stack = samples(3, 20, 24, dtype="u2", largest=4000)
    request = make_request(stack, scope=Scope.plane(layout_of(stack), (1,)))
    comparison = compare(request, [PP])
    (_, compared) = comparison.compared
    whole = enhance(replace(make_request(stack), settings=replace(
        request.settings, checkpoint="zero-dce-pp"
    )))  # fmt: skip
    np.testing.assert_array_equal(compared.image, whole.image[1])
    assert comparison.contrast_limits == (whole.window.low, whole.window.high)
    assert compared.provenance.checkpoint == "zero-dce-pp"
    assert compared.seconds > 0


def test_window_serves_all(make_request, samples) -> None:
    image = samples(20, 24, dtype="u2", largest=4000)
    comparison = compare(make_request(image, window="500,3000"), [PP, *ALL_BASELINES[:2]])
    outside = (image < 500) | (image > 3000)
    assert outside.any()
    for each in comparison.compared:
        assert each.image.dtype == image.dtype
        np.testing.assert_array_equal(each.image[outside], image[outside])
        inside = each.image[~outside]
        assert inside.min() >= 500
        assert inside.max() <= 3000


def test_gamma_by_hand(make_request) -> None:
    image = np.array([[0, 64, 100, 144, 255]] * 3, np.uint8)
    (_, compared) = compare(make_request(image, window="0,256"), [GAMMA]).compared
    np.testing.assert_array_equal(
        compared.image[0], [0, 128, 160, 192, 256 * (255 / 256) ** 0.5 // 1]
    )


def test_figures_are_those_of_the_image(samples, make_request) -> None:
    image, reference = samples(20, 24), samples(20, 24, seed=1)
    comparison = compare(
        make_request(image, window="dtype"), [GAMMA],
        reference=make_request(reference, window="dtype"),
    )  # fmt: skip
    for each in comparison.compared:
        expected = measure(*((part / np.float32(255)) for part in (each.image, image, reference)))
        assert vars(each.figures) == pytest.approx(vars(expected), rel=1e-4)
    assert comparison.notices == ()


def test_reference_has_a_window_of_its_own(samples, make_request) -> None:
    image = samples(20, 24)
    brighter = 100 * image.astype(np.uint16) + 50
    comparison = compare(
        make_request(image, window="minmax"), [BaselineCandidate("histogram")],
        reference=make_request(brighter, window="minmax"),
    )  # fmt: skip
    assert comparison.reference.window == Window(int(brighter.min()), int(brighter.max()))
    source, matched = comparison.compared
    assert source.figures.ssim == matched.figures.ssim == pytest.approx(1)
    np.testing.assert_array_equal(matched.image, image)


def test_failures_stand_in_their_place(samples, make_request, tmp_path) -> None:
    (tmp_path / "bad.pth").write_bytes(b"no weights")
    candidates = [CheckpointCandidate("nothing"), CheckpointCandidate(tmp_path / "bad.pth"), GAMMA,
                  BaselineCandidate("histogram")]  # fmt: skip
    found = compare(make_request(samples(20, 24)), candidates).compared
    assert [bool(each.problem) for each in found] == [False, True, True, False, True]
    assert "There is no checkpoint 'nothing'" in found[1].problem
    for each in found:
        assert (each.image is None) == (each.figures is None) == bool(each.problem)


def test_too_little_memory_is_told(samples, make_request, monkeypatch) -> None:
    def full(*_):
        raise MemoryError

    monkeypatch.setattr("napari_zerodce.compare.run.apply_baseline", full)
    assert "more memory" in compare(make_request(samples(9, 9)), [GAMMA]).compared[1].problem


def test_baseline_without_room_is_left_out(samples, make_request) -> None:
    image = samples(100, 100)  # the comparison needs 40 bytes a pixel and 3 for images, CLAHE 65
    memory.set_budget(43 * image.size)
    try:
        _, gamma, clahe = compare(make_request(image), ALL_BASELINES[:2]).compared
        assert not gamma.problem
        assert clahe.problem.startswith("CLAHE needs")
        memory.set_budget(43 * image.size - 1)
        with pytest.raises(ImageError, match="compare on a smaller part"):
            compare(make_request(image), ALL_BASELINES[:2])
    finally:
        memory.set_budget(None)


@pytest.mark.parametrize(
    ("shape", "channels"), [((20, 25), "mono"), ((20, 24, 3), "rgb"), ((5, 6, 4), "rgba")]
)
def test_reference_of_another_size_or_kind_is_told(samples, make_request, shape, channels) -> None:
    reference = make_request(samples(*shape), channels)
    comparison = compare(make_request(samples(20, 24)), [GAMMA], reference=reference)
    assert "SSIM and PSNR are left out: the image is 24 x 20 pixels, mono" in comparison.notices[0]
    assert all(each.figures.ssim is None for each in comparison.compared)


def test_alpha_of_image_and_reference_does_not_matter(samples, make_request) -> None:
    opaque, image = samples(20, 24, 3), samples(20, 24, 4)
    comparison = compare(
        make_request(image, "rgba"), [PP, *ALL_BASELINES], reference=make_request(opaque, "rgb")
    )
    for each in comparison.compared:
        assert not each.problem
        assert each.figures.ssim is not None
        np.testing.assert_array_equal(each.image[..., 3], image[..., 3])


def test_region_of_an_image(samples, make_request) -> None:
    image = samples(20, 24, 3)
    request = make_request(image, "rgb", scope=Scope((), (3, 12), (5, 17)))
    for each in compare(request, [PP, GAMMA]).compared:
        assert each.image.shape == (9, 12, 3)


def test_automatic_checkpoint_says_why(samples, make_request) -> None:
    compared = compare(make_request(samples(20, 24, 3), "rgb"), [CheckpointCandidate("auto")])
    assert compared.compared[1].about == "photo weights, because the image is in colour"


def test_each_candidate_may_have_a_look(samples, make_request) -> None:
    nothing = Look(strength=0)
    image = samples(20, 24)
    loaded = load_checkpoint("zero-dce-pp")
    candidates = [CheckpointCandidate(loaded), CheckpointCandidate(loaded, nothing)]
    source, usual, unchanged = compare(make_request(image), candidates).compared
    np.testing.assert_array_equal(unchanged.image, source.image)
    assert (usual.image != source.image).any()


def test_progress_never_falls_and_ends_at_1(samples, make_request) -> None:
    seen = []
    compare(make_request(samples(20, 24)), [PP, GAMMA], report=seen.append)
    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert any(each.message.startswith("zero-dce-pp: ") for each in seen)


def test_stop_between_candidates(samples, make_request) -> None:
    seen = []

    def stopped() -> bool:
        return any("gamma" in each.message for each in seen)

    with pytest.raises(Cancelled):
        compare(make_request(samples(20, 24)), [GAMMA, PP], report=seen.append, should_stop=stopped)
    assert not any("zero-dce" in each.message for each in seen)


def test_invalid_image_is_refused(samples, make_request) -> None:
    with pytest.raises(ImageError):
        compare(make_request(samples(20, 24) > 5), [GAMMA])


def test_nan_stays_where_it_was(make_request, samples) -> None:
    image = samples(20, 24).astype(np.float32)
    image[3:5, 4:6] = np.nan
    comparison = compare(make_request(image), [PP, *ALL_BASELINES], reference=make_request(image))
    for each in comparison.compared:
        np.testing.assert_array_equal(np.isnan(each.image), np.isnan(image))
        assert np.isfinite(each.figures.brightness)


def test_choice_of_window_may_name_each_channel(samples, make_request) -> None:
    channels = np.stack([samples(20, 24), samples(20, 24)])
    request = make_request(channels, channel_axis=0, scope=Scope.plane(layout_of(channels), (1,)))
    choice = WindowChoice.parse("0,50;10,90")
    request = replace(request, settings=replace(request.settings, window=choice))
    comparison = compare(request, [PP, GAMMA])
    assert comparison.contrast_limits == (10, 90)
    assert not any(each.problem for each in comparison.compared)
    assert json.dumps(comparison.compared[1].provenance.as_dict())


@pytest.mark.parametrize(
    "design",
    [GeneratorDesign("resnet", features=4, depth=1), GeneratorDesign("unet", features=4, depth=5)],
    ids=["resnet", "unet"],
)
def test_translators_are_candidates_without_a_look(design, samples, make_request, tmp_path) -> None:
    path = tmp_path / "latest_net_G.pth"
    torch.save(make_generator(design).state_dict(), path)
    request = make_request(samples(40, 50, 3), "rgb")
    settings = replace(request.settings, look=Look(strength=1.5), tile=32)
    candidates = [CheckpointCandidate(path), PP]
    found = compare(replace(request, settings=settings), candidates).compared
    assert [each.problem for each in found] == ["", "", ""]
    assert found[1].about.startswith(("CycleGAN, ResNet", "pix2pix, U-Net"))
    assert found[1].image.shape == (40, 50, 3)
    assert found[2].provenance.look == Look(strength=1.5)


def test_translator_of_other_channels_is_told(samples, make_request, tmp_path) -> None:
    path = tmp_path / "latest_net_G.pth"
    design = GeneratorDesign("resnet", inputs=5, outputs=5, features=4, depth=1)
    torch.save(make_generator(design).state_dict(), path)
    _, translated, gamma = compare(
        make_request(samples(40, 50)), [CheckpointCandidate(path), GAMMA]
    ).compared
    assert "5" in translated.problem
    assert not gamma.problem
