"""Metadata of our layers: written and read alike, also those of earlier versions, or of anybody."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_zerodce.cli.parser import build_parser
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import code_to_complete, command_line, python_lines
from napari_zerodce.gui.layers.provenance import (
    METADATA_KEY,
    LayerProvenance,
    checkpoint_source_of,
    provenance_of,
    role_of,
)

MADE = Provenance(
    software="napari-zerodce 0.1.0",
    checkpoint="zero-dce-pp",
    checkpoint_source="zero-dce-pp",
    checkpoint_sha256="ab" * 32,
    architecture="zero-dce-pp",
    scale_factor=4,
    channels="mono",
    window=(120, 4000.5),
    look=Look(strength=1.3, iterations=5),
    global_curve=(0.5,) * 8,
    device="cuda:0",
    precision="bfloat16",
    tile=512,
    seconds=1.234,
)
MINIMAL = replace(MADE, look=Look(), global_curve=(), tile=0)

ROLES = [
    LayerProvenance("result", "photo", "5b1f", "/data/a photo.png", "napari", made=MADE),
    LayerProvenance("result", "photo", "5b1f", made=MINIMAL),
    LayerProvenance("live", "photo", "5b1f"),
    LayerProvenance("maps", "photo", "5b1f", maps="noise-gain", iterations=(1, 8), made=MADE),
    LayerProvenance("maps", "", "", maps="alphas"),
]


NEW = {
    "checkpoint_label": "", "part": "", "channel_axis": None, "channel_windows": (),
    "image_axes": "", "missing": (), "time_axis": None, "time": "frames", "time_window": 11,
    "channel_curves": "own", "design": "", "lock_normalisation": False, "statistics": "",
    "backend": "torch",
}  # fmt: skip
"""What layers of earlier versions do not say."""


def _layer(metadata: Any) -> Image:
    return Image(np.zeros((2, 2)), metadata=metadata)


@pytest.mark.parametrize("known", ROLES, ids=lambda known: known.role)
def test_what_is_written_is_read(known: LayerProvenance) -> None:
    metadata = {"operator": "me", **known.as_metadata()}
    assert provenance_of(_layer(metadata)) == known
    assert provenance_of(_layer(json.loads(json.dumps(metadata)))) == known, "as from a file"
    assert role_of(_layer(metadata)) == known.role


def test_people_can_read_what_is_written() -> None:
    facts = ROLES[3].as_metadata()[METADATA_KEY]
    assert facts["sign"] == "LE(x) = x + A x (1 - x): A > 0 brightens"
    assert facts["kind"] == "noise-gain"
    assert "do not measure intensities" in facts["display_only"]
    assert "sign" not in ROLES[0].as_metadata()[METADATA_KEY]


# ---- layers that were made by the version before `Provenance` and `LayerProvenance`

EARLIER_ORIGIN = {"source": "photo", "source_id": "5b1f", "source_path": "/data/a photo.png"}
EARLIER_RESULT = {
    "role": "result",
    **EARLIER_ORIGIN,
    "display_only": "Enhanced for looking at; do not measure intensities in it.",
    "software": "napari-zerodce 0.1.0",
    "checkpoint": "zero-dce-pp",
    "checkpoint_source": "zero-dce-pp",
    "checkpoint_sha256": "ab" * 32,
    "architecture": "zero-dce-pp",
    "scale_factor": 4,
    "channels": "mono",
    "window": (120, 4000.5),
    "look": {
        "strength": 1.3,
        "iterations": 5,
        "exposure": -0.25,
        "global_curve": True,
        "detail_gain_limit": 1.5,
    },
    "global_curve": (0.5,) * 8,
    "device": "cuda:0",
    "precision": "bfloat16",
    "tile": 512,
    "seconds": 1.234,
}
EARLIER_COMMAND = (
    "napari-zerodce enhance '/data/a photo.png' --output /data/out.png --checkpoint zero-dce-pp "
    "--checkpoint-sha256 abababababababababababababababababababababababababababababababab "
    "--scale-factor 4 --window=120,4000.5 --device cuda --precision bfloat16 --backend torch "
    "--strength 1.3 --iterations 5 --exposure=-0.25 --global-curve --detail-gain-limit 1.5"
)
PLAIN_RESULT = EARLIER_RESULT | {
    "checkpoint": "mine",
    "checkpoint_source": "/w/mine.pth",
    "architecture": "zero-dce",
    "scale_factor": 1,
    "window": (0, 255),
    "look": Look().as_dict(),
    "global_curve": (),
    "device": "cpu",
    "precision": "float32",
}
PLAIN_COMMAND = (
    "napari-zerodce enhance '/data/a photo.png' --output /data/out.png --checkpoint /w/mine.pth "
    "--checkpoint-sha256 abababababababababababababababababababababababababababababababab "
    "--window=0,255 --device cpu --precision float32 --backend torch "
    "--detail-gain-limit none"
)
EARLIER_MAPS = {
    "role": "maps",
    **EARLIER_ORIGIN,
    "kind": "alphas",
    "sign": "LE(x) = x + A x (1 - x): A > 0 brightens",
    "checkpoint_source": "zero-dce-pp",
    "checkpoint": "zero-dce-pp",
    "checkpoint_sha256": "ab" * 32,
    "scale_factor": 4,
    "window": (120, 4000.5),
}


@pytest.mark.parametrize(
    ("facts", "command"), [(EARLIER_RESULT, EARLIER_COMMAND), (PLAIN_RESULT, PLAIN_COMMAND)]
)
def test_result_of_an_earlier_version_gives_the_command_that_it_gave_then(
    facts: dict[str, Any], command: str
) -> None:
    known = provenance_of(_layer({METADATA_KEY: facts}))
    assert known is not None
    assert known.made is not None
    assert known.source_path is not None
    now = command_line(known.made, known.source_path, "/data/out.png")
    parser = build_parser()
    assert parser.parse_args(shlex.split(now)[1:]) == parser.parse_args(shlex.split(command)[1:])
    assert known.made.as_dict() == NEW | {
        name: value
        for name, value in facts.items()
        if name not in {"role", "source", "source_id", "source_path"}
    }


@pytest.mark.parametrize("numbers", [None, "8", 8, ["8"]], ids=str)
def test_iterations_that_are_no_numbers_are_not_known(numbers: object) -> None:
    facts = LayerProvenance("maps", "photo", "5b1f", maps="gain").as_metadata()[METADATA_KEY]
    layer = Image(np.zeros((2, 2)), metadata={METADATA_KEY: {**facts, "iterations": numbers}})
    known = provenance_of(layer)
    assert known is not None
    assert known.iterations == ()


def test_maps_of_an_earlier_version_are_known_by_image_kind_and_checkpoint() -> None:
    layer = _layer({METADATA_KEY: EARLIER_MAPS})
    assert provenance_of(layer) == LayerProvenance(
        "maps", "photo", "5b1f", "/data/a photo.png", maps="alphas"
    )
    assert checkpoint_source_of(layer) == "zero-dce-pp"


@pytest.mark.parametrize("known", ROLES, ids=lambda known: known.role)
def test_checkpoint_is_told_by_layers_that_know_it(known: LayerProvenance) -> None:
    expected = None if known.made is None else "zero-dce-pp"
    assert checkpoint_source_of(_layer(known.as_metadata())) == expected


def test_layer_without_a_role_is_a_result_as_in_the_first_version() -> None:
    facts = {name: value for name, value in EARLIER_RESULT.items() if name != "role"}
    assert role_of(_layer({METADATA_KEY: facts})) == "result"


# ---- what anybody may have written


ODD = [None, 5, 0.5, "text", b"bytes", [], ["a"], {}, {"a": 1}, (1, 2), np.arange(3), float("nan")]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_metadata_of_another_type_are_no_layer_of_ours(odd: Any) -> None:
    layer = _layer({METADATA_KEY: odd})
    if not isinstance(odd, dict):
        assert provenance_of(layer) is None
        assert role_of(layer) is None
        assert checkpoint_source_of(layer) is None
    assert role_of(_layer({METADATA_KEY: {"role": odd}})) is None


def test_layers_of_others_are_not_ours() -> None:
    assert provenance_of(_layer({})) is None
    assert provenance_of(_layer({METADATA_KEY.upper(): EARLIER_RESULT})) is None


@pytest.mark.parametrize("name", sorted(set(EARLIER_RESULT) - {"role"}))
def test_any_entry_of_another_type_is_read_without_harm(name: str) -> None:
    layer = _layer({})
    for odd in ODD:
        layer.metadata = {METADATA_KEY: EARLIER_RESULT | {name: odd}}
        known = provenance_of(layer)
        assert known is not None
        assert isinstance(known.source, str)
        assert isinstance(known.source_id, str)
        assert known.source_path is None or isinstance(known.source_path, str)
        if known.made is not None:
            assert command_line(known.made, "in.png", "out.png")
            assert python_lines(known.made, code_to_complete("photo"))


@pytest.mark.parametrize("name", sorted(set(EARLIER_RESULT) - {"role"}))
def test_missing_entry_is_read_without_harm(name: str) -> None:
    facts = {key: value for key, value in EARLIER_RESULT.items() if key != name}
    known = provenance_of(_layer({METADATA_KEY: facts}))
    assert known is not None
    needed = {"software", "checkpoint", "checkpoint_source", "checkpoint_sha256", "architecture"}
    needed |= {"scale_factor", "channels", "window"}
    assert (known.made is None) is (name in needed)
