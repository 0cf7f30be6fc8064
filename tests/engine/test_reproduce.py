"""From a result's provenance the same pixels can be made again."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import (
    code_of_file,
    code_of_layer,
    code_of_plugin,
    code_to_complete,
    command_line,
    python_lines,
)
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.files.images import read_image
from napari_zerodce.imaging.intensity import WindowChoice

MISSING = code_to_complete("cells")

LOOKS = [
    Look(),
    DEFAULT_LOOK,
    Look(0.7, 5, -1.25),
    Look(exposure=0.1, global_curve=True, detail_gain_limit=1.5),
    Look(strength=0),
    Look(detail_gain_limit=0),
]


def result_of(image, channels, **settings):
    given = {"device": "cpu", "precision": "float32", **settings}
    result = enhance(
        EnhanceRequest(image=image, channels=channels, settings=EnhanceSettings(**given))
    )
    return result.image, Provenance.from_dict(json.loads(json.dumps(result.provenance.as_dict())))


def options_of(words):
    """Which value follows each option; True behind a bare one, and `--name=value` alike."""
    found = {}
    for word, following in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            bare = following.startswith("--")
            found[name] = value if equals else (True if bare else following)
    return found


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.describe())
@pytest.mark.parametrize("settings", [{}, {"checkpoint": "zero-dce-pp", "scale_factor": 4}])
@pytest.mark.parametrize(("dtype", "channels"), [("u1", "rgb"), ("u2", "mono"), ("f4", "mono")])
def test_the_python_lines_make_the_same_pixels(dtype, channels, settings, look):
    image = (np.random.default_rng(0).random((30, 41, 3)) ** 2 * 200).astype(dtype)
    image = image if channels == "rgb" else np.ascontiguousarray(image[..., 0])
    enhanced, provenance = result_of(image, channels, look=look, **settings)
    lines = python_lines(provenance, MISSING)
    assert ("Look" in lines) == (look != DEFAULT_LOOK)
    known = {}
    exec(lines.replace("image = ...", "image = given"), {"given": image}, known)
    np.testing.assert_array_equal(known["enhanced"], enhanced)


def test_the_python_lines_read_the_file(tmp_path):
    import tifffile

    file = tmp_path / "my 'best' cells.tif"
    tifffile.imwrite(file, np.random.default_rng(0).integers(0, 9000, (30, 41), dtype=np.uint16))
    image = read_image(file)
    enhanced, provenance = result_of(image.array, image.channels, look=Look(0.5))
    known = {}
    exec(python_lines(provenance, code_of_file(file)), {}, known)
    np.testing.assert_array_equal(known["enhanced"], enhanced)


def test_other_weights_than_those_are_noticed():
    _, provenance = result_of(np.zeros((9, 9), np.uint8), "mono")
    lines = python_lines(replace(provenance, checkpoint_sha256="0" * 64), MISSING)
    with pytest.raises(AssertionError):
        exec(lines.replace("image = ...", "image = given"), {"given": np.zeros((9, 9), "u1")})


def test_the_command_says_every_choice():
    image = (np.random.default_rng(0).random((30, 41)) * 200 - 100).astype(np.float32)
    look = Look(0.7, 5, -1.25, global_curve=True, detail_gain_limit=1.5)
    _, provenance = result_of(
        image, "mono", look=look, checkpoint="zero-dce-pp", scale_factor=4,
        window=WindowChoice("range", -12.5, 80),
    )  # fmt: skip
    words = shlex.split(command_line(provenance, "a dark 'one'.tif", "bright.tif"))
    assert words[:3] == ["napari-zerodce", "enhance", "a dark 'one'.tif"]
    assert options_of(words) == {
        "--output": "bright.tif",
        "--checkpoint": "zero-dce-pp",
        "--checkpoint-sha256": load_checkpoint("zero-dce-pp").info.sha256,
        "--scale-factor": "4",
        "--window": "-12.5,80",
        "--device": "cpu",
        "--precision": "float32",
        "--backend": provenance.backend,
        "--strength": "0.7",
        "--iterations": "5",
        "--exposure": "-1.25",
        "--global-curve": True,
        "--detail-gain-limit": "1.5",
    }


@pytest.mark.parametrize(
    ("limit", "told"), [(None, "none"), (2, None), (1.5, "1.5"), (0, "0.0"), (1 / 3, repr(1 / 3))]
)
def test_the_command_says_the_limit_to_detail_unless_it_is_the_default(limit, told):
    _, provenance = result_of(
        np.zeros((9, 9), np.uint8), "mono", look=Look(detail_gain_limit=limit)
    )
    words = shlex.split(command_line(provenance, "a.png", "b.png"))
    assert options_of(words).get("--detail-gain-limit") == told


def test_the_command_says_no_more_than_it_has_to():
    _, provenance = result_of(np.zeros((9, 9), np.uint8), "mono", look=DEFAULT_LOOK)
    options = options_of(shlex.split(command_line(provenance, "a.png", "b.png")))
    assert set(options) == {
        "--output", "--checkpoint", "--checkpoint-sha256", "--window", "--device", "--precision",
        "--backend",
    }  # fmt: skip
    assert options["--window"] == "0,255"


@pytest.mark.parametrize("window", [(0.1, 1 / 3), (-1e-7, 1e300), (3, 2**63), (-5, -4.999999)])
def test_a_window_comes_back_to_the_last_bit(window):
    _, provenance = result_of(np.zeros((9, 9), np.uint8), "mono")
    told = shlex.split(command_line(replace(provenance, window=window), "a", "b"))
    (option,) = [word for word in told if word.startswith("--window=")]
    choice = WindowChoice.parse(option.partition("=")[2])
    assert (choice.low, choice.high) == window


def test_a_gpu_is_named_by_its_kind():
    _, provenance = result_of(np.zeros((9, 9), np.uint8), "mono")
    told = replace(provenance, device="cuda:3")
    assert options_of(shlex.split(command_line(told, "a", "b")))["--device"] == "cuda"
    assert "device='cuda'," in python_lines(told, MISSING)


def test_the_image_is_taken_from_where_it_is():
    _, provenance = result_of(np.zeros((9, 9), np.uint8), "mono")
    of_layer = python_lines(provenance, code_of_layer("my 'best' cells", multiscale=True))
    assert """image = viewer.layers["my 'best' cells"].data[0]\n""" in of_layer
    of_plugin = python_lines(provenance, code_of_plugin("a.czi", "bioio", item=2)).splitlines()
    assert of_plugin[0] == "import npe2"
    assert "image = npe2.read(['a.czi'], stack=False, plugin_name='bioio')[2][0]" in of_plugin


def test_another_program_can_be_named():
    _, provenance = result_of(np.zeros((9, 9), np.uint8), "mono")
    program = ("my python", "-m", "napari_zerodce")
    words = shlex.split(command_line(provenance, "a.png", "b.png", program=program))
    assert words[:4] == [*program, "enhance"]
