"""The content of a file decides which format reads it."""

from __future__ import annotations

import pytest
import torch

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats import safetensors, torch_legacy, torch_zip
from napari_zerodce.checkpoints.formats.checkpoint_format import FORMATS, format_of
from napari_zerodce.checkpoints.other_files import looks_like_web_page


def test_each_format_knows_its_own_files_and_no_other(files, weights):
    contents = {
        torch_zip: files.torch(weights),
        safetensors: files.safetensors(weights),
        torch_legacy: files.torch(weights, legacy=True),
    }
    assert set(contents) == set(FORMATS)
    for own, content in contents.items():
        assert [each for each in FORMATS if each.begins(content)] == [own]
        assert format_of(content) is own


def test_each_format_gives_the_same_tensors(files, weights):
    contents = [
        files.torch(weights),
        files.safetensors(weights),
        files.torch(weights, legacy=True),
    ]
    for content in contents:
        ((_, group),) = format_of(content).read(content).groups
        assert group.keys() == weights.keys()
        for name, tensor in group.items():
            assert torch.equal(torch.from_numpy(tensor.read()), weights[name])


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_a_pickle_of_another_protocol_is_an_old_torch_file(files, weights, protocol):
    content = files.torch(weights, legacy=True, pickle_protocol=protocol)
    assert format_of(content) is torch_legacy


@pytest.mark.parametrize("content", [b"x", b"\x80", b"12345678", bytes(100)])
def test_what_nobody_knows_is_left_to_the_reader_of_pickles(content):
    assert format_of(content) is torch_legacy
    with pytest.raises(Defect):
        torch_legacy.read(content)


def test_nothing_at_all():
    with pytest.raises(Defect, match="is empty"):
        format_of(b"")


def test_web_pages():
    assert looks_like_web_page(b" \n<!DOCTYPE HTML><html>")
    assert not looks_like_web_page(b"")
    assert not looks_like_web_page(b"PK<html")
