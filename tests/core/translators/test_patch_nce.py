"""PatchNCE: equal to an explicit loop, blind to a flip that is undone, no gradient of the keys."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import ResNetGenerator
from napari_zerodce.core.translators.patch_nce import (
    FeatureNetwork,
    choose_places,
    contrast,
    feature_widths,
    nce_layers,
    patch_nce,
)


def directions(seed: int, places: int = 7, width: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    found = torch.randn(places, width, generator=generator, dtype=torch.float64)
    return found / found.norm(dim=1, keepdim=True)


def test_equals_a_loop_over_the_wrong_keys() -> None:
    queries, keys = directions(0), directions(1)
    losses = []
    for place, query in enumerate(queries):
        right = math.exp(float(query @ keys[place]) / 0.07)
        others = [key for number, key in enumerate(keys) if number != place]
        wrong = sum(math.exp(float(query @ key) / 0.07) for key in others)
        losses.append(-math.log(right / (right + wrong + math.exp(-10 / 0.07))))
    assert float(patch_nce(queries, keys)) == pytest.approx(sum(losses) / len(losses), abs=1e-6)


def test_only_queries_have_a_gradient() -> None:
    queries, keys = directions(0).requires_grad_(), directions(1).requires_grad_()
    patch_nce(queries, keys).backward()
    assert queries.grad is not None
    assert keys.grad is None


@pytest.mark.parametrize(
    ("blurred", "blocks", "layers"),
    [
        (True, 9, (0, 4, 8, 12, 16)),
        (True, 6, (0, 4, 8, 12, 16)),
        (True, 5, (0, 4, 8, 12, 16)),
        (True, 4, (0, 4, 8, 12, 15)),
        (True, 1, (0, 4, 8, 12)),
        (False, 9, (0, 4, 8, 12, 18)),
        (False, 1, (0, 4, 8, 10)),
    ],
)
def test_compared_layers(blurred: bool, blocks: int, layers: tuple[int, ...]) -> None:
    design = GeneratorDesign(
        "resnet", features=2, depth=blocks, antialias_down=blurred, antialias_up=blurred
    )
    assert nce_layers(design) == layers
    generator = ResNetGenerator(design)
    features = generator.features(torch.zeros(1, 3, 32, 32), layers)
    assert feature_widths(generator) == [output.shape[1] for output in features]


def test_feature_network_has_the_official_names() -> None:
    names = list(FeatureNetwork([3, 8]).state_dict())
    assert names == [
        f"mlp_{number}.{place}.{kind}"
        for number in (0, 1)
        for place in (0, 2)
        for kind in ("weight", "bias")
    ]


def some_features(seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(1, width, 6, 8, generator=generator) for width in (3, 4)]


def test_a_flip_is_undone_before_the_comparison() -> None:
    torch.manual_seed(0)
    network = FeatureNetwork([3, 4])
    queries, keys = some_features(0), some_features(1)
    places = choose_places(keys, np.random.default_rng(0))
    plain = contrast(network, queries, keys, places)
    mirrored = [output.flip(3) for output in queries]
    assert torch.equal(contrast(network, mirrored, keys, places, flipped=True), plain)
    assert not torch.allclose(contrast(network, mirrored, keys, places), plain)


def test_places_are_distinct_and_at_most_256() -> None:
    features = [torch.zeros(1, 1, 20, 20), torch.zeros(1, 1, 3, 4)]
    many, few = choose_places(features, np.random.default_rng(0))
    assert (len(many), len(set(many.tolist()))) == (256, 256)
    assert sorted(few.tolist()) == list(range(12))


def test_a_result_that_resembles_its_source_loses_less() -> None:
    torch.manual_seed(0)
    network, keys = FeatureNetwork([3, 4]), some_features(1)
    places = choose_places(keys, np.random.default_rng(0))
    same = contrast(network, keys, keys, places)
    other = contrast(network, some_features(0), keys, places)
    assert same.item() < other.item() / 2


def test_the_feature_network_learns_from_queries_alone() -> None:
    """If keys gave gradients, equal queries and keys would give twice the gradient."""
    torch.manual_seed(0)
    network, keys = FeatureNetwork([3, 4]), some_features(1)
    places = choose_places(keys, np.random.default_rng(0))
    contrast(network, some_features(0), keys, places).backward()
    found = network.mlp_0[0].weight.grad.clone()
    network.zero_grad()
    fixed = [key.detach() for key in network(keys, places)]
    queries = network(some_features(0), places)
    losses = [patch_nce(query, key) for query, key in zip(queries, fixed, strict=True)]
    torch.stack(losses).mean().backward()
    assert torch.allclose(found, network.mlp_0[0].weight.grad, atol=1e-7)
