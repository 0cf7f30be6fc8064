"""PyTorch as an estimator: shapes, grey stays grey, a stop in the middle, several threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.device import Device
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.errors import Cancelled

CPU = Device("cpu", "")


def estimator_of(name="zero-dce-pp", **given):
    return TorchEstimator(load_checkpoint(name, **given), CPU, "float32")


def noise(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("height", "width"), [(1, 1), (9, 40)])
def test_a_block_gets_the_maps_of_its_architecture(name, height, width):
    estimator = estimator_of(name)
    traits = ARCHITECTURES[name]
    assert estimator.scale_factor == traits.default_scale_factor
    maps = estimator.estimate(noise(1, 3, height, width))
    assert maps.shape == (1, traits.maps, 3, height, width)
    assert maps.dtype == np.float32
    assert maps.flags.c_contiguous
    assert np.abs(maps).max() <= 1


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_one_channel_gets_the_mean_of_three_equal_ones(name):
    estimator = estimator_of(name)
    grey = noise(1, 1, 8, 30)
    one, three = estimator.estimate(grey), estimator.estimate(np.repeat(grey, 3, axis=1))
    np.testing.assert_allclose(one, three.mean(2, keepdims=True), rtol=0, atol=1e-7)


def test_a_tensor_stays_a_tensor_as_on_a_gpu():
    estimator, image = estimator_of(), noise(1, 3, 8, 30)
    maps = estimator.estimate(torch.from_numpy(image))
    assert np.array_equal(maps.numpy(), estimator.estimate(image))


def test_the_network_of_the_checkpoint_stays_as_it_is():
    checkpoint = load_checkpoint("zero-dce-pp", scale_factor=3)
    estimator = TorchEstimator(checkpoint, CPU, "bfloat16")
    assert estimator.scale_factor == 3
    assert {weight.dtype for weight in checkpoint.network.parameters()} == {torch.float32}
    assert {weight.dtype for weight in estimator.network.parameters()} == {torch.bfloat16}


def test_it_is_asked_before_each_convolution_whether_to_stop():
    asked = []

    def check():
        asked.append(None)
        if len(asked) == 5:
            raise Cancelled

    estimator = estimator_of("zero-dce")
    with pytest.raises(Cancelled):
        estimator.estimate(noise(1, 3, 8, 8), check=check)
    asked.clear()
    estimator.estimate(noise(1, 3, 8, 8))  # and used again, with nobody to ask
    assert not asked


def test_a_stop_of_one_thread_is_none_of_another():
    estimator, image = estimator_of("zero-dce"), noise(1, 3, 40, 40)
    ended, begun, stopped = {}, threading.Event(), threading.Event()

    def work(name, check):
        try:
            ended[name] = estimator.estimate(image, check=check)
        except Cancelled as err:
            ended[name] = err
            stopped.set()

    def slow_check():
        begun.set()
        assert stopped.wait(120)

    def stop():
        assert begun.wait(120)
        raise Cancelled

    threads = [
        threading.Thread(target=work, args=("kept", slow_check)),
        threading.Thread(target=work, args=("stopped", stop)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert isinstance(ended["stopped"], Cancelled)
    assert ended["kept"].shape == (1, 8, 3, 40, 40)


def test_a_network_is_placed_once_unless_its_weights_changed():
    first, second = load_checkpoint("zero-dce"), load_checkpoint("zero-dce")
    placed = TorchEstimator(first, CPU, "float32").network
    assert TorchEstimator(second, CPU, "float32").network is placed
    assert TorchEstimator(second, CPU, "bfloat16").network is not placed
    with torch.no_grad():
        second.network.e_conv7.bias[0] += 1
    changed = TorchEstimator(second, CPU, "float32").network
    assert changed is not placed
    assert changed.e_conv7.bias[0] == second.network.e_conv7.bias[0]


TINY = torch.finfo(torch.float32).tiny


def subnormal(network):
    weights = torch.cat([weight.flatten() for weight in network.parameters()])
    return int(((weights != 0) & (weights.abs() < TINY)).sum())


def test_only_subnormal_weights_become_zero():
    checkpoint = load_checkpoint("zero-dce")
    bias = checkpoint.network.e_conv7.bias
    given = torch.tensor([0, TINY, -TINY, TINY / 2, -TINY / 2, TINY * 2**-23, 0.5])
    with torch.no_grad():
        bias[:7] = given
    kept = TorchEstimator(checkpoint, CPU, "float32").network.e_conv7.bias[:7]
    assert kept.tolist() == torch.tensor([0, TINY, -TINY, 0, 0, 0, 0.5]).tolist()
    assert torch.equal(bias[:7], given), "the checkpoint keeps its own"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_without_subnormal_weights_no_bit_is_different(name):
    checkpoint = load_checkpoint(name)
    network = checkpoint.network.to(memory_format=torch.channels_last)
    with torch.no_grad():
        for weights in network.parameters():
            weights[weights.abs() < 1e-6] = 1e-39  # as a training leaves them
    assert subnormal(network) > 0
    estimator = TorchEstimator(checkpoint, CPU, "float32")
    assert subnormal(estimator.network) == 0
    generator = torch.Generator().manual_seed(0)
    for scale in (0, 1e-3, 0.2, 1):
        image = torch.rand((1, 3, 120, 96), generator=generator) * scale
        image = image.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            assert torch.equal(estimator.network(image), network(image)), scale
