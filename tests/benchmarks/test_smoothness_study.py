"""The arms of the smoothness study, its pictures, trainings and verdicts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from smoothness import training
from smoothness.arms import ARMS, CONTROLS, FULL, JUDGED, NETWORKS, Effort, Unit, config_for, units
from smoothness.measuring import measure_edge, measure_scene
from smoothness.method import load_method
from smoothness.montage import montage
from smoothness.pictures import Photographs, encoded, rounded
from smoothness.report import idea, report
from smoothness.scenes import scene, step_edges
from smoothness.statistics import CLAIMS, Change, change, change_at_equal_range, is_better
from smoothness.training import train_unit, weights_file
from torch import Tensor, nn

from napari_zerodce.training.exposures import encode_srgb

TINY = Effort(steps=3, crop=16, batch=2, seeds=1, pictures=2)


@pytest.fixture
def photographs() -> Photographs:
    generator = np.random.default_rng(0)
    sizes = [generator.random((side, side + 8, 3)).astype(np.float16) for side in (64, 32)]
    return Photographs([sizes], 0.5)


def test_arms_differ_in_the_smoothness_loss_only() -> None:
    for network in NETWORKS:
        paper = config_for(Unit("order-1", network, 1), FULL)
        assert paper.weights.smoothness == {"zero-dce": 200, "zero-dce-pp": 1600}[network]
        for arm in ARMS:
            config = config_for(Unit(arm, network, 1), FULL)
            weights = config.weights.model_copy(update={"smoothness": 0})
            same = {"smoothness": paper.smoothness, "weights": weights}
            assert config.model_copy(update=same) == paper.model_copy(update={"weights": weights})
    strengths = [ARMS[name].strength for name in CONTROLS]
    assert strengths == [1, 0.1, 10]
    assert set(JUDGED) < set(ARMS)
    assert len(units(FULL, tuple(ARMS))) == len(ARMS) * 3 * 2


def test_every_arm_sees_the_same_crops_in_the_same_order(
    photographs: Photographs, tmp_path: Path
) -> None:
    seen: dict[str, list[np.ndarray]] = {}
    for arm in ("none", "order-3-period"):

        def recorded(generator: np.random.Generator, *, count: int, side: int, arm: str = arm):
            batch = photographs(generator, count=count, side=side)
            seen.setdefault(arm, []).append(batch.images)
            return batch

        unit = Unit(arm, "zero-dce-pp", 0)
        train_unit(unit, TINY, tmp_path, recorded, device="cpu", deadline=np.inf)
    assert np.array_equal(seen["none"], seen["order-3-period"])
    assert not np.array_equal(seen["none"][0], seen["none"][1])


def test_photographs_are_what_a_camera_gives(photographs: Photographs) -> None:
    images = photographs(np.random.default_rng(1), count=8, side=32).images
    assert (images.shape, images.dtype) == ((8, 3, 32, 32), np.float32)
    assert 0 <= images.min() <= images.max() <= 1
    light = np.linspace(-0.2, 1.2, 1001, dtype=np.float32)
    # Half a level of linear light, 1 / 131,070, has the slope 12.92 near black.
    assert np.abs(encoded(light) - encode_srgb(light)).max() < 1e-4


def test_packed_light_is_accurate_to_half_a_per_cent() -> None:
    light = np.geomspace(1e-3, 100, 999).astype(np.float32).reshape(-1, 3, 3)
    assert np.abs(rounded(light) / light - 1).max() < 0.0045
    assert rounded(np.zeros((1, 1, 3), np.float32)).max() == 0


def test_a_stopped_training_continues_and_a_done_one_is_skipped(
    photographs: Photographs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = Unit("mixed", "zero-dce-pp", 0)
    monkeypatch.setattr(training, "SAVED_EACH", 1)
    while not training.is_trained(tmp_path / "broken", unit):
        train_unit(unit, TINY, tmp_path / "broken", photographs, device="cpu", deadline=0)
    train_unit(unit, TINY, tmp_path / "whole", photographs, device="cpu", deadline=np.inf)
    networks = [
        load_method(weights_file(tmp_path / name, unit), unit.network, unit.arm, "cpu").network
        for name in ("broken", "whole")
    ]
    for one, other in zip(*(network.parameters() for network in networks), strict=True):
        assert np.array_equal(one.detach(), other.detach())
    assert not (tmp_path / "broken/states" / unit.name).exists()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("arm", ["order-1", "maps-smoothed", "constant-maps", "detail-limit-2"])
def test_a_unit_is_measured_at_matched_brightness(
    network: str, arm: str, photographs: Photographs, tmp_path: Path
) -> None:
    unit = Unit("order-1", network, 0)
    train_unit(unit, TINY, tmp_path, photographs, device="cpu", deadline=np.inf)
    method = load_method(weights_file(tmp_path, unit), network, arm, "cpu")
    # Maps of a network that is hardly trained are nearly zero, and may darken.
    method.network.e_conv7 = Brightening(method.network.e_conv7)
    light = np.random.default_rng(0).random((48, 72, 3), np.float32) ** 2
    values, result = measure_scene(method, scene(light, 0))
    assert result.mean() == pytest.approx(scene(light, 0).clean.mean(), abs=0.01)
    assert values["range"] >= 0
    assert ("facets" in values) == (network == "zero-dce-pp")
    if arm == "constant-maps":
        assert values["range"] == pytest.approx(0, abs=1e-3)
        assert measure_edge(method, step_edges()[0])["halo"] == pytest.approx(0, abs=0.1)


class Brightening(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: Tensor) -> Tensor:
        return self.layer(features) - 0.3


def test_a_change_is_relative_and_paired() -> None:
    other = np.array([[10.0, 20.0, 30.0], [20.0, 30.0, 40.0]])
    found = change(0.9 * other, other)
    assert (found.value, found.low, found.high) == pytest.approx((-0.1, -0.1, -0.1))
    assert str(found) == "-10.0 (-10.0 to -10.0)"
    wide = change(other + np.array([[0, 9, -9], [-9, 9, 0]]), other)
    assert wide.low < wide.value < wide.high
    nothing = change(other, np.zeros_like(other))
    assert np.isnan(nothing.low), "no change of nothing is known"


def test_a_change_at_equal_range_compares_with_the_same_strength() -> None:
    ranges = {"order-1-tenth": 16.0, "order-1": 4.0, "order-1-ten-times": 1.0, "arm": 8.0}
    spots = {
        "order-1-tenth": 40.0,
        "order-1": 20.0,
        "order-1-ten-times": 10.0,
        "arm": 0.9 * 800**0.5,
    }

    def known(arm: str, measure: str) -> np.ndarray:
        return np.full((3, 5), {"range": ranges, "spots": spots}[measure][arm])

    # A range of 8 is half way from 4 to 16 in logarithms, and so is the root of 20 times 40.
    found = change_at_equal_range("arm", "spots", known)
    assert (found.value, found.low, found.high) == pytest.approx((-0.1, -0.1, -0.1))
    ranges["arm"] = 0.0
    assert change_at_equal_range("arm", "spots", known).value == pytest.approx(0.09 * 800**0.5 - 1)


def tables(arm: str, measure: str) -> np.ndarray:
    values = {
        ("blurred", "texture"): 0.9,
        ("haloed", "real halo"): -3.0,
        ("constant", "range"): 0.1,
    }
    return np.full((3, 4), values.get((arm, measure), 1.0))


def test_better_means_against_every_control_and_with_detail_kept() -> None:
    spots = CLAIMS[0]
    clear = dict.fromkeys(CONTROLS, Change(-0.08, -0.10, -0.06))
    assert is_better(spots, "sharp", clear, tables)
    assert not is_better(spots, "blurred", clear, tables), "blurring cannot win"
    for weak in (
        Change(-0.04, -0.05, -0.03),
        Change(-0.08, -0.2, 0.01),
        Change(-0.08, np.nan, np.nan),
    ):
        assert not is_better(spots, "sharp", {**clear, CONTROLS[2]: weak}, tables)
    halo = next(claim for claim in CLAIMS if claim.measure == "halo")
    strong = {name: replace(one, value=-0.2) for name, one in clear.items()}
    assert is_better(halo, "sharp", strong, tables)
    assert not is_better(halo, "haloed", strong, tables)
    assert not is_better(halo, "constant", strong, tables), "nothing adapts, nothing has a halo"
    assert is_better(spots, "constant", clear, tables)


def test_the_idea_needs_one_arm_for_both_networks() -> None:
    assert idea([{"mixed"}, {"mixed", "order-2-noise"}]) == "holds"
    assert idea([{"mixed"}, {"order-2-noise"}]) == "holds in part"
    assert idea([set(), set()]) == "does not hold"
    assert idea([{"mixed"}]) == "holds in part", "one network is not both"


def test_the_report_leaves_out_pictures_that_one_arm_cannot_match(tmp_path: Path) -> None:
    row = {"strength": 1.0, "spots": 100.0, "map noise": 1.0, "edges": 0.9, "texture": 1.0}
    row |= {"real halo": 0.0, "ramp": 50.0, "range": 3.0, "PSNR": 20.0, "SSIM": 0.8}
    row |= {f"spots {scale}": 25.0 for scale in (0.8, 1.2, 1.8, 2.7)}
    (tmp_path / "measures").mkdir()
    for number, arm in enumerate((*CONTROLS, "mixed")):
        fewer = {**row, "spots": 50.0} if arm == "mixed" else row
        second = {"strength": np.nan} if number == 1 else fewer
        content = {"pictures": {"0": fewer, "1": second}, "edges": {"0": {"halo": 5.0}}}
        path = tmp_path / "measures" / f"zero-dce.{arm}.0.json"
        path.write_text(json.dumps(content))
    (tmp_path / "measures/zero-dce.none.0.json").write_text('{"diverged": true}')
    text = report(tmp_path)
    assert "1 of 2 pictures" in text
    assert "Diverged: none, seed 0" in text
    assert "| `mixed` | -50.0 (-50.0 to -50.0) |" in text
    assert "- spots: zero-dce: mixed" in text
    assert "holds in part" in text


def test_a_montage_of_nothing_is_white(tmp_path: Path) -> None:
    assert montage(tmp_path).getpixel((200, 200)) == (255, 255, 255)
