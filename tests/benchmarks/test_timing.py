"""The arithmetic of the limits by hand, turns, and the published equations."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pytest
import torch
from growth import Cost, shapes_of
from timing import turns
from timing.measured_limits import BUS, COPY, PRODUCT, LimitContenders
from timing.photos import parsed_size, photo_for
from timing.published import from_8_to_8_bits, model_file, plain
from timing.work import Limits, Work, work_of

from napari_zerodce import enhance
from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine.look import AS_PUBLISHED


@pytest.mark.parametrize("name", ["zero-dce", "zero-dce-pp"])
def test_operations_are_two_for_each_weight_and_those_of_the_curves(name: str) -> None:
    checkpoint = load_checkpoint(name)
    weights = sum(
        values.numel() for values in checkpoint.network.state_dict().values() if values.ndim == 4
    )
    scale = checkpoint.info.scale_factor
    work = work_of(name, scale)
    assert work.operations == pytest.approx(2 * weights / scale**2 + 96)


def test_numbers_that_zero_dce_moves_by_hand() -> None:
    # 3 + 32, three times 32 + 32, twice 64 + 32, 64 + 24; and 24 maps that the curves read.
    assert work_of("zero-dce", 1).numbers == 35 + 192 + 192 + 88 + 24


def test_the_narrowest_way_is_the_limit() -> None:
    work = Work(operations=100, numbers=10, bus=3)
    assert Limits(1000, 1e9).seconds(work, 20) == pytest.approx(2)
    assert Limits(1e9, 100).seconds(work, 5, bytes_of_number=2) == pytest.approx(5 * 26 / 100)
    assert Limits(1e9, 100).seconds(work, 5) == pytest.approx(5 * 6 / 100)
    assert Limits(1e9, 1e9, bus=6).seconds(work, 4) == pytest.approx(2)


def test_rates_follow_from_seconds() -> None:
    machine = LimitContenders(side=4, copied=100)
    for contender in machine.contenders().values():
        contender()
    limits = machine.limits({PRODUCT: 0.5, COPY: 2.0, BUS: 4.0})
    assert (limits.operations, limits.memory, limits.bus) == (256, 100, 25)


def test_contenders_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, order = [0.0], []
    monkeypatch.setattr(turns.time, "perf_counter", lambda: clock[0])

    def taking(name: str, seconds: list[float]) -> turns.Contender:
        def run() -> None:
            order.append(name)
            clock[0] += seconds.pop(0)

        return run

    contenders = {"a": taking("a", [9, 1, 2, 7]), "b": taking("b", [9, 5, 5, 5])}
    assert turns.medians(contenders, 3) == {"a": 2, "b": 5}
    assert order == ["a", "b"] + ["a", "b"] * 3


def test_a_size_is_width_and_height() -> None:
    assert parsed_size("640x480") == (480, 640)
    for text in ("640", "640x", "640x480x3", "-640x480", "0x480", "wide"):
        with pytest.raises(ArgumentTypeError, match="give WIDTHxHEIGHT"):
            parsed_size(text)


@pytest.mark.parametrize("name", ["zero-dce", "zero-dce-pp"])
def test_the_plain_evaluation_is_what_the_engine_computes(name: str) -> None:
    checkpoint = load_checkpoint(name)
    photo = photo_for(parsed_size("60x50"), checkpoint.info.scale_factor) // 4
    with torch.inference_mode():
        made = from_8_to_8_bits(plain(checkpoint), photo[None])[0]
    given = {"device": "cpu", "precision": "float32", "window": "dtype"}
    ours = enhance(photo, name, look=AS_PUBLISHED, **given)
    assert np.abs(made.astype(int) - ours.astype(int)).max() <= 1


def test_the_network_is_found_in_a_clone(tmp_path: Path) -> None:
    place = tmp_path / "Zero-DCE++" / "model.py"
    place.parent.mkdir()
    place.write_text("")
    assert model_file(tmp_path) == model_file(place) == place
    with pytest.raises(SystemExit, match=r"no model\.py"):
        model_file(tmp_path / "nothing")


def test_costs_for_a_megapixel() -> None:
    assert shapes_of([1, 4], [10]) == [(1, 1000, 1000), (1, 2000, 2000), (10, 256, 256)]
    cost = Cost(2_000_000, seconds=0.5, beside=30, both=8, gpu=float("nan"))
    assert cost.numbers()[:5] == (2, 0.5, 250, 30, 19)
