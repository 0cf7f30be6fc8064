"""The tensors of what was given to `torch.save`, each dict of them once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats.pickled_names import StorageRecord, TensorRecord
from napari_zerodce.checkpoints.formats.torch_archive import Archive

TWO = TensorRecord(StorageRecord("float32", "0", 2), 0, (2,), (1,))


def archive_of(root, content=bytes(8), *, big_endian=False):
    return Archive(root, lambda _key: content, big_endian)


def groups_of(root):
    return [set(group) for _, group in archive_of(root).tensor_file().groups]


def test_a_bare_state_dict_without_what_is_not_a_tensor():
    assert groups_of({"a": TWO, "epoch": 3, 4: TWO}) == [{"a"}]


def test_dicts_in_dicts_down_to_the_third():
    root = {"a": TWO, "b": {"c": TWO, "d": {"e": TWO, "f": {"g": TWO}}}}
    assert groups_of(root) == [{"a"}, {"c"}, {"e"}]


def test_the_same_dict_is_looked_at_once():
    shared = {"a": TWO}
    root = {"x": shared, "y": shared}
    root["z"] = root
    assert groups_of(root) == [set(), {"a"}]


@pytest.mark.parametrize("root", [None, 3, "text", [TWO], TWO])
def test_what_is_not_a_dict_has_no_group(root):
    assert groups_of(root) == []


def test_the_state_of_an_optimiser_is_refused():
    with pytest.raises(Defect, match="an optimiser's state"):
        archive_of({"state": {}, "param_groups": []}).tensor_file()


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_in_either_order_of_bytes(order):
    content = np.array([1, -2], f"{order}f4").tobytes()
    archive = archive_of({"a": TWO}, content, big_endian=order == ">")
    ((_, group),) = archive.tensor_file().groups
    np.testing.assert_array_equal(group["a"].read(), np.array([1, -2], np.float32))


@pytest.mark.parametrize("size", [0, 7, 9])
def test_a_storage_of_another_size_than_claimed_is_damage(size):
    ((_, group),) = archive_of({"a": TWO}, bytes(size)).tensor_file().groups
    with pytest.raises(Defect, match="claims 8 bytes"):
        group["a"].read()
