"""Files of pix2pix, CycleGAN and CUT, in every way that people save them, give the same network."""

from __future__ import annotations

import json
from collections import OrderedDict

import pytest
import torch
from torch import nn

from napari_zerodce.checkpoints import load
from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.named_files import label_of, renamed
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.checkpoints.save import save_checkpoint, save_official
from napari_zerodce.core.networks import ZeroDCE
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.discriminators import PatchDiscriminator
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.errors import CheckpointError
from napari_zerodce.recent_results import RecentResults

CYCLEGAN = GeneratorDesign("resnet", 3, 3, 4, 2)
CUT = GeneratorDesign("resnet", 1, 2, 4, 3, dropout=True, antialias_down=True, antialias_up=True)
PIX2PIX = GeneratorDesign("unet", 6, 3, 4, 5, "batch")
DESIGNS = [CYCLEGAN, CUT, PIX2PIX]


def generator_of(design):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        generator = make_generator(design)
        for layer in generator.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2)
    return generator.eval()


def assert_holds(path, generator, design=None):
    checkpoint = load_checkpoint(path)
    assert checkpoint.info.is_translator
    assert checkpoint.info.design == checkpoint.network.design == (design or generator.design)
    side = max(16, generator.design.multiple)
    picture = torch.rand((1, generator.design.inputs, side, 2 * side)) * 2 - 1
    with torch.no_grad():
        assert torch.equal(checkpoint.generator(picture), generator(picture))
    return checkpoint


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("design", DESIGNS)
def test_state_dict(torch_file, design, legacy):
    generator = generator_of(design)
    info = assert_holds(torch_file(generator.state_dict(), legacy=legacy), generator).info
    assert info.architecture == design.method
    assert info.parameters == sum(weight.numel() for weight in generator.parameters())
    assert info.scale_factor == 1
    assert info.licence == "unknown"


def test_the_network_is_ready_for_use_and_belongs_to_its_caller(torch_file):
    path = torch_file(generator_of(PIX2PIX).state_dict())
    first, second = load_checkpoint(path).network, load_checkpoint(path).network
    assert not first.training
    assert not any(weight.requires_grad or weight.is_meta for weight in first.parameters())
    assert not any(each.is_meta for each in first.buffers())
    for mine, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert mine.data_ptr() != theirs.data_ptr()


def test_few_large_files_are_remembered(torch_file, monkeypatch):
    monkeypatch.setattr(load, "_LARGE", 0)
    monkeypatch.setattr(load, "_remembered_large", RecentResults(load.MOST_LARGE_REMEMBERED))
    saved = generator_of(CYCLEGAN).state_dict()
    for number in range(5):
        load_checkpoint(torch_file(saved, name=f"{number}.pth"))
    assert (len(load._remembered), len(load._remembered_large)) == (0, 2)


@pytest.mark.parametrize("prefix", ["module.", "netG.", "generator.module.", "model.", "a.model."])
def test_prefixes(torch_file, prefix):
    generator = generator_of(CYCLEGAN)
    saved = OrderedDict((f"{prefix}{name}", each) for name, each in generator.state_dict().items())
    assert_holds(torch_file(saved), generator)


@pytest.mark.parametrize("key", ["state_dict", "G", "netG", "generator", "model_G"])
def test_wrapped_beside_the_other_network_and_its_optimiser(torch_file, key, optimiser_state):
    generator = generator_of(CYCLEGAN)
    saved = {
        "netD": PatchDiscriminator(3, features=64).state_dict(),
        key: generator.state_dict(),
        "optimizer_G": optimiser_state,
        "epoch": 200,
    }
    assert_holds(torch_file(saved), generator)


@pytest.mark.parametrize("counts", [False, True])
def test_statistics_of_files_from_before_pytorch_0_4(torch_file, counts):
    generator = generator_of(CYCLEGAN)
    saved = dict(generator.state_dict())
    for name, layer in generator.named_modules():
        if isinstance(layer, nn.InstanceNorm2d):
            saved[f"{name}.running_mean"] = torch.full((layer.num_features,), 9.0)
            saved[f"{name}.running_var"] = torch.full((layer.num_features,), 9.0)
            if counts:
                saved[f"{name}.num_batches_tracked"] = torch.tensor(5)
    assert len(saved) > len(generator.state_dict())
    assert_holds(torch_file(saved, legacy=True), generator)


def test_batch_normalisation_without_counts(torch_file):
    generator = generator_of(PIX2PIX)
    saved = generator.state_dict()
    bare = {name: each for name, each in saved.items() if not name.endswith("batches_tracked")}
    assert len(bare) < len(saved)
    assert_holds(torch_file(bare), generator)


@pytest.mark.parametrize("design", DESIGNS)
def test_what_we_save_we_load(tmp_path, design):
    generator = generator_of(design)
    facts = {"trained_by": "me"}
    ours = save_checkpoint(
        tmp_path / "x.safetensors", generator, licence="CC0-1.0", provenance=facts
    )
    info = assert_holds(ours, generator).info
    assert (info.licence, dict(info.provenance)) == ("CC0-1.0", facts)
    assert_holds(save_official(tmp_path / "latest_net_G.pth", generator), generator)


