"""Names and paths of checkpoints."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.registry import (
    BUNDLED,
    PUBLISHED,
    available,
    cache_folder,
    entry_of,
    resolve,
)
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.networks import ZeroDCEPlusPlus
from napari_zerodce.errors import CheckpointError


def test_names():
    assert [entry.name for entry in BUNDLED] == [
        "zero-dce", "zero-dce-pp", "zero-dce-fluo", "zero-dce-pp-fluo"
    ]  # fmt: skip
    assert [entry.made_for for entry in BUNDLED] == ["photo"] * 2 + ["fluorescence"] * 2
    assert BUNDLED[3].title == "Zero-DCE++, fluorescence"
    assert [entry.name for entry in PUBLISHED] == ["published-zero-dce", "published-zero-dce-pp"]
    assert [entry.scale_factor for entry in PUBLISHED] == [1, 12]


def test_published_entries_are_pinned_and_say_their_licence():
    for entry in PUBLISHED:
        assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
        assert re.search("/[0-9a-f]{40}/", entry.url)
        assert entry.size > 0
        assert entry.licence == "CC BY-NC 4.0, academic use only"


def test_published_entries_are_the_published_files(shared_data, cache_folder):
    cache_folder.mkdir()
    for entry, file in zip(
        PUBLISHED, ["zero-dce_epoch99.pth", "zero-dce-pp_epoch99.pth"], strict=True
    ):
        entry.path.write_bytes((shared_data / "checkpoints" / file).read_bytes())
        info = load_checkpoint(entry.name).info
        assert (info.name, info.architecture) == (entry.name, entry.architecture)
        assert (info.scale_factor, info.licence) == (entry.scale_factor, entry.licence)
    assert available() == BUNDLED + PUBLISHED


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_bundled_checkpoints(entry):
    if not entry.path.exists():
        pytest.skip("the bundled weights are not trained yet")
    info = load_checkpoint(entry.name).info
    assert info.name == entry.name
    assert info.architecture == entry.architecture
    assert info.scale_factor == entry.scale_factor
    assert info.licence == entry.licence == "BSD-3-Clause"
    assert info.provenance["trained_by"]


def test_published_checkpoints_are_available_once_they_are_whole(monkeypatch, cache_folder):
    entry = replace(PUBLISHED[0], size=5, sha256=registry.hashlib.sha256(b"right").hexdigest())
    monkeypatch.setattr(registry, "PUBLISHED", (entry,))
    monkeypatch.setattr(registry, "_ENTRIES", {entry.name: entry})
    assert available() == BUNDLED
    cache_folder.mkdir()
    for content in (b"", b"righ", b"wrong", b"right!"):
        entry.path.write_bytes(content)
        assert available() == BUNDLED
    entry.path.write_bytes(b"right")
    assert available() == (*BUNDLED, entry)
    assert resolve(entry.name) == cache_folder / "published-zero-dce.pth"


def test_cache_folder(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("NAPARI_ZERODCE_CACHE")
    assert cache_folder().parts[-2:] == ("napari-zerodce", "checkpoints")
    monkeypatch.setenv("NAPARI_ZERODCE_CACHE", "~/weights")
    assert cache_folder() == Path.home() / "weights"


def test_paths(tmp_path, monkeypatch):
    path = tmp_path / "x.pth"
    path.write_bytes(b"")
    assert resolve(path) == path
    assert resolve(str(path)) == path
    monkeypatch.chdir(tmp_path)
    assert resolve("x.pth") == path
    assert resolve("none.pth") == tmp_path / "none.pth"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert resolve("~/x.pth") == path


def test_file_called_like_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "published-zero-dce").write_bytes(b"")
    assert resolve(f".{os.sep}published-zero-dce") == tmp_path / "published-zero-dce"
    with pytest.raises(CheckpointError, match="is not downloaded yet"):
        resolve("published-zero-dce")


@pytest.mark.parametrize("name", ["zero-dce++", "", "zerodce", "~nobody-here"])
def test_unknown_name(name):
    expected = (
        f"There is no checkpoint {name!r}: choose zero-dce, zero-dce-pp, zero-dce-fluo, "
        "zero-dce-pp-fluo, published-zero-dce, published-zero-dce-pp or the path of a .pth or "
        ".safetensors file."
    )
    with pytest.raises(CheckpointError, match=f"^{re.escape(expected)}$"):
        resolve(name)


def test_automatic_is_no_file():
    with pytest.raises(CheckpointError, match=r"no image here; give the name .* zero-dce-fluo"):
        load_checkpoint("auto")


def test_scale_factor_of_a_bundled_checkpoint_is_that_of_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path)
    entry = replace(BUNDLED[3], name="mine")
    save_checkpoint(entry.path, ZeroDCEPlusPlus(scale_factor=5), licence="MIT", provenance={})
    assert entry.scale_factor == 5
    assert replace(BUNDLED[3], name="missing").scale_factor == 12
    (tmp_path / "broken.safetensors").write_bytes(b"broken")
    assert replace(BUNDLED[3], name="broken").scale_factor == 12
    assert replace(BUNDLED[2], name="missing").scale_factor == 1


def test_published_but_not_downloaded():
    with pytest.raises(CheckpointError, match=r"not downloaded yet: use 'Get published weights'"):
        load_checkpoint("published-zero-dce-pp")


def test_bundled_but_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path)
    with pytest.raises(CheckpointError, match="install napari-zerodce again"):
        resolve("zero-dce")


def test_entry_of_a_file():
    assert entry_of(BUNDLED[1].path, "") is BUNDLED[1]
    assert entry_of(Path("anywhere"), PUBLISHED[0].sha256) is PUBLISHED[0]
    assert entry_of(Path("anywhere"), "0" * 64) is None
