"""The look on the command line: each option goes through, and the same pixels come out again."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import napari_zerodce
from napari_zerodce import Look
from napari_zerodce.cli import main
from napari_zerodce.engine.enhance import enhance as run_engine
from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK
from napari_zerodce.engine.reproduce import code_of_file, command_line, python_lines
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.files.images import read_image
from napari_zerodce.imaging.windows import WindowChoice

CPU = ("--device", "cpu", "--precision", "float32")
EXACT = {"device": "cpu", "precision": "float32"}
LOOKS = [
    (["--strength", "0.5"], replace(DEFAULT_LOOK, strength=0.5)),
    (["--strength", "2", "--iterations", "3"], replace(DEFAULT_LOOK, strength=2, iterations=3)),
    (["--exposure", "1.5"], replace(DEFAULT_LOOK, exposure=1.5)),
    (["--exposure", "-1"], replace(DEFAULT_LOOK, exposure=-1)),
    (["--exposure", "-5e-1"], replace(DEFAULT_LOOK, exposure=-0.5)),
    (["--global-curve"], replace(DEFAULT_LOOK, global_curve=True)),
    (["--detail-gain-limit", "none"], AS_PUBLISHED),
    (["--detail-gain-limit", "none", "--exposure", "1"], Look(exposure=1)),
    (["--detail-gain-limit", "1.5"], Look(detail_gain_limit=1.5)),
    (
        [
            "--strength",
            "0.7",
            "--iterations",
            "5",
            "--exposure",
            "-.25",
            "--global-curve",
            "--detail-gain-limit",
            "2",
        ],
        Look(0.7, 5, -0.25, True, 2.0),
    ),
]


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def enhance(*words: str | Path) -> int:
    return main(["enhance", *CPU, *map(str, words)])


@pytest.mark.parametrize(("words", "look"), LOOKS, ids=str)
def test_options_give_the_pixels_of_the_notebook_function(
    words, look, dark, load_photo, capsys
) -> None:
    assert enhance(dark, "--output", "bright.png", *words) == 0
    expected = napari_zerodce.enhance(load_photo(dark), look=look, **EXACT)
    bright = load_photo(Path("bright.png"))
    np.testing.assert_array_equal(bright, expected)
    assert not np.array_equal(bright, napari_zerodce.enhance(load_photo(dark), **EXACT))
    assert f"window 0 to 255, {look.describe()}, " in capsys.readouterr().out


def test_line_of_the_default_look_names_no_look(dark, capsys) -> None:
    words = (
        *("--checkpoint", "zero-dce", "--strength", "1", "--exposure", "-0"),
        *("--detail-gain-limit", "2.00"),
    )
    assert enhance(dark, "--output", "bright.png", *words) == 0
    assert ", window 0 to 255, " in (line := capsys.readouterr().out)
    assert line.count(",") == 4


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_global_curve_is_printed_with_its_eight_numbers(
    dark, load_photo, checkpoint, capsys
) -> None:
    words = ("--global-curve", "--detail-gain-limit", "none", "--checkpoint", checkpoint)
    assert enhance(dark, "--output", "bright.png", *words) == 0
    line = capsys.readouterr().out
    numbers = [float(word) for word in line.partition("A = ")[2].partition(",")[0].split()]
    maps = napari_zerodce.curve_maps(load_photo(dark), checkpoint, **EXACT)
    np.testing.assert_allclose(numbers, maps.mean((1, 2, 3), np.float64), rtol=0, atol=2e-6)
    x = load_photo(dark) / 255
    for alpha in numbers:
        x = x + alpha * x * (1 - x)
    assert np.abs(load_photo(Path("bright.png")) - x * 255).max() < 0.51


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("rgb.png", (30, 40, 3), "u1"),
        ("rgba.png", (30, 40, 4), "u1"),
        ("deep.png", (30, 40), "u2"),
        ("stack.tif", (2, 30, 40), "u2"),
        ("holes.npy", (30, 40), "f4"),
        ("pixel.npy", (1, 1), "u1"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--global-curve",), ("--iterations", "2")])
def test_strength_0_gives_the_original(save, name, shape, dtype, words) -> None:
    image = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    if dtype == "f4":
        image[2, 3], image[4, 5] = np.nan, -np.inf
    save(name, image)
    output = f"same-{name}"
    assert enhance(name, "--output", output, "--strength", "0", *words) == 0
    same = read_image(output).array
    assert same.dtype == image.dtype
    np.testing.assert_array_equal(same, image)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--strength", "-1"], "strength is -1; give 0"),
        (["--strength", "2.1"], "strength is 2.1"),
        (["--strength", "nan"], "strength is nan"),
        (["--iterations", "0"], "iterations is 0; give 1 to 8"),
        (["--iterations", "-2"], "iterations is -2"),
        (["--iterations", "9"], "iterations is 9"),
        (["--exposure", "-4.5"], "exposure is -4.5 stops; give -4 to 4"),
        (["--exposure", "inf"], "exposure is inf"),
        (["--detail-gain-limit", "-0.5"], "limit is -0.5; give 0"),
        (["--detail-gain-limit", "inf"], "limit is inf"),
        (["--detail-gain-limit", "nan"], "limit is nan"),
    ],
)
def test_wrong_numbers_are_told_before_any_file_is_looked_for(words, told, capsys) -> None:
    assert enhance("nowhere.png", "--output", "out.png", *words) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert told in err


@pytest.mark.parametrize(
    "words",
    [
        ["--strength", "much"],
        ["--strength", "none"],
        ["--iterations", "2.5"],
        ["--exposure"],
        ["--global-curve=1"],
        ["--detail-gain-limit", "much"],
        ["--detail-gain-limit", "None"],
        ["--detail-gain-limit="],
    ],
)
def test_what_is_no_number_is_told_in_one_line(words, capsys) -> None:
    with pytest.raises(SystemExit) as exit_info:
        enhance("nowhere.png", "--output", "out.png", *words)
    assert exit_info.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


# ---- the checkpoint's SHA-256


def test_weights_with_that_sha256_are_taken(dark) -> None:
    sha256 = napari_zerodce.load_checkpoint("zero-dce").info.sha256
    words = ("--checkpoint", "zero-dce", "--checkpoint-sha256", sha256.upper())
    assert enhance(dark, "--output", "a.png", *words) == 0
    assert Path("a.png").exists()


def test_other_weights_are_refused_once_before_the_first_file(dark, capsys) -> None:
    found = napari_zerodce.load_checkpoint("zero-dce").info.sha256
    expected = napari_zerodce.load_checkpoint("zero-dce-pp").info.sha256
    words = ("--output", "out/", "--checkpoint", "zero-dce", "--checkpoint-sha256", expected)
    assert enhance(dark, "nowhere.png", *words) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert f"'zero-dce' has the SHA-256 {found}, and {expected} was expected; give" in err
    assert not Path("out").exists()


@pytest.mark.parametrize("sha256", ["", "7bf22b80", "x" * 64, "0" * 65])
def test_what_is_no_sha256_is_told(sha256, capsys) -> None:
    assert enhance("nowhere.png", "--output", "a.png", "--checkpoint-sha256", sha256) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"{sha256!r} is not 64 hexadecimal digits" in err


# ---- once more from what a result says about itself


@pytest.mark.parametrize(
    "look",
    [AS_PUBLISHED, DEFAULT_LOOK, *(look for _, look in LOOKS[-2:]), Look(1 / 3, 7, -0.1)],
)
@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize(
    ("name", "shape", "dtype", "scale"),
    [
        ("cells 'one'.tif", (60, 70), "u2", 300),
        ("photo.png", (60, 70, 3), "u1", 1),
        ("alpha.png", (60, 70, 4), "u1", 1),
        ("negative.npy", (60, 70), "f4", -1 / 7),
    ],
)
def test_command_line_and_python_lines_make_the_same_pixels(
    save, name, shape, dtype, scale, checkpoint, look
) -> None:
    image = (np.random.default_rng(0).integers(0, 200, shape) * scale).astype(dtype)
    save(name, image)
    file = read_image(name)
    request = EnhanceRequest(
        image=file.array,
        channels=file.channels,
        settings=EnhanceSettings(
            checkpoint=checkpoint,
            scale_factor=5 if checkpoint == "zero-dce-pp" else None,
            window=WindowChoice("auto" if dtype == "u1" else "percentile", *_percentiles(dtype)),
            look=look,
            **EXACT,
        ),
    )
    result = run_engine(request)
    assert not np.array_equal(result.image, file.array)
    again = f"again{Path(name).suffix}"
    words = shlex.split(command_line(result.provenance, name, again))
    assert words[0] == "napari-zerodce"
    assert main(words[1:]) == 0
    np.testing.assert_array_equal(read_image(again).array, result.image)

    known: dict[str, np.ndarray] = {}
    exec(python_lines(result.provenance, code_of_file(name)), {}, known)
    np.testing.assert_array_equal(known["enhanced"], result.image)


def _percentiles(dtype):
    return () if dtype == "u1" else (1 / 3, 98.7)
