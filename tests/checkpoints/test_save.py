"""What is saved is whole, reproducible, and says what it is."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.networks import ZeroDCE, ZeroDCEPlusPlus
from napari_zerodce.errors import CheckpointError

FACTS = {"trained_by": "a test", "epochs": "1", "ümlaut": "µ"}


def test_other_programs_can_read_the_file(tmp_path):
    network = ZeroDCEPlusPlus(6)
    path = save_checkpoint(tmp_path / "x.safetensors", network, licence="CC0-1.0", provenance=FACTS)
    tensors = load_file(path)
    assert tensors.keys() == network.state_dict().keys()
    assert all(torch.equal(tensors[name], t) for name, t in network.state_dict().items())
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["napari-zerodce"]) == {
            "format": 1,
            "architecture": "zero-dce-pp",
            "scale_factor": 6,
            "licence": "CC0-1.0",
            "provenance": FACTS,
        }


def test_same_weights_and_words_give_the_same_bytes(tmp_path):
    network = ZeroDCE()
    hashes = set()
    for number in range(5):
        facts = dict(sorted(FACTS.items(), reverse=number % 2 == 0))
        path = save_checkpoint(
            tmp_path / f"{number}.safetensors", network, licence="x", provenance=facts
        )
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_weights_are_saved_as_float32_whatever_they_were(tmp_path):
    network = ZeroDCE().to(torch.float64).to(memory_format=torch.channels_last).requires_grad_()
    path = save_checkpoint(tmp_path / "x.safetensors", network, licence="x", provenance={})
    for name, tensor in load_file(path).items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, network.state_dict()[name].float())
    assert network.e_conv1.weight.dtype == torch.float64


def test_existing_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"old")
    save_checkpoint(str(path), ZeroDCE(), licence="x", provenance={})
    assert len(path.read_bytes()) > 4 * 79_416
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_others_may_read_the_file_if_the_user_wants_so(tmp_path):
    old = os.umask(0o022)
    try:
        path = save_checkpoint(tmp_path / "x.safetensors", ZeroDCE(), licence="x", provenance={})
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_diverged_weights_are_not_saved_over_good_ones(tmp_path):
    path = save_checkpoint(tmp_path / "x.safetensors", ZeroDCE(), licence="x", provenance={})
    good = path.read_bytes()
    network = ZeroDCE()
    with torch.no_grad():
        network.e_conv4.bias[3] = float("nan")
    with pytest.raises(CheckpointError, match=r"e_conv4\.bias holds NaN.*lower learning rate"):
        save_checkpoint(path, network, licence="x", provenance={})
    assert path.read_bytes() == good


def test_name_must_say_what_the_file_is(tmp_path):
    with pytest.raises(CheckpointError, match=r"'x\.pth': its name must end in \.safetensors"):
        save_checkpoint(tmp_path / "x.pth", ZeroDCE(), licence="x", provenance={})
    assert list(tmp_path.iterdir()) == []


def test_folder_that_does_not_exist_or_cannot_be_written(tmp_path):
    with pytest.raises(CheckpointError, match=r"cannot be written to .*none: No such file"):
        save_checkpoint(tmp_path / "none" / "x.safetensors", ZeroDCE(), licence="", provenance={})
    (tmp_path / "d.safetensors").mkdir()
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(tmp_path / "d.safetensors", ZeroDCE(), licence="", provenance={})
    assert [path.name for path in tmp_path.iterdir()] == ["d.safetensors"]


def test_other_networks_and_values_are_programming_errors(tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(TypeError, match="network is a Linear"):
        save_checkpoint(path, torch.nn.Linear(1, 1), licence="x", provenance={})
    with pytest.raises(TypeError, match="strings to strings"):
        save_checkpoint(path, ZeroDCE(), licence="x", provenance={"epochs": 3})
