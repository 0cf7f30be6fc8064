"""Architectures are told apart by names and shapes."""

from __future__ import annotations

import pytest

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats.stored_tensor import StoredTensor
from napari_zerodce.checkpoints.recognise import (
    likeness,
    most_likely,
    recognise,
    without_prefixes,
)
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.networks import ZeroDCE, ZeroDCEPlusPlus


def stored(shapes, number_format="float32"):
    return {
        name: StoredTensor(number_format, shape, None, 0, bytes) for name, shape in shapes.items()
    }


@pytest.mark.parametrize(
    ("architecture", "network"), [("zero-dce", ZeroDCE()), ("zero-dce-pp", ZeroDCEPlusPlus())]
)
def test_expected_shapes_are_those_of_the_networks(architecture, network):
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert ARCHITECTURES[architecture].shapes == shapes
    assert ARCHITECTURES[architecture].parameters == sum(p.numel() for p in network.parameters())


def test_parameters_are_those_of_the_papers():
    parameters = {name: traits.parameters for name, traits in ARCHITECTURES.items()}
    assert parameters == {"zero-dce": 79_416, "zero-dce-pp": 10_561}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("number_format", ["float16", "bfloat16", "float32", "float64"])
def test_recognised_without_looking_at_a_number(architecture, number_format):
    tensors = stored(ARCHITECTURES[architecture].shapes, number_format)
    assert recognise(dict(reversed(tensors.items()))).kind == architecture


def test_nothing():
    with pytest.raises(Defect, match="no weights"):
        recognise({})


def test_prefixes_go_only_if_every_name_has_them():
    assert without_prefixes({"module.a": 1, "module.b": 2}) == {"a": 1, "b": 2}
    assert without_prefixes({"module.a": 1, "b": 2}) == {"module.a": 1, "b": 2}
    assert without_prefixes({}) == {}
    assert without_prefixes({"_orig_mod.module.a": 1}) == {"a": 1}


def test_likeness_counts_known_names():
    assert likeness({}) == 0
    assert likeness({"weight": 1}) == 0
    assert likeness({"e_conv1.weight": 1, "e_conv2.bias": 1, "e_conv8.bias": 1}) == 2


def test_the_group_most_like_an_estimator_is_chosen_under_its_bare_names():
    ours = {"module.e_conv1.weight": 1, "module.e_conv2.weight": 2}
    other = {"weight": 1, "bias": 2, "scale": 3}
    assert most_likely([other, ours]) == {"e_conv1.weight": 1, "e_conv2.weight": 2}
    assert most_likely([other, {}]) == other
    assert most_likely([]) == {}
