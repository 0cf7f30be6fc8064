"""Every way in which good weights may be stored gives the same network."""

from __future__ import annotations

import argparse
import copy
import shutil
import threading
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.networks import ZeroDCE, ZeroDCEPlusPlus
from napari_zerodce.errors import RequestError


def assert_holds(path, expected):
    checkpoint = load_checkpoint(path)
    state = checkpoint.network.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], expected[name]) for name in expected)
    return checkpoint


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("architecture", "kind", "parameters", "scale"),
    [("zero-dce", ZeroDCE, 79_416, 1), ("zero-dce-pp", ZeroDCEPlusPlus, 10_561, 12)],
)
def test_state_dict(torch_file, seeded, architecture, kind, parameters, scale, legacy):
    checkpoint = assert_holds(torch_file(seeded[architecture], legacy=legacy), seeded[architecture])
    assert type(checkpoint.network) is kind
    assert checkpoint.info.architecture == architecture
    assert checkpoint.info.parameters == parameters
    assert checkpoint.info.scale_factor == scale
    assert checkpoint.info.name == "saved.pth"
    assert checkpoint.info.licence == "unknown"
    assert checkpoint.info.provenance == {}


def test_estimator_is_ready_for_inference_on_any_machine(torch_file, weights):
    estimator = load_checkpoint(torch_file(weights)).network
    assert not estimator.training
    for parameter in estimator.parameters():
        assert parameter.device.type == "cpu"
        assert parameter.dtype == torch.float32
        assert not parameter.requires_grad
        assert parameter.is_contiguous()


def test_result_is_that_of_the_network_the_weights_were_taken_from(torch_file, seeded):
    network = ZeroDCEPlusPlus(4)
    network.load_state_dict(seeded["zero-dce-pp"])
    image = torch.linspace(0, 1, 3 * 16 * 24).reshape(1, 3, 16, 24)
    loaded = load_checkpoint(torch_file(seeded["zero-dce-pp"]), scale_factor=4).network
    with torch.no_grad():
        assert torch.equal(loaded(image), network(image))


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickle_protocols(torch_file, weights, protocol, legacy):
    assert_holds(torch_file(weights, legacy=legacy, pickle_protocol=protocol), weights)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_prefix(torch_file, weights, prefix):
    renamed = OrderedDict((f"{prefix}{name}", tensor) for name, tensor in weights.items())
    assert_holds(torch_file(renamed), weights)


class Settings(dict):
    """A class of the user's own, as those that Lightning keeps beside the weights."""

    def __init__(self, rate):
        super().__init__(rate=rate)
        self.places = [Path("/data"), rate]


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("prefix", ["model.", "net.module.", "generator._orig_mod."])
def test_checkpoint_of_lightning(torch_file, weights, optimiser_state, prefix, legacy):
    saved = {
        "epoch": 3,
        "global_step": 90,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": {
            **{f"{prefix}{name}": tensor for name, tensor in weights.items()},
            "loss.vgg.features.0.weight": torch.zeros(4, 3, 3, 3),
            "psnr.total": torch.tensor(3),
        },
        "optimizer_states": [optimiser_state],
        "lr_schedulers": [{"best": np.float64(0.1)}],
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"dirpath": Path("/runs")}},
        "hparams_name": "kwargs",
        "hyper_parameters": {"settings": Settings(0.1), "more": [Settings(1)], "of": Settings},
    }
    assert_holds(torch_file(saved, legacy=legacy), weights)


@pytest.mark.parametrize("key", ["state_dict", "model", "params", "anything"])
def test_wrapped(torch_file, weights, key):
    assert_holds(torch_file({key: weights, "epoch": 3}), weights)


def test_wrapped_twice_with_all_that_people_keep_beside_the_weights(
    torch_file, weights, optimiser_state
):
    network = ZeroDCEPlusPlus()
    network.load_state_dict(weights)
    saved = {
        "nets": {"generator": nn.DataParallel(network).state_dict()},
        "optimizer": optimiser_state,
        "loss": np.float64(0.25),
        "best": [np.float32(1), None, True],
        "args": argparse.Namespace(rate=1e-4),
        "device": torch.device("cpu"),
        "dtype": torch.float32,
        "size": torch.Size([1, 2]),
        7: (1, 2.5, b"bytes", "text", 2**70, -1),
    }
    assert_holds(torch_file(saved), weights)


