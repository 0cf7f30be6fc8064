"""Names are free text: what becomes of them in a line, in a file name and in a label."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.checkpoints.names import as_file_name, as_name, label_from

STEP = {"step": "120 of 500"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cells of November", "cells of November"),
        ("", ""),
        (" \n\t ", ""),
        ("cells\nof\r\n\tNovember ", "cells of November"),
        ("nuclei 🔬 é 細胞", "nuclei 🔬 é 細胞"),
        ("a/b\\c", "a/b\\c"),
        ("\x00\x1b[31mred\u202e", "[31mred"),
        ("\udcff from bytes", "from bytes"),
        ("x" * 60, "x" * 60),
        ("x" * 300, "x" * 59 + "…"),
    ],
)
def test_a_name_is_one_short_printable_line(text: str, name: str) -> None:
    assert as_name(text) == name
    assert as_name(name) == name
    assert name.encode() is not None, "JSON and files can hold it"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("cells of November", "cells of November"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden.", "hidden"),
        ("", "weights"),
        ("???", "weights"),
        ("/", "weights"),
        ("CON", "CON_"),
        ("lpt1.old", "lpt1.old_"),
        ("console", "console"),
        ("nuclei 🔬", "nuclei 🔬"),
    ],
)
def test_a_file_name_has_nothing_that_a_file_system_forbids(name: str, file: str) -> None:
    assert as_file_name(name, otherwise="weights") == file


def test_a_long_file_name_leaves_room_and_no_half_letter(tmp_path: Path) -> None:
    name = as_file_name("🔬" * 60, otherwise="weights")
    assert name == "🔬" * 30
    (tmp_path / f"2026-11-26 10.15.03 {name} step-000120.safetensors").touch()


@pytest.mark.parametrize(
    ("path", "facts", "label"),
    [
        ("runs/a/checkpoints/step-000120.safetensors", STEP, "step 120 of a"),
        ("runs/b/best.safetensors", STEP, "best of b"),
        ("runs/b/last.safetensors", STEP, "last of b"),
        ("mine.safetensors", STEP, "mine.safetensors"),
        ("checkpoints/step-000120.safetensors", {}, "step-000120.safetensors"),
        ("best.pth", {}, "best.pth"),
        ("x.safetensors", {"given_name": "cells"}, "cells"),
        ("a/best.safetensors", {"given_name": "cells", **STEP}, "cells, step 120"),
        ("x.safetensors", {"given_name": "\n" + "x" * 99}, "x" * 59 + "…"),
        ("x.safetensors", {"given_name": " "}, "x.safetensors"),
    ],
)
def test_labels_tell_files_apart(path: str, facts: dict[str, str], label: str) -> None:
    assert label_from(Path(path), facts) == label
