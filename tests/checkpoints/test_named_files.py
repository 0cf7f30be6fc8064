"""The name inside a file: read for its label, replaced, and absent from files of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.named_files import label_of, renamed
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.checkpoints.registry import BUNDLED
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.networks import make_network
from napari_zerodce.errors import CheckpointError

NAMES = ["cells of November", 'nuclei 🔬 "quoted" \\ / é', "x" * 60]


def save(path: Path, name: str = "") -> Path:
    torch.manual_seed(0)
    facts = {"trained_by": "a test", "step": "7 of 9", "images": "a.tif, ñ.tif"}
    if name:
        facts["given_name"] = name
    network = make_network("zero-dce-pp", 12)
    return save_checkpoint(path, network, licence="BSD-3-Clause", provenance=facts)


@pytest.mark.parametrize("before", ["", "old"])
@pytest.mark.parametrize("after", ["", *NAMES])
def test_a_renamed_file_is_as_if_it_were_saved_with_that_name(
    tmp_path: Path, before: str, after: str
) -> None:
    old, new = save(tmp_path / "old.safetensors", before), save(tmp_path / "new.safetensors", after)
    assert renamed(old, after) == new.read_bytes()


def test_the_weights_of_a_renamed_file_stay(tmp_path: Path) -> None:
    old, new = save(tmp_path / "old.safetensors"), tmp_path / "new.safetensors"
    new.write_bytes(renamed(old, "cells\nof November"))
    before, after = (load_checkpoint(path).network.state_dict() for path in (old, new))
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert read_info(new).label == label_of(new) == "cells of November, step 7"
    assert read_info(new).licence == "BSD-3-Clause"


def test_a_label_needs_only_the_start_of_a_file(tmp_path: Path) -> None:
    path = save(tmp_path / "mine.safetensors", "mine")
    whole = path.read_bytes()
    path.write_bytes(whole[: 8 + int.from_bytes(whole[:8], "little")])
    assert label_of(path) == "mine, step 7"


@pytest.mark.parametrize("stated", ["x", ["x"], {"napari-zerodce": 3}, None])
def test_a_file_with_damaged_metadata_is_called_as_the_file(tmp_path: Path, stated: object) -> None:
    header = json.dumps({"__metadata__": stated}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert label_of(path) == "x.safetensors"


def test_a_label_follows_the_file(tmp_path: Path) -> None:
    path = save(tmp_path / "mine.safetensors", "first")
    assert label_of(path) == "first, step 7"
    path.write_bytes(renamed(path, "second name"))
    assert label_of(path) == "second name, step 7"


def test_files_without_a_name_have_their_file_name(tmp_path: Path) -> None:
    assert label_of(save(tmp_path / "mine.safetensors")) == "mine.safetensors"
    assert label_of(tmp_path / "nowhere.pth") == "nowhere.pth"
    (tmp_path / "text.safetensors").write_bytes(b"12345678{no JSON")
    assert label_of(tmp_path / "text.safetensors") == "text.safetensors"
    torch.save({}, tmp_path / "other.pth")
    assert label_of(tmp_path / "other.pth") == "other.pth"


def test_bundled_weights_have_their_name_in_the_registry() -> None:
    for entry in BUNDLED:
        assert read_info(entry.name).label == entry.name


def test_a_file_of_others_cannot_be_renamed(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"^other\.pth ") as caught:
        renamed(tmp_path / "other.pth", "x")
    assert "\n" not in str(caught.value)
    with pytest.raises(CheckpointError, match="does not exist"):
        renamed(tmp_path / "nowhere.safetensors", "x")
