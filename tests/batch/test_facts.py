"""What differs between processes is named in one sentence."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec

import pytest
import torch

from napari_zerodce import __version__
from napari_zerodce.batch.facts import Facts, difference, facts_here
from napari_zerodce.batch.key import choices_of, key_of
from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import WindowChoice

HERE = Facts(
    (("napari-zerodce", "0.1.0"), ("torch", "2.13.0"), ("Python", "3.11")),
    (("zero-dce", "a" * 64),),
)


def test_facts_of_this_process() -> None:
    facts = facts_here(["zero-dce-pp"])
    assert dict(facts.versions) == {
        "napari-zerodce": __version__,
        "torch": torch.__version__,
        "onnxruntime": version("onnxruntime") if find_spec("onnxruntime") else "missing",
        "Python": ".".join(platform.python_version().split(".")[:2]),
    }
    assert facts.weights == (("zero-dce-pp", load_checkpoint("zero-dce-pp").info.sha256),)


def test_equal_facts_differ_in_nothing() -> None:
    assert difference(HERE, HERE, where="tcp://1.2.3.4:5") == ""


def test_all_that_differs_is_named_with_both_values() -> None:
    versions = (HERE.versions[0], ("torch", "2.9.1"), ("Python", "3.13"))
    there = Facts(versions, (("zero-dce", "b" * 64),))
    assert difference(HERE, there, where="tcp://1.2.3.4:5") == (
        "The worker tcp://1.2.3.4:5 differs from this computer: torch 2.13.0 here and 2.9.1 there, "
        "Python 3.11 here and 3.13 there, the weights zero-dce with the SHA-256 aaaaaaaaaaaa here "
        "and bbbbbbbbbbbb there; install the same versions and weights in both."
    )


def test_the_key_follows_what_decides_pixels_and_nothing_else() -> None:
    settings = EnhanceSettings()

    def key(changed: EnhanceSettings, source: str = "a", facts: Facts = HERE) -> str:
        return key_of(source, choices_of(changed), facts)

    usual = key(settings)
    assert key(EnhanceSettings(tile=64, device="cpu")) == usual
    others = [
        key(settings, source="b"),
        key(settings, facts=replace(HERE, weights=(("zero-dce", "b" * 64),))),
        key(
            settings, facts=replace(HERE, versions=(("napari-zerodce", "0.2"), *HERE.versions[1:]))
        ),
        key(EnhanceSettings(look=Look(0.5))),
        key(EnhanceSettings(window=WindowChoice("minmax"))),
        key(EnhanceSettings(scale_factor=6)),
    ]
    assert len({usual, *others}) == len(others) + 1


@pytest.mark.parametrize("name", ["no-such-weights"])
def test_missing_weights_are_an_error_for_users(name: str) -> None:
    from napari_zerodce.errors import CheckpointError

    with pytest.raises(CheckpointError):
        facts_here([name])
