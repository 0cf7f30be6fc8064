"""Networks that are no generators of ours are told by names and shapes."""

from __future__ import annotations

import pytest

from napari_zerodce.checkpoints.infer_design import design_of
from napari_zerodce.checkpoints.other_networks import other_network
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.discriminators import PatchDiscriminator


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_discriminators(norm, antialias):
    network = PatchDiscriminator(6, features=4, norm=norm, antialias=antialias)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    words = other_network(shapes)
    assert "a discriminator" in words
    assert "latest_net_G.pth" in words


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ({"net.0.weight": (64, 3, 1, 1), "net.2.weight": (128, 64, 1, 1)}, "pixel discriminator"),
        ({"mlp_0.0.weight": (256, 3), "mlp_0.2.weight": (256, 256)}, "PatchNCE"),
        ({"decoder.convs.0.conv1.conv.modulation.weight": (64, 512)}, "StyleGAN2"),
        ({"encoder.convs.1.0.weight": (64, 3, 1, 1)}, "StyleGAN2"),
        ({"netG.encoder.convs.2.conv1.0.weight": (64, 64, 3, 3)}, "StyleGAN2"),
        ({"model.0.conv.weight": (64, 3, 7, 7)}, "MUNIT"),
        ({"conv1_1.weight": (32, 4, 3, 3), "bn1_1.weight": (32,)}, "EnlightenGAN"),
        ({"scale0_layer0.0.weight": (64, 6, 4, 4)}, "pix2pixHD"),
        ({"model1_1.1.weight": (32, 3, 7, 7), "model.1.weight": (64, 3, 7, 7)}, "local enhancer"),
        (
            {
                "model.1.weight": (64, 3, 7, 7),
                "model.4.weight": (128, 64, 3, 3),
                "model.7.weight": (256, 128, 3, 3),
                "model.10.weight": (512, 256, 3, 3),
                "model.13.conv_block.1.weight": (512, 512, 3, 3),
            },
            "more than twice",
        ),
        ({"model.10.conv_block.0.weight": (8, 8, 3, 3)}, "pad with zeros"),
        ({"model.10.conv_block.1.weight": (8, 8, 3, 3)}, "another first layer"),
        ({"model.model.0.weight": (8, 3, 3, 3)}, "another first layer"),
    ],
)
def test_others(shapes, words):
    assert words in other_network(shapes)


@pytest.mark.parametrize("family", ["resnet", "unet"])
def test_instance_normalisation_with_weights(family):
    design = GeneratorDesign(family, 3, 3, 4, 5, "batch")
    first = "model.model.0.bias" if family == "unet" else "model.1.bias"
    assert "biases before a normalisation" in other_network({**design.shapes, first: (4,)})


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_a_vector_beside_a_generator_is_no_normalisation(norm):
    design = GeneratorDesign("resnet", 3, 3, 4, 2, norm)
    shapes = {**design.shapes, "extra.weight": (5,)}
    assert other_network(shapes) is None
    assert design_of(shapes) == design


def test_our_networks_are_no_others():
    for traits in ARCHITECTURES.values():
        assert other_network(traits.shapes) is None
    for norm in ("instance", "batch", "none"):
        assert other_network(GeneratorDesign("unet", 3, 3, 4, 5, norm).shapes) is None
        for blurs in ((False, False), (True, False), (False, True), (True, True)):
            design = GeneratorDesign("resnet", 3, 3, 4, 2, norm, True, *blurs)
            assert other_network(design.shapes) is None


def test_unknown_tensors_are_not_told():
    assert other_network({}) is None
    assert other_network({"weight": (3,), "model.0.weight": (8, 8, 3, 3)}) is None
