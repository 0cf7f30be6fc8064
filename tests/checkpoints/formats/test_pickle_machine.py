"""The little pickle machine: plain values come out, and nothing is imported or called."""

from __future__ import annotations

import collections
import pickle

import pytest

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats.pickle_machine import PickleStream, read_pickle
from napari_zerodce.checkpoints.formats.pickled_names import Name

VALUES = [
    None,
    True,
    0,
    -1,
    255,
    65_536,
    2**40,
    -(2**70),
    2.5,
    "text ü",
    "x" * 300,
    (),
    (1,),
    (1, 2),
    (1, 2, 3),
    (1, 2, 3, 4),
    [],
    [1],
    list(range(2000)),
    {},
    {"a": 1},
    {number: str(number) for number in range(2000)},
    {"a": [{"b": ((),)}], None: 1, 2.5: ""},
]


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("value", [*VALUES, b"bytes", {2.5: b""}])
def test_plain_values_are_as_pickle_reads_them(value, protocol):
    assert read_pickle(PickleStream(pickle.dumps(value, protocol))).value == value


@pytest.mark.parametrize("value", VALUES)
def test_plain_values_of_the_protocol_that_torch_uses(value):
    # Bytes are a call there, and skipped.
    assert read_pickle(PickleStream(pickle.dumps(value, protocol=2))).value == value


def test_what_follows_a_pickle_is_left_to_the_next_reader():
    stream = PickleStream(pickle.dumps(1) + pickle.dumps("two") + b"rest")
    assert read_pickle(stream).value == 1
    assert read_pickle(stream).value == "two"
    assert stream.read() == b"rest"


def test_shared_and_circular_values():
    shared: list[object] = [1]
    shared.append(shared)
    value = read_pickle(PickleStream(pickle.dumps([shared, shared]))).value
    assert value[0] is value[1]
    assert value[0][1] is value[0]


def test_ordered_dict_keeps_its_order():
    value = collections.OrderedDict([("z", 1), ("a", 2)])
    read = read_pickle(PickleStream(pickle.dumps(value))).value
    assert list(read.items()) == [("z", 1), ("a", 2)]


def test_ordered_dict_of_python_2():
    content = b"\x80\x02ccollections\nOrderedDict\n]](U\x01aK\x01ea\x85R."
    assert read_pickle(PickleStream(content)).value == {"a": 1}


def test_harmless_names_stay_names():
    import argparse

    content = pickle.dumps(argparse.Namespace(rate=1), protocol=2)
    assert read_pickle(PickleStream(content)).value == Name("argparse.Namespace")


@pytest.mark.parametrize(
    "name",
    [
        "posix system",
        "builtins eval",
        "torch load",
        "torch.hub load",
        "torch.storage FloatStorage.x",
    ],
)
def test_other_names_are_refused(name):
    module, attribute = name.split()
    with pytest.raises(Defect, match=f"load {module}.{attribute}, which could run any code"):
        read_pickle(PickleStream(f"c{module}\n{attribute}\n.".encode()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"0.",
        b"R.",
        b"u.",
        b"(.",
        b"t.",
        b"h\x05.",
        b"Q.",
        b"NQ.",
        b"Nb.",
        b"NNs.",
        b"]Na",
        b"NNa.",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x8b\xff\xff\xff\x7f.",
        b"I" + b"9" * 10_000 + b"\n.",
        b"ctorch\nSize\nNR)",
        b"ccollections\nOrderedDict\nNR.",
        b"ccollections\nOrderedDict\n(NtR.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR.",
        b"\x80\x04NN\x93.",
        b"\x80\x04)\x8c\x01a\x93.",
        b"N)R.",
        b"ctorch\nSi\\Rze\n.",
    ],
)
def test_damaged_pickles(content):
    with pytest.raises(Defect, match="cut off, damaged or not a checkpoint"):
        read_pickle(PickleStream(content))


def test_endless_pickles_end():
    with pytest.raises(Defect, match="too many values"):
        read_pickle(PickleStream(b"N" * 10_000_000))
