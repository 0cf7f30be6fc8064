from __future__ import annotations

import subprocess
import sys

import pytest

from napari_zerodce import __version__
from napari_zerodce.cli import main
from napari_zerodce.cli.parser import build_parser, with_negative_numbers
from napari_zerodce.engine.look import DEFAULT_LOOK, Look

HEAVY = (
    "torch", "numpy", "tqdm", "PIL", "tifffile", "zarr", "napari", "qtpy", "magicgui", "psygnal",
)  # fmt: skip


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=200
    )


@pytest.mark.parametrize(
    "words",
    [["--help"], ["enhance", "--help"], ["maps", "--help"], ["finetune", "--help"], ["--version"]],
)
def test_help_starts_without_anything_heavy(words: list[str]) -> None:
    done = run_python(
        "import sys\n"
        "from napari_zerodce.cli import main\n"
        "try:\n"
        f"    main({words!r})\n"
        "finally:\n"
        f"    print('loaded', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("loaded []\n")


def test_ctrl_c_while_the_commands_are_imported() -> None:
    done = run_python(
        "import sys\n"
        "class CtrlC:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'napari_zerodce.cli.parser':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, CtrlC())\n"
        "from napari_zerodce.cli import main\n"
        "sys.exit(main(['formats']))\n"
    )
    assert (done.returncode, done.stderr) == (130, "napari-zerodce: Interrupted.\n")


@pytest.mark.parametrize(
    ("words", "loaded"),
    [
        (["--version"], False),
        (["--help"], False),
        (["enhance", "--help"], False),
        (["info"], False),
        (["finetune", "--help"], True),
    ],
)
def test_only_finetune_waits_for_pydantic(words: list[str], loaded: bool) -> None:
    done = run_python(
        "import sys\n"
        "from napari_zerodce.cli import main\n"
        "try:\n"
        f"    main({words!r})\n"
        "finally:\n"
        "    print('pydantic' in sys.modules)\n"
    )
    assert done.stdout.endswith(f"{loaded}\n"), done.stderr


def test_info_needs_no_torch() -> None:
    done = run_python(
        "import sys\n"
        "from napari_zerodce.cli import main\n"
        "main(['info', 'zero-dce-pp'])\n"
        "print('torch' in sys.modules)\n"
    )
    assert done.stdout.endswith("False\n"), done.stderr


def test_enhance_needs_neither_napari_nor_qt(dark, tmp_path) -> None:
    # A machine without them, as far as imports can tell.
    done = run_python(
        "import sys\n"
        "for name in ('napari', 'npe2', 'qtpy', 'PyQt6', 'PyQt5', 'PySide6', 'magicgui',\n"
        "             'superqt', 'psygnal', 'vispy'):\n"
        "    sys.modules[name] = None\n"
        "from napari_zerodce.cli import main\n"
        f"sys.exit(main(['enhance', {str(dark)!r}, '--output', {str(tmp_path / 'out.png')!r}]))\n"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").is_file()


def test_version(capsys) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["--version"])
    assert exit_info.value.code == 0
    assert capsys.readouterr().out == f"napari-zerodce {__version__}\n"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], "COMMAND"),
        (["brighten"], "'brighten'"),
        (["enhance"], "INPUT, --output"),
        (["enhance", "a.png"], "--output"),
        (["enhance", "a.png", "--output"], "--output"),
        (["enhance", "a.png", "--output", "b.png", "--tile", "big"], "'big'"),
        (["enhance", "a.png", "--output", "b.png", "--precision", "float8"], "'float8'"),
        (["enhance", "a.png", "--output", "b.png", "--sharpen"], "--sharpen"),
        # Abbreviations would change their meaning when an option is added.
        (["enhance", "a.png", "--out", "b.png"], "--output"),
        (["maps", "a.png"], "--output"),
        (["maps", "a.png", "--output", "b.npy", "--kind", "pixels"], "'pixels'"),
        (["info", "a", "b"], "b"),
        (["download"], "NAME"),
    ],
)
def test_mistakes_take_one_line_and_exit_with_2(words, found, capsys) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(words)
    out, err = capsys.readouterr()
    assert exit_info.value.code == 2
    assert not out
    assert err.count("\n") == 1
    assert found in err
    assert "--help" in err


@pytest.mark.parametrize(
    ("words", "window"),
    [
        (["--window", "-5,100"], "-5,100"),
        (["--window=-5,100"], "-5,100"),
        (["--window", "-.5,1e3"], "-.5,1e3"),
        (["--window", "-1e-3,-1e-4", "--tile", "64"], "-1e-3,-1e-4"),
        (["--window", "percentile:1,99"], "percentile:1,99"),
        ([], "auto"),
    ],
)
def test_windows_may_be_negative(words: list[str], window: str) -> None:
    all_words = with_negative_numbers(["enhance", "a.png", *words, "--output", "b.png"])
    options = build_parser().parse_args(all_words)
    assert options.window == window
    assert options.inputs == ["a.png"]


@pytest.mark.parametrize(
    ("words", "exposure"),
    [
        (["--exposure", "-1"], -1),
        (["--exposure=-1"], -1),
        (["--exposure", "-.5"], -0.5),
        (["--exposure", "-1e-3", "--global-curve"], -0.001),
        (["--exposure", "+2"], 2),
        ([], 0),
    ],
)
def test_exposures_may_be_negative(words: list[str], exposure: float) -> None:
    all_words = with_negative_numbers(["enhance", "a.png", *words, "--output", "b.png"])
    options = build_parser().parse_args(all_words)
    assert options.exposure == exposure
    assert options.inputs == ["a.png"]


@pytest.mark.parametrize(
    ("words", "look"),
    [
        ([], DEFAULT_LOOK),
        (["--detail-gain-limit", "none"], Look()),
        (["--detail-gain-limit=none"], Look()),
        (["--detail-gain-limit", "0"], Look(detail_gain_limit=0)),
    ],
)
def test_look_without_words_is_the_default_and_none_lifts_the_limit(
    words: list[str], look: Look
) -> None:
    options = build_parser().parse_args(["enhance", "a.png", "--output", "b.png", *words])
    settings = {name: getattr(options, name) for name in DEFAULT_LOOK.as_dict()}
    assert Look(**settings) == look


def test_help_says_how_detail_is_limited_and_how_not(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["enhance", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "curves brighten a smooth base. (default: 2; none: no limit)" in text


def test_option_after_window_is_no_window() -> None:
    assert with_negative_numbers(["--window", "--tile", "5"]) == ["--window", "--tile", "5"]


def test_module_runs_like_the_program(run_command) -> None:
    done = run_command("--version")
    assert done.stdout == f"napari-zerodce {__version__}\n"
