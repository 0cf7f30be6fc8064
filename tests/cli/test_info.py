from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.cards import card_of
from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.registry import BUNDLED, PUBLISHED
from napari_zerodce.checkpoints.save import save_checkpoint, save_official
from napari_zerodce.cli import main
from napari_zerodce.cli.card_text import card_lines
from napari_zerodce.core.networks import ZeroDCEPlusPlus
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator


def test_bundled_checkpoint(capsys) -> None:
    assert main(["info", "zero-dce"]) == 0
    lines = capsys.readouterr().out.splitlines()
    info = load_checkpoint("zero-dce").info
    assert lines[0] == info.describe()
    details = dict(line.strip().split(":", 1) for line in lines[1 : lines.index("")])
    assert details["parameters"].strip() == "79,416"
    assert details["licence"].strip() == "BSD-3-Clause"
    assert details["sha256"].strip() == info.sha256
    assert details["trained by"].strip() == info.provenance["trained_by"]
    card = card_of(BUNDLED[0])
    assert lines[lines.index("") :] == card_lines(card)


def test_bundled_checkpoint_as_json_has_its_card(capsys) -> None:
    assert main(["info", "zero-dce-pp", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    card = card_of(BUNDLED[1])
    assert facts["card"]["purpose"] == card.purpose
    assert facts["card"]["figures"][0]["rows"][0] == list(card.figures[0].rows[0])


@pytest.mark.parametrize("content", [None, "{"])
def test_damaged_card_is_left_out(content, tmp_path, monkeypatch, capsys) -> None:
    weights = BUNDLED[0].path.read_bytes()
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path)
    (tmp_path / "zero-dce.safetensors").write_bytes(weights)
    if content is not None:
        (tmp_path / "zero-dce.json").write_text(content)
    assert main(["info", "zero-dce"]) == 0
    out, err = capsys.readouterr()
    assert "79,416" in out
    assert "Limits" not in out
    assert not err


def test_file_as_json(tmp_path: Path, capsys) -> None:
    path = save_checkpoint(
        tmp_path / "ours ü.safetensors",
        ZeroDCEPlusPlus(scale_factor=6),
        licence="CC0-1.0",
        provenance={"trained_by": "a test"},
    )
    assert main(["info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["name"] == "ours ü.safetensors"
    assert facts["architecture"] == "zero-dce-pp"
    assert facts["scale_factor"] == 6
    assert facts["parameters"] == 10_561
    assert facts["licence"] == "CC0-1.0"
    assert facts["provenance"] == {"trained_by": "a test"}
    assert facts["path"] == str(path)
    assert facts["card"] is None
    assert len(facts["sha256"]) == 64
    assert facts["description"] == load_checkpoint(path).info.describe()


def test_a_translator_says_how_it_is_built(tmp_path: Path, capsys) -> None:
    design = GeneratorDesign("resnet", 1, 2, 4, 3, antialias_down=True, antialias_up=True)
    path = save_official(tmp_path / "latest_net_G.pth", make_generator(design))
    assert main(["info", str(path)]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("CUT, ResNet with 3 blocks, 1 -> 2 channels · ")
    details = {key.strip(): words.strip() for key, _, words in (x.partition(":") for x in lines)}
    assert details["architecture"] == "cut"
    assert details["blocks"] == "3"
    assert details["channels"] == "1 -> 2"
    assert details["features"] == "4"
    assert details["normalisation"] == "instance"
    assert details["antialiasing"] == "down and up"
    assert details["picture sides"].startswith("multiples of 4 pixels")
    assert "scale factor" not in details
    assert main(["info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["architecture"] == "cut"
    assert facts["design"] == asdict(design)


def test_published_file_is_recognised(shared_data: Path, capsys) -> None:
    path = shared_data / "checkpoints" / "zero-dce-pp_epoch99.pth"
    assert main(["info", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Zero-DCE++ · 10,561 parameters · scale 12 ·")
    assert "CC BY-NC 4.0" in out


def test_list_says_what_is_here(cache_folder: Path, capsys) -> None:
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [entry.name for entry in BUNDLED + PUBLISHED]
    assert [line.split()[0] for line in lines[: len(names)]] == names
    states = ["  bundled  "] * len(BUNDLED) + ["  not downloaded  "] * 2
    assert all(state in line for state, line in zip(states, lines, strict=False))
    assert lines[-1] == (
        "Get published-zero-dce-pp with: napari-zerodce download published-zero-dce-pp"
    )


def test_list_knows_downloads(shared_data: Path, cache_folder: Path, capsys) -> None:
    cache_folder.mkdir()
    for entry in PUBLISHED:
        name = entry.name.removeprefix("published-")
        content = (shared_data / "checkpoints" / f"{name}_epoch99.pth").read_bytes()
        entry.path.write_bytes(content)
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(BUNDLED + PUBLISHED)
    assert [line.count("  downloaded  ") for line in lines] == [0, 0, 0, 0, 1, 1]


def test_list_as_json(capsys) -> None:
    assert main(["info", "--json"]) == 0
    entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert entries["zero-dce"]["state"] == "bundled"
    assert Path(entries["zero-dce"]["path"]).is_file()
    assert entries["published-zero-dce"]["state"] == "not downloaded"
    assert entries["published-zero-dce"]["size"] == 320_017


@pytest.mark.parametrize("name", ["nothing", "nowhere.pth", "page.pth", "folder"])
def test_what_is_no_checkpoint_takes_one_line(name, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("page.pth").write_text("<!DOCTYPE html><p>Not found")
    Path("folder").mkdir()
    assert main(["info", name]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert name in err


def test_reader_that_leaves_early_is_no_error(command, start_child) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = start_child(command("info", "--json"), stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, errors = process.communicate(timeout=200)
    assert not errors
    assert process.returncode == 1


def test_a_fact_that_would_fill_the_screen_is_shortened_except_in_json(capsys, tmp_path) -> None:
    network = ZeroDCEPlusPlus()
    save_checkpoint(
        tmp_path / "long.safetensors", network, licence="", provenance={"stages": "x" * 1000}
    )
    assert main(["info", str(tmp_path / "long.safetensors")]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "stages:" in line)
    assert line.endswith("x… (whole with --json)")
    assert line.count("x") == 300
    assert main(["info", str(tmp_path / "long.safetensors"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provenance"]["stages"] == "x" * 1000
