"""The loop of translators: what is drawn, how fast they learn, and steps with known answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.gan_losses import gan_loss
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.training.loop import Diverged
from napari_zerodce.training.translation.config import TranslationConfig
from napari_zerodce.training.translation.configure import configure
from napari_zerodce.training.translation.crops import TranslationCrops
from napari_zerodce.training.translation.loop import (
    as_picture,
    draw,
    learning_rate,
    start,
    train,
    train_translator,
)

MakeCrops = Callable[..., TranslationCrops]
METHODS = ("pix2pix", "cyclegan", "cut", "fastcut")


def tiny(method: str, **changes: float) -> TranslationConfig:
    return configure(method, **{"crop": 32, "features": 2, "blocks": 1, "steps": 3, **changes})


def weights_of(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([each.detach().flatten() for each in network.parameters()])


def dropouts(network: torch.nn.Module) -> int:
    return sum(isinstance(each, torch.nn.Dropout) for each in network.modules())


@pytest.mark.parametrize(("method", "expected"), [("pix2pix", 2), ("cyclegan", 0)])
def test_pix2pix_trains_a_loaded_unet_with_the_dropout_of_a_new_one(
    method: str, expected: int
) -> None:
    """The official U-Net of 7 halvings drops features in two of its levels."""
    design = GeneratorDesign("unet", 3, 3, 2, depth=7, norm="batch")
    loaded = make_generator(design)
    config = configure(method, "small", loaded=design)
    state = start(config, loaded=loaded)
    assert dropouts(state.generator) == expected
    assert dropouts(make_generator(replace(design, dropout=True))) == 2
    assert torch.equal(weights_of(state.generator), weights_of(loaded))
    assert state.generator.design.dropout == (expected > 0)


# ---- the data of a step


def test_pictures_reach_from_minus_one_to_one() -> None:
    crop = np.array([[[0, 65535]]], np.uint16)
    assert as_picture(crop).tolist() == [[[[-1, 1]]]]


def test_pairs_are_mirrored_together(make_crops: MakeCrops) -> None:
    crops = make_crops()
    seen = set()
    for seed in range(40):
        source, target = draw(crops, np.random.default_rng(seed), paired=True)
        light = (source + 1) / 2
        assert torch.allclose((target + 1) / 2 * 0.3, light, atol=2e-5)
        seen.add(light.numpy().tobytes())
    assert len(seen) == 8, "four scenes, each also mirrored"


def test_sets_are_drawn_independently(make_crops: MakeCrops) -> None:
    crops = make_crops()
    drawn = [draw(crops, np.random.default_rng(seed), paired=False) for seed in range(20)]
    assert any(not torch.allclose((b + 1) * 0.3, a + 1, atol=1e-3) for a, b in drawn)


@pytest.mark.parametrize(("method", "falls"), [("cut", 50), ("pix2pix", 50), ("fastcut", 75)])
def test_learning_rate_is_constant_then_falls_to_zero(method: str, falls: int) -> None:
    config = configure(method, steps=100, learning_rate=1e-3)
    assert [learning_rate(config, step) for step in (0, falls)] == [1e-3, 1e-3]
    assert learning_rate(config, (100 + falls) // 2) == pytest.approx(5e-4, rel=0.05)
    assert learning_rate(config, 100) == 0
    assert learning_rate(config, 99) > 0


# ---- steps


@pytest.mark.parametrize("method", METHODS)
def test_every_network_learns(make_crops: MakeCrops, method: str) -> None:
    state = start(tiny(method))
    before = {name: weights_of(each) for name, each in state.trainer.networks.items()}
    train(state, make_crops(), until=1)
    for name, network in state.trainer.networks.items():
        assert not torch.equal(weights_of(network), before[name]), name


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_weights(make_crops: MakeCrops, method: str) -> None:
    one, other, third = (
        train_translator(tiny(method, seed=seed), make_crops()) for seed in (1, 1, 2)
    )
    assert torch.equal(weights_of(one.generator), weights_of(other.generator))
    assert not torch.equal(weights_of(one.generator), weights_of(third.generator))


@pytest.mark.parametrize(
    ("method", "changes", "crops", "sentence"),
    [
        ("pix2pix", {}, {"side": 48}, r"The sources have shape \(4, 3, 48, 48\), .* 3, 32, 32\)"),
        (
            "cut",
            {"inputs": 1, "outputs": 1},
            {},
            r"The sources have shape .* \(number, 1, 32, 32\)",
        ),
        ("pix2pix", {"outputs": 1}, {}, r"The targets have shape .* \(number, 1, 32, 32\)"),
        ("cut", {"outputs": 1}, {"outputs": 1}, "and CUT compares them"),
        ("cut", {}, {"count": 0}, "The sources are empty"),
    ],
)
def test_crops_that_do_not_fit_the_settings(
    make_crops: MakeCrops, method: str, changes: Any, crops: Any, sentence: str
) -> None:
    with pytest.raises(RequestError, match=sentence):
        train_translator(tiny(method, **changes), make_crops(**crops))


def test_pairs_are_as_many_sources_as_targets(make_crops: MakeCrops) -> None:
    crops = make_crops()
    with pytest.raises(RequestError, match="There are 4 sources and 3 targets, and pix2pix needs"):
        train_translator(tiny("pix2pix"), replace(crops, targets=crops.targets[1:]))


@pytest.mark.parametrize(
    ("method", "design", "sentence"),
    [
        ("cut", GeneratorDesign("resnet", features=3, depth=1), "has 3 features, and 2 were"),
        ("cut", GeneratorDesign("unet", features=2, depth=5), "CUT compares features of a ResNet"),
        ("pix2pix", GeneratorDesign("unet", features=2, depth=6), "The crop size is 32 px, and"),
    ],
)
def test_a_loaded_generator_that_does_not_fit_the_settings(
    make_crops: MakeCrops, method: str, design: GeneratorDesign, sentence: str
) -> None:
    with pytest.raises(RequestError, match=sentence):
        train_translator(tiny(method), make_crops(), loaded=make_generator(design))


def test_the_first_losses_of_pix2pix(make_crops: MakeCrops) -> None:
    """The discriminator is updated first: the generator's loss is of the new one."""
    crops, config = make_crops(), tiny("pix2pix", l1=7.0, gan=3.0)
    state, reports = start(config), []
    judge, made = _first_pix2pix(config, crops)
    train(state, crops, until=1, report=reports.append)
    terms = reports[0].terms
    assert reports[0].total == pytest.approx(terms["gan"] + terms["l1"])
    _, target = draw(crops, np.random.default_rng((config.seed, 0)), paired=True)
    # Dropout draws from the step's own seed, so that only its expectation is known here.
    assert terms["l1"] == pytest.approx(7 * float((made - target).abs().mean()), rel=0.2)
    assert terms["discriminator"] == pytest.approx(judge, rel=0.2)


