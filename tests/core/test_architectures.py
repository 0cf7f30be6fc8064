"""The table of architectures agrees with the networks, and nothing else names them."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
import torch

from napari_zerodce.core.architectures import ARCHITECTURES, ITERATIONS, Architecture
from napari_zerodce.core.networks import NETWORKS, CurveNetwork, make_network

SOURCES = Path(str(files("napari_zerodce")))


def test_each_architecture_has_a_row_and_a_network():
    assert set(ARCHITECTURES) == set(get_args(Architecture)) == set(NETWORKS)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("scale_factor", [1, 3])
def test_a_network_is_what_its_row_says(architecture, scale_factor):
    traits = ARCHITECTURES[architecture]
    network = make_network(architecture, scale_factor)
    assert isinstance(network, CurveNetwork)
    assert network.architecture == architecture
    assert network.scale_factor == scale_factor
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes == traits.shapes
    with torch.inference_mode():
        image = torch.rand(2, 3, 20, 17)
        assert network.estimate_maps(image).shape == (2, traits.maps, 3, 20, 17)
        alphas = network(image)
    assert alphas.shape == (2, ITERATIONS, 3, 20, 17)
    assert (alphas.stride(1) == 0) == traits.shares_one_map


def test_no_other_file_names_an_architecture():
    # Names of checkpoints are others: the registry's published ones, and examples in help texts.
    quoted = re.compile(r"""(["'])zero-dce-pp\1""")
    found = [
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if quoted.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["core/architectures.py"]


def test_no_file_asks_which_class_a_network_is():
    asked = re.compile(r"isinstance\([\w.]+, (ZeroDCE|ZeroDCEPlusPlus)\)")
    assert not [
        path for path in SOURCES.rglob("*.py") if asked.search(path.read_text(encoding="utf-8"))
    ]
