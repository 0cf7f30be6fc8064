"""How a result was made survives metadata, and what earlier versions have written is read."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.core.network_kinds import NETWORKS
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import command_line
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.windows import Window

MADE = Provenance.of(
    read_info("zero-dce-pp", scale_factor=7),
    channels="rgb",
    windows=[Window(-3, 2**60)],
    look=Look(1.5, 3, -0.25, global_curve=True, detail_gain_limit=2),
    global_curve=(0.5,) * 8,
    device="cuda:1",
    precision="float16",
    tile=512,
    seconds=1.25,
)

# What layers of version 0.1.0 do not say.
NEW = {
    "checkpoint_label": "", "part": "", "channel_axis": None, "channel_windows": (),
    "image_axes": "", "missing": (), "time_axis": None, "time": "frames", "time_window": 11,
    "channel_curves": "own", "lock_normalisation": False, "design": "", "statistics": "",
    "backend": "torch",
}  # fmt: skip

# As version 0.1.0 has written it into layers.
OLD = {
    "display_only": "Enhanced for looking at; do not measure intensities in it.",
    "software": "napari-zerodce 0.1.0",
    "checkpoint": "zero-dce",
    "checkpoint_source": "zero-dce",
    "checkpoint_sha256": "ab" * 32,
    "architecture": "zero-dce",
    "scale_factor": 1,
    "channels": "mono",
    "window": (10, 900),
    "look": {
        "strength": 0.5,
        "iterations": 8,
        "exposure": 0.0,
        "global_curve": False,
        "detail_gain_limit": None,
    },
    "global_curve": (),
    "device": "cpu",
    "precision": "float32",
    "tile": 256,
    "seconds": 0.1,
}


def test_a_given_name_is_part_of_it():
    info = read_info("zero-dce-pp")
    tuned = replace(
        info, name=(path := Path("kept.safetensors")).name, path=path,
        provenance={"given_name": "cells of November"},
    )  # fmt: skip
    made = Provenance.of(tuned, channels="rgb", windows=[Window(0, 1)])
    assert (made.checkpoint, made.checkpoint_label) == ("kept.safetensors", "cells of November")
    assert MADE.checkpoint_label == "zero-dce-pp"


def test_it_survives_json():
    written = json.loads(json.dumps(MADE.as_dict()))
    assert Provenance.from_dict(written) == MADE
    assert "do not measure" in written["display_only"]


def test_every_field_is_written():
    assert {field.name for field in fields(Provenance)} <= MADE.as_dict().keys()


def test_what_earlier_layers_say_gives_the_same_command():
    made = Provenance.from_dict({"role": "result", "source": "frame", **OLD})
    assert made.look == Look(0.5)
    assert command_line(made, "a.tif", "b.tif") == (
        "napari-zerodce enhance a.tif --output b.tif --checkpoint zero-dce "
        f"--checkpoint-sha256 {'ab' * 32} --window=10,900 --device cpu --precision float32 "
        "--backend torch --strength=0.5 --detail-gain-limit=none"
    )
    assert made.as_dict() == OLD | NEW


def test_layers_from_before_there_were_looks_are_as_published():
    old = {key: value for key, value in OLD.items() if key not in {"look", "global_curve"}}
    assert Provenance.from_dict(old) == replace(Provenance.from_dict(OLD), look=Look())


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "u-net"},
        {"look": {"strength": 7}},
        {"look": {"gamma": 1}},
        {"look": 3},
        {"window": None},
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(changes):
    with pytest.raises(RequestError, match=r"^The .*\.$"):
        Provenance.from_dict(OLD | changes)
    with pytest.raises(RequestError, match="do not say completely"):
        Provenance.from_dict({})


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_of_any_kind_is_written_and_read(kind):
    made = replace(MADE, architecture=kind)
    again = Provenance.from_dict(json.loads(json.dumps(made.as_dict())))
    assert again.architecture == kind
    assert again.traits is NETWORKS[kind]
    assert again.traits.has_scale_factor == (kind == "zero-dce-pp")