def test_optimiser_that_looks_larger_than_the_network_does_not_win(torch_file, weights):
    moments = {f"exp_avg.{number}": torch.zeros(1) for number in range(200)}
    assert_holds(torch_file({"optimizer": moments, "net": weights}), weights)


def test_state_dict_with_its_metadata_and_parameters(torch_file, weights):
    network = ZeroDCEPlusPlus()
    network.load_state_dict(weights)
    assert hasattr(network.state_dict(), "_metadata")
    assert_holds(torch_file(network.state_dict()), weights)
    assert_holds(torch_file(dict(network.named_parameters())), weights)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(torch_file, weights, dtype, legacy):
    stored = {name: tensor.to(dtype) for name, tensor in weights.items()}
    expected = {name: tensor.to(torch.float32) for name, tensor in stored.items()}
    assert_holds(torch_file(stored, legacy=legacy), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_in_safetensors(write, files, weights, dtype):
    stored = {name: tensor.to(dtype) for name, tensor in weights.items()}
    expected = {name: tensor.to(torch.float32) for name, tensor in stored.items()}
    assert_holds(write("x.safetensors", files.safetensors(stored)), expected)


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_that_are_views_of_larger_storages_in_any_order(torch_file, seeded, legacy):
    weights = seeded["zero-dce"]
    flat = torch.cat([tensor.flatten() for tensor in weights.values()])
    views, start = {}, 0
    for name, tensor in weights.items():
        views[name] = flat[start : start + tensor.numel()].view(tensor.shape)
        start += tensor.numel()
    assert_holds(torch_file(views, legacy=legacy), weights)
    channels_last = {
        name: tensor.to(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
        for name, tensor in weights.items()
    }
    assert not channels_last["e_conv2.weight"].is_contiguous()
    assert_holds(torch_file(channels_last, legacy=legacy), weights)


def test_saved_on_a_gpu_that_this_machine_lacks(write, files, weights):
    def on_gpu(pickled: bytes) -> bytes:
        assert b"X\x03\x00\x00\x00cpu" in pickled
        return pickled.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:7")

    content = files.torch(weights)
    assert_holds(write("a.pth", files.with_member(content, "data.pkl", on_gpu)), weights)
    assert_holds(write("b.pth", on_gpu(files.torch(weights, legacy=True))), weights)


def test_deflated_zip(write, files, weights):
    import io
    import zipfile

    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(files.torch(weights))) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            new.writestr(member, old.read(member))
    assert_holds(write("packed.pth", packed.getvalue()), weights)


def test_big_endian_file(write, files, weights):
    def swapped(raw: bytes) -> bytes:
        return np.frombuffer(raw, "<f4").astype(">f4").tobytes()

    content = files.with_member(files.torch(weights), "byteorder", lambda _: b"big")
    for number in range(len(weights)):
        content = files.with_member(content, f"/data/{number}", swapped)
    assert_holds(write("big.pth", content), weights)


@pytest.mark.parametrize("name", ["weights.pth", "weights", "weights.bin", "weights.png"])
def test_content_decides_not_the_name(write, files, weights, name):
    assert_holds(write(name, files.safetensors(weights)), weights)
    assert_holds(write(name, files.torch(weights)), weights)
    assert_holds(write(name, files.torch(weights, legacy=True)), weights)


@pytest.mark.parametrize("kind", [ZeroDCE(), ZeroDCEPlusPlus(5)])
def test_what_we_save_we_load(tmp_path, kind):
    path = tmp_path / "mine.safetensors"
    facts = {"trained_by": "me", "epochs": "3"}
    save_checkpoint(path, kind, licence="CC0-1.0", provenance=facts)
    checkpoint = assert_holds(path, dict(kind.state_dict()))
    assert checkpoint.info.scale_factor == getattr(kind, "scale_factor", 1)
    assert checkpoint.info.licence == "CC0-1.0"
    assert checkpoint.info.provenance == facts
    assert checkpoint.info.path == path
    assert read_info(path) == checkpoint.info


def test_safetensors_of_other_programs(write, files, weights):
    path = write("foreign.safetensors", files.safetensors(weights, metadata={"format": "pt"}))
    info = assert_holds(path, weights).info
    assert (info.scale_factor, info.licence, info.provenance) == (12, "unknown", {})
    assert_holds(write("bare.safetensors", files.safetensors(weights)), weights)


def test_scale_factor_of_the_caller_wins(tmp_path, torch_file, weights):
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, ZeroDCEPlusPlus(5), licence="", provenance={})
    assert load_checkpoint(path).network.scale_factor == 5
    assert load_checkpoint(path, scale_factor=1).network.scale_factor == 1
    assert load_checkpoint(torch_file(weights), scale_factor=3).info.scale_factor == 3