def _first_pix2pix(
    config: TranslationConfig, crops: TranslationCrops
) -> tuple[float, torch.Tensor]:
    state = start(config)
    source, target = draw(crops, np.random.default_rng((config.seed, 0)), paired=True)
    with torch.no_grad():
        made = state.generator(source)
        judge = state.trainer.networks["D"]
        losses = [
            gan_loss(judge(torch.cat((source, picture), 1)), real=real, mode="vanilla")
            for picture, real in ((made, False), (target, True))
        ]
    return float(sum(losses) / 2), made


def test_cyclegan_without_identity_has_no_such_loss(make_crops: MakeCrops) -> None:
    reports = []
    crops = make_crops(inputs=1, outputs=3)
    config = tiny("cyclegan", identity=0, inputs=1, outputs=3, steps=1)
    train_translator(config, crops, report=reports.append)
    assert set(reports[0].terms) == {"gan", "cycle", "discriminator"}


def test_learns_a_pair_by_heart(make_crops: MakeCrops) -> None:
    reports = []
    crops = make_crops(count=1)
    config = tiny("pix2pix", features=8, steps=80, learning_rate=2e-3, gan=0.0)
    train_translator(config, crops, report=reports.append)
    losses = [report.terms["l1"] for report in reports]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 3


# ---- ends


def test_a_loss_that_is_not_finite_ends_the_training(
    make_crops: MakeCrops, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = start(tiny("cut"))
    broken = {"gan": torch.tensor(float("nan")), "nce": torch.tensor(1.0)}
    monkeypatch.setattr(state.trainer, "step", lambda *_, **__: broken)
    with pytest.raises(Diverged, match="diverged at step 1"):
        train(state, make_crops())
    assert state.step == 0


def test_a_stop_comes_before_the_next_step(make_crops: MakeCrops) -> None:
    state, asked = start(tiny("cut")), iter([False, True])
    with pytest.raises(Cancelled):
        train(state, make_crops(), should_stop=lambda: next(asked))
    assert state.step == 1