def test_a_translator_can_have_another_name(tmp_path):
    generator = generator_of(PIX2PIX)
    path = save_checkpoint(tmp_path / "x.safetensors", generator, licence="x", provenance={})
    path.write_bytes(renamed(path, "day to night"))
    assert assert_holds(path, generator).info.label == label_of(path) == "day to night"


def test_an_official_file_is_the_plain_state_dict(tmp_path):
    generator = generator_of(PIX2PIX).to(torch.float64)
    path = save_official(tmp_path / "latest_net_G.pth", generator)
    saved = torch.load(path, weights_only=True)
    assert list(saved) == list(generator.state_dict())
    for name, tensor in saved.items():
        assert tensor.dtype == (torch.int64 if name.endswith("tracked") else torch.float32)
    generator.float().load_state_dict(saved, strict=True)


def test_an_official_file_has_the_suffix_of_one_and_finite_weights(tmp_path):
    generator = generator_of(CYCLEGAN)
    with pytest.raises(CheckpointError, match=r"must end in \.pth"):
        save_official(tmp_path / "x.safetensors", generator)
    generator.model[1].bias.data[0] = torch.nan
    with pytest.raises(CheckpointError, match=r"model\.1\.bias holds NaN"):
        save_official(tmp_path / "x.pth", generator)
    assert not list(tmp_path.iterdir())


def test_our_file_says_what_tensors_do_not_show(tmp_path):
    design = GeneratorDesign("unet", 3, 3, 4, 5, "batch", dropout=True)
    generator = generator_of(design)
    ours = save_checkpoint(tmp_path / "x.safetensors", generator, licence="x", provenance={})
    assert read_info(ours).design == design
    official = save_official(tmp_path / "x.pth", generator)
    assert not read_info(official).design.dropout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architecture": "cut"}, "it says it is CUT and holds the weights of CycleGAN"),
        ({"design": None}, "describes another CycleGAN network"),
        ({"design": {"family": "resnet"}}, "describes another CycleGAN network"),
        ({"architecture": "zero-dce"}, "it says it is Zero-DCE and holds the weights of CycleGAN"),
        ({"format": 3}, "newer napari-zerodce"),
    ],
)
def test_a_description_of_another_network(tmp_path, files, write, refused, change, words):
    path = save_checkpoint(
        tmp_path / "x.safetensors", generator_of(CYCLEGAN), licence="x", provenance={}
    )

    def spoil(header):
        stated = json.loads(header["__metadata__"]["napari-zerodce"])
        header["__metadata__"]["napari-zerodce"] = json.dumps(stated | change)

    refused(write("y.safetensors", files.with_header(path.read_bytes(), spoil)), words)


def test_uses_that_a_translator_or_a_curve_network_is_not_made_for(torch_file):
    translator = load_checkpoint(torch_file(generator_of(CYCLEGAN).state_dict(), name="g.pth"))
    sentence = (
        r"g\.pth \(CycleGAN, ResNet with 2 blocks\) translates pictures and has no curves; choose"
    )
    for ask in (
        lambda: translator.curve_network,
        lambda: translator.info.curve_architecture,
        lambda: translator.info.curve_traits,
    ):
        with pytest.raises(CheckpointError, match=sentence):
            ask()
    curves = load_checkpoint(torch_file(ZeroDCE().state_dict(), name="z.pth"))
    assert curves.curve_network is curves.network
    assert not curves.info.is_translator
    with pytest.raises(CheckpointError, match=r"z\.pth \(Zero-DCE\) is not a translator"):
        _ = curves.generator


@pytest.mark.parametrize("design", DESIGNS)
def test_damage_is_told(torch_file, refused, design):
    saved = dict(generator_of(design).state_dict())
    last = list(saved)[-1]
    weights = saved.pop(last)
    refused(torch_file(saved), f"does not fit {design.title}", f"{last} is missing")
    refused(torch_file({**saved, last: weights[:0]}), f"{last} is 0 instead of {len(weights)}")
    refused(torch_file({**saved, last: weights, "x": weights}), "x is not part of it")
    refused(torch_file({**saved, last: weights * torch.nan}), f"NaN or infinite weights in {last}")


def test_other_networks_of_a_training(torch_file, refused):
    judge = PatchDiscriminator(3, features=4)
    refused(torch_file(judge.state_dict(), name="latest_net_D.pth"), "a discriminator")
    refused(torch_file({"netD": judge.state_dict(), "epoch": 3}), "a discriminator")
    features = {"mlp_0.0.weight": torch.ones(256, 3), "mlp_0.0.bias": torch.ones(256)}
    refused(torch_file(features, name="latest_net_F.pth"), "PatchNCE")


def test_a_pair_of_generators(torch_file, refused):
    pair = {"G_A": generator_of(CYCLEGAN).state_dict(), "G_B": generator_of(CYCLEGAN).state_dict()}
    assert_holds(torch_file(pair), generator_of(CYCLEGAN))  # both have the same weights
    pair["G_B"]["model.1.bias"] += 1
    refused(torch_file(pair), "2 networks that can be used (G_A and G_B)", "in a file of its own")