@pytest.mark.parametrize("scale", [0, -1, 1.0, 2.5, True, "12", 2**40, float("nan")])
def test_senseless_scale_factor(torch_file, weights, scale):
    with pytest.raises(RequestError, match=r"^The scale factor is .*whole number from 1"):
        load_checkpoint(torch_file(weights), scale_factor=scale)


def test_zero_dce_has_no_scale_factor(torch_file, seeded):
    path = torch_file(seeded["zero-dce"])
    assert load_checkpoint(path, scale_factor=1).info.scale_factor == 1
    with pytest.raises(RequestError, match="Zero-DCE has no scale factor, but 4 was given"):
        load_checkpoint(path, scale_factor=4)


def test_changed_file_is_read_again_and_an_unchanged_one_is_not(torch_file, seeded, weights):
    path = torch_file(weights)
    first, second = load_checkpoint(path), load_checkpoint(str(path))
    assert first.info is second.info
    changed = {name: tensor + 1 for name, tensor in weights.items()}
    torch_file(changed)
    third = assert_holds(path, changed)
    assert third.info.sha256 != first.info.sha256
    torch_file(seeded["zero-dce"])
    assert load_checkpoint(path).info.architecture == "zero-dce"


def test_file_replaced_by_one_of_the_same_size_and_time_is_read_again(torch_file, weights):
    import os

    path = torch_file(weights)
    load_checkpoint(path)
    old = path.stat()
    changed = {name: tensor + 1 for name, tensor in weights.items()}
    other = torch_file(changed, name="other.pth")
    shutil.copystat(path, other)
    os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))
    other.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (old.st_size, old.st_mtime_ns)
    assert_holds(path, changed)


def test_callers_do_not_share_an_estimator(torch_file, weights):
    path = torch_file(weights)
    mine = load_checkpoint(path).network
    with torch.no_grad():
        for parameter in mine.parameters():
            parameter.zero_()
    mine.half()
    assert_holds(path, weights)


def test_only_a_few_files_are_remembered(torch_file, weights):
    from napari_zerodce.checkpoints import load

    paths = [torch_file(weights, name=f"{number}.pth") for number in range(12)]
    for path in paths:
        load_checkpoint(path)
    assert len(load._remembered) == 8


def test_loading_draws_no_random_numbers(torch_file, weights):
    path = torch_file(weights)
    before = torch.get_rng_state()
    load_checkpoint(path)
    assert torch.equal(torch.get_rng_state(), before)


def test_many_threads(torch_file, seeded):
    paths = [torch_file(seeded[name], name=name) for name in seeded] * 8
    failures = []

    def load(path: Path) -> None:
        try:
            for _ in range(3):
                assert_holds(path, seeded[path.name])
        except BaseException as err:  # noqa: BLE001
            failures.append(err)

    threads = [threading.Thread(target=load, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_loading_is_quick(tmp_path, seeded):
    network = ZeroDCE()
    network.load_state_dict(seeded["zero-dce"])
    path = save_checkpoint(tmp_path / "x.safetensors", network, licence="", provenance={})
    load_checkpoint(path)
    copied = shutil.copy(path, tmp_path / "y.safetensors")
    started = time.thread_time()
    load_checkpoint(copied)
    assert time.thread_time() - started < 1, "no import, and nothing is read twice"


def test_checkpoint_can_be_copied(torch_file, weights):
    checkpoint = load_checkpoint(torch_file(weights))
    copied = copy.deepcopy(checkpoint)
    assert copied.info == checkpoint.info


@pytest.mark.parametrize(
    ("file", "architecture", "name"),
    [
        ("zero-dce_epoch99.pth", "zero-dce", "published-zero-dce"),
        ("zero-dce-pp_epoch99.pth", "zero-dce-pp", "published-zero-dce-pp"),
    ],
)
def test_published_files(shared_data, tmp_path, file, architecture, name):
    path = tmp_path / "renamed"
    shutil.copy(shared_data / "checkpoints" / file, path)
    expected = torch.load(path, map_location="cpu", weights_only=True)
    info = assert_holds(path, expected).info
    assert info.architecture == architecture
    assert info.name == name
    assert info.licence == "CC BY-NC 4.0, academic use only"
    assert info.scale_factor == (12 if architecture == "zero-dce-pp" else 1)
