"""Forecasts: words for durations, and what is realistic."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.device import Device
from napari_zerodce.training.translation import forecast as module
from napari_zerodce.training.translation.configure import configure
from napari_zerodce.training.translation.forecast import forecast, in_words, size_for, step_seconds

CPU, GPU = Device("cpu", "two cores"), Device("cuda:0", "a card")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.1, "5 seconds"),
        (33, "35 seconds"),
        (61, "1 minute"),
        (100, "2 minutes"),
        (59 * 60, "59 minutes"),
        (5400, "90 minutes"),
        (3 * 3600, "3.0 hours"),
        (72 * 3600, "3 days"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_sizes() -> None:
    assert [size_for(device) for device in (CPU, GPU)] == ["small", "full"]


def test_a_large_crop_is_measured_on_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = []
    monkeypatch.setattr(module, "_pass_seconds", lambda _, side, __: sides.append(side) or 0.01)
    seconds = step_seconds(configure("cyclegan", "full"), CPU)
    assert sides == [64]
    small = step_seconds(configure("cyclegan", "small"), CPU)
    assert seconds == pytest.approx(16 * small)


def test_a_realistic_training_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "step_seconds", lambda *_, **__: 0.1)
    found = forecast(configure("cut", "small"), CPU)
    assert found.is_realistic
    assert found.sentence == "500 steps take about 1 minute on cpu (two cores)."


def test_a_training_of_days_names_what_is_realistic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module, "step_seconds", lambda config, *_, **__: 10.0 if config.crop == 256 else 0.1
    )
    found = forecast(configure("cut", "full"), CPU)
    assert not found.is_realistic
    assert found.sentence == (
        "5,000 steps take about 13.9 hours on cpu (two cores), which is too long; choose fewer "
        "steps, a GPU, or the small network with crops of 64 pixels, which takes about 1 minute "
        "for 500 steps."
    )


def test_a_busy_machine_is_not_measured_at_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = iter(np.cumsum([9.0, 1.0, 3.0, 4.0, 2.0, 50.0]).tolist())
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ends))
    assert module._pass_seconds(configure("cut", "small", features=2).design, 32, CPU) == 3


def test_measures_a_pass() -> None:
    config = configure("pix2pix", "small", features=2, crop=32)
    assert 0 < step_seconds(config, CPU) < 10
