"""Which options the official programs need: those of published networks, none for others."""

from __future__ import annotations

import pytest

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.training.translation.configure import configure
from napari_zerodce.training.translation.official import official_options


@pytest.mark.parametrize(
    ("method", "program", "options"),
    [
        ("pix2pix", "CycleGAN-and-pix2pix", "--netG unet_256 --ngf 64 --norm batch"),
        ("cyclegan", "CycleGAN-and-pix2pix", "--netG resnet_9blocks --ngf 64 --norm instance"),
        ("cut", "contrastive-unpaired", "--netG resnet_9blocks --ngf 64 --normG instance"),
    ],
)
def test_the_networks_of_the_papers_have_options(method: str, program: str, options: str) -> None:
    text = official_options(configure(method, "full").design)
    assert program in text
    assert text.endswith(
        f"needs: {options} --input_nc 3 --output_nc 3"
        + (" --no_dropout" if method == "cyclegan" else "")
    )


def test_a_resnet_without_one_of_the_blurs() -> None:
    text = official_options(GeneratorDesign("resnet", antialias_down=True))
    assert "contrastive-unpaired" in text
    assert text.endswith("--no_antialias_up")


@pytest.mark.parametrize(
    ("design", "call"),
    [
        (
            configure("pix2pix", "small").design,
            "UnetGenerator(input_nc=3, output_nc=3, num_downs=6, ngf=16, norm_layer=torch.nn.Batch",
        ),
        (
            configure("cut", "small").design,
            "use_dropout=False, no_antialias=False, no_antialias_up=False)",
        ),
    ],
)
def test_other_networks_have_no_option(design: GeneratorDesign, call: str) -> None:
    text = official_options(design)
    assert "has no --netG for this network" in text
    assert call in text


def test_the_official_class_has_no_shallower_unet() -> None:
    text = official_options(GeneratorDesign("unet", depth=4))
    assert text == "No official program builds a U-Net with 4 halvings."
