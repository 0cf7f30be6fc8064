"""The discriminator: its size, its patches, and the tensors of official files."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_zerodce.core.translators.discriminators import PatchDiscriminator


@pytest.mark.parametrize(
    ("inputs", "norm", "antialias", "parameters"),
    [
        (3, "instance", False, 2_764_737),
        (3, "instance", True, 2_764_737),
        (6, "batch", False, 2_768_705),
    ],
)
def test_official_sizes(inputs: int, norm: str, antialias: bool, parameters: int) -> None:
    network = PatchDiscriminator(inputs, norm=norm, antialias=antialias)
    assert sum(weights.numel() for weights in network.parameters()) == parameters


@pytest.mark.parametrize("antialias", [False, True])
def test_judges_30_by_30_patches_of_256_pixels(antialias: bool) -> None:
    network = PatchDiscriminator(1, features=2, antialias=antialias)
    assert network(torch.rand(2, 1, 256, 256)).shape == (2, 1, 30, 30)


@pytest.mark.parametrize(("antialias", "patch"), [(False, 70), (True, 84)])
def test_size_of_a_patch(antialias: bool, patch: int) -> None:
    network = PatchDiscriminator(1, features=1, norm="none", antialias=antialias).double()
    for weights in network.parameters():
        nn.init.constant_(weights, 0.05)
    picture = torch.ones(1, 1, 256, 256, dtype=torch.float64, requires_grad=True)
    network(picture)[0, 0, 15, 15].backward()
    rows = picture.grad[0, 0].nonzero()[:, 0]
    assert int(rows.max() - rows.min()) + 1 == patch


def test_names_are_those_of_official_files() -> None:
    plain = PatchDiscriminator(3, features=2, norm="batch").state_dict()
    assert [name for name in plain if name.endswith(".weight")] == [
        f"model.{place}.weight" for place in (0, 2, 3, 5, 6, 8, 9, 11)
    ]
    assert plain["model.11.weight"].shape == (1, 16, 4, 4)
    blurred = PatchDiscriminator(3, features=2, antialias=True).state_dict()
    assert [name for name in blurred if name.endswith(".filt")] == [
        f"model.{place}.filt" for place in (2, 6, 10)
    ]
