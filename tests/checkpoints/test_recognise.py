"""Architectures are told apart by names and shapes."""

from __future__ import annotations

import pytest

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.recognise import recognise
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.networks import ZeroDCE, ZeroDCEPlusPlus
from napari_zerodce.core.translators.design import GeneratorDesign


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
def test_recognised_without_looking_at_a_number(stored, architecture, number_format):
    tensors = stored(ARCHITECTURES[architecture].shapes, number_format)
    assert recognise(dict(reversed(tensors.items()))).kind == architecture


def test_nothing():
    with pytest.raises(Defect, match="no weights"):
        recognise({})


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_a_translator_is_recognised_whatever_it_counts(stored, norm):
    design = GeneratorDesign("resnet", 1, 2, 4, 2, norm)
    complete = stored(design.shapes)
    uncounted = {n: tensor for n, tensor in complete.items() if not n.endswith("batches_tracked")}
    for tensors in (complete, uncounted):
        found = recognise(tensors)
        assert found.design == design
        assert found.kind == "cyclegan"
        assert found.parameters == design.parameters
        assert found.tensors.keys() == uncounted.keys()


def test_statistics_go_only_where_instance_normalisation_never_used_them(stored):
    statistics = {"model.2.running_mean": (4,), "model.2.running_var": (4,)}
    instance = GeneratorDesign("resnet", 3, 3, 4, 2)
    found = recognise(stored({**instance.shapes, **statistics}))
    assert found.tensors.keys() == instance.shapes.keys()
    batch = GeneratorDesign("resnet", 3, 3, 4, 2, "batch")
    assert recognise(stored(batch.shapes)).tensors.keys() >= statistics.keys()
    bare = {name: shape for name, shape in batch.shapes.items() if name not in statistics}
    with pytest.raises(
        Defect, match=r"model\.2\.running_mean and model\.2\.running_var are missing"
    ):
        recognise(stored(bare))


def test_more_weights_than_memory_is_for_are_refused(stored):
    design = GeneratorDesign("resnet", 3, 3, 1024, 9)
    with pytest.raises(Defect, match=r"has 2,907,\d{3},\d{3} weights"):
        recognise(stored(design.shapes))
