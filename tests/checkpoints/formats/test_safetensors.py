"""Safetensors: what the library leaves unchecked is checked; damage is a defect and no more."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats.safetensors import read

FLOAT = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


def file_of(header, numbers=bytes(4)):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def only_group(content):
    ((_, group),) = read(content).groups
    return group


def test_a_file_by_hand():
    header = {"__metadata__": {"a": "b"}, "x": FLOAT}
    file = read(file_of(header, b"\x00\x00\x80\x3f"))
    assert file.metadata == {"a": "b"}
    ((_, group),) = file.groups
    assert group["x"].number_format == "float32"
    np.testing.assert_array_equal(group["x"].read(), np.ones(1, np.float32))


def test_bfloat16_is_the_upper_half_of_float32():
    header = {"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    group = only_group(file_of(header, b"\x80\x3f\x00\xc0"))
    np.testing.assert_array_equal(group["x"].read(), np.array([1, -2], np.float32))


@pytest.mark.parametrize("metadata", [{}, None])
def test_there_may_be_no_metadata(metadata):
    assert read(file_of({"x": FLOAT})).metadata == {}
    assert read(file_of({"x": FLOAT, "__metadata__": metadata})).metadata == {}


def test_no_tensor_and_an_empty_one():
    assert only_group(file_of({}, b"")) == {}
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    assert only_group(file_of({"x": empty}, b""))["x"].read().shape == (0,)


def test_bytes_after_the_last_tensor_are_ignored():
    assert only_group(file_of({"x": FLOAT}, bytes(9)))["x"].read() == 0


@pytest.mark.parametrize("code", ["F8_E4M3", "I16", "U64"])
def test_numbers_that_cannot_be_weights_keep_their_name(code):
    size = {"F8_E4M3": 1, "I16": 2, "U64": 8}[code]
    header = {"x": {"dtype": code, "shape": [8 // size], "data_offsets": [0, 8]}}
    found = only_group(file_of(header, bytes(8)))["x"].number_format
    assert found == code


@pytest.mark.parametrize(
    "header",
    [
        {"x": FLOAT, "y": FLOAT},
        {"x": {**FLOAT, "dtype": "F31"}},
        {"x": {**FLOAT, "data_offsets": [0, 4.0]}},
        {"x": {**FLOAT, "shape": [2**62, 4]}},
        {"x": FLOAT, "__metadata__": []},
        {"x": FLOAT, "__metadata__": {"a": 1}},
        b'{"x": NaN}',
        b"{}\xff",
        b'{"__metadata__": {"a": "b"}, "__metadata__": {"a": 5}}',
        b'{"__metadata__": {"a": "b"}, "__metadata__": []}',
        b'{"__metadata__": {"a": 5, "a": "b"}}',
    ],
)
def test_headers_that_make_no_sense(header):
    with pytest.raises(Defect, match="header is invalid"):
        read(file_of(header))


def test_any_damage_gives_weights_or_a_sentence_in_no_time(files, weights):
    whole = files.safetensors(weights, metadata={"napari-zerodce": "{}"})
    header = 8 + int.from_bytes(whole[:8], "little")
    random = np.random.default_rng(1)
    outcomes = set()
    begun = time.thread_time()
    for number in range(2000):
        content = bytearray(whole)
        for place in random.integers(header if number % 4 else len(whole), size=1 + number % 3):
            content[place] = random.integers(256) if number % 2 else content[place] ^ 1
        if number % 10 == 0:
            del content[random.integers(len(content)) :]
        try:
            group = only_group(bytes(content))
            assert all(tensor.shape is not None for tensor in group.values())
            outcomes.add("read")
        except Defect as err:
            outcomes.add(str(err)[:20])
    assert time.thread_time() - begun < 60
    assert len(outcomes) > 3
    assert "read" in outcomes
