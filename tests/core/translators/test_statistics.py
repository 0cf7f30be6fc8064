"""Statistics of generators: exactly torch's own, and those of another picture."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import nn

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import Generator, make_generator
from napari_zerodce.core.translators.statistics import MeasuredGenerator, measured

DESIGNS = [
    GeneratorDesign("resnet", features=8, depth=2),
    GeneratorDesign("resnet", features=8, depth=2, norm="batch", dropout=True),
    GeneratorDesign("resnet", features=8, depth=2, antialias_down=True, antialias_up=True),
    GeneratorDesign("resnet", features=8, depth=2, norm="none"),
    GeneratorDesign("unet", features=8, depth=4, norm="batch", dropout=True),
    GeneratorDesign("unet", features=8, depth=4),
]


def random_generator(design: GeneratorDesign) -> Generator:
    torch.manual_seed(0)
    generator = make_generator(design)
    with torch.no_grad():
        for weights in generator.parameters():
            weights.normal_(0, 0.2)
    return generator


def picture(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_one_picture_is_translated_as_in_training_mode_without_dropout(
    design: GeneratorDesign,
) -> None:
    generator = random_generator(design).train()
    for layer in generator.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0
    made, _ = MeasuredGenerator(generator)(picture(1, 3, 48, 64))
    with torch.no_grad():
        expected = generator(picture(1, 3, 48, 64))
    assert float((made - expected).abs().max()) < 1e-6
    assert float(made.std()) > 0.01  # not a grey picture, of which all would be equal


def test_batch_normalisation_takes_the_picture_and_not_what_the_training_saw() -> None:
    generator = random_generator(DESIGNS[4])
    for layer in generator.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.fill_(3)
    assert not torch.allclose(
        MeasuredGenerator(generator)(picture(1, 3, 48, 64))[0],
        generator.eval()(picture(1, 3, 48, 64)),
        atol=0.01,
    )


def test_given_statistics_make_a_picture_independent_of_what_is_around_it() -> None:
    design = DESIGNS[0]
    network = MeasuredGenerator(random_generator(design))
    whole, statistics = network(picture(1, 3, 160, 200))
    assert design.receptive_radius == 28
    part, _ = network(picture(1, 3, 160, 200)[..., 20:108, :88].contiguous(), statistics)
    torch.testing.assert_close(part[..., 28:60, :60], whole[..., 48:80, :60], atol=1e-5, rtol=0)
    own, _ = network(picture(1, 3, 160, 200)[..., 20:108, :88].contiguous())
    assert float((own[..., 28:60, :60] - whole[..., 48:80, :60]).abs().max()) > 1e-3


def test_statistics_of_a_batch_are_those_of_all_its_pixels() -> None:
    features = picture(3, 5, 4, 6)
    means, scales = measured(features, 1e-5)
    torch.testing.assert_close(means, features.mean((0, 2, 3)))
    torch.testing.assert_close(scales, 1 / (features.var((0, 2, 3), correction=0) + 1e-5).sqrt())


def test_the_generator_itself_stays_unchanged() -> None:
    generator = random_generator(DESIGNS[4])
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    MeasuredGenerator(generator)(picture(1, 3, 48, 64))
    for name, tensor in generator.state_dict().items():
        torch.testing.assert_close(tensor, before[name], atol=0, rtol=0)
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in generator.modules())


def test_threads_do_not_share_what_they_measure() -> None:
    network = MeasuredGenerator(random_generator(DESIGNS[0]))
    pictures = [picture(1, 3, 64, 64) * scale for scale in (0.1, 0.4, 0.7, 1.0)]
    expected = [network(each)[0] for each in pictures]
    made: dict[int, torch.Tensor] = {}

    def work(number: int) -> None:
        for _ in range(4):
            made[number] = network(pictures[number])[0]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, wanted in enumerate(expected):
        torch.testing.assert_close(made[number], wanted, atol=1e-5, rtol=0)
