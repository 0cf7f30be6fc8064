"""The network is found among prefixes, wrappers, optimisers and discriminators."""

from __future__ import annotations

import pytest

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.find_weights import (
    likeness,
    shapes_of,
    weights_in,
    without_prefixes,
)
from napari_zerodce.checkpoints.other_networks import other_network
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.translators.design import GeneratorDesign

RESNET = GeneratorDesign("resnet", 3, 3, 4, 2)
UNET = GeneratorDesign("unet", 3, 3, 4, 3, "batch")


def prefixed(prefix, shapes):
    return {f"{prefix}{name}": shape for name, shape in shapes.items()}


def test_prefixes_go_only_if_every_name_has_them():
    assert without_prefixes({"module.a": 1, "module.b": 2}) == {"a": 1, "b": 2}
    assert without_prefixes({"module.a": 1, "b": 2}) == {"module.a": 1, "b": 2}
    assert without_prefixes({}) == {}
    assert without_prefixes({"_orig_mod.module.a": 1}) == {"a": 1}


def test_likeness_counts_known_names(stored):
    assert likeness({}) == 0
    assert likeness(stored({"weight": (1,)})) == 0
    names = ("e_conv1.weight", "e_conv2.bias", "e_conv8.bias")
    assert likeness(stored(dict.fromkeys(names, (1,)))) == 2
    assert likeness(stored({**RESNET.shapes, "extra": (1,)})) == len(RESNET.shapes)


def test_the_group_most_like_an_estimator_is_chosen_under_its_bare_names(stored):
    ours = stored({"module.e_conv1.weight": (1,), "module.e_conv2.weight": (2,)})
    other = stored({"weight": (1,), "bias": (2,), "scale": (3,)})
    assert weights_in([("", other), ("net", ours)]).keys() == {"e_conv1.weight", "e_conv2.weight"}
    assert weights_in([("", other), ("a", {})]) == other
    assert weights_in([]) == {}


@pytest.mark.parametrize("design", [RESNET, UNET])
@pytest.mark.parametrize(
    "prefix", ["", "module.", "netG.", "module.netG.", "netG.module.", "generator._orig_mod."]
)
def test_a_generator_is_found_within_another_network(stored, design, prefix):
    tensors = stored(prefixed(prefix, design.shapes) | {"netD.model.0.weight": (4, 3, 4, 4)})
    if prefix in {"", "netG.", "generator._orig_mod.", "netG.module."}:
        assert shapes_of(weights_in([("", tensors)])) == design.shapes
    alone = stored(prefixed(prefix, design.shapes))
    assert shapes_of(weights_in([("", alone)])) == design.shapes


def test_two_generators_leave_the_choice_to_the_user(stored):
    groups = [("G_A", stored(RESNET.shapes)), ("G_B", stored(UNET.shapes))]
    with pytest.raises(Defect, match=r"holds 2 networks that can be used \(G_A and G_B\)"):
        weights_in([*groups, ("D_A", stored({"model.0.weight": (4, 3, 4, 4)}))])
    flat = stored(prefixed("netG_A.", RESNET.shapes) | prefixed("netG_B.module.", UNET.shapes))
    with pytest.raises(Defect, match=r"\(state_dict\.netG_A and state_dict\.netG_B\.module\)"):
        weights_in([("state_dict", flat)])


CURVES = ARCHITECTURES["zero-dce"].shapes


@pytest.mark.parametrize("prefix", ["model.", "net.module.", "generator.", "a.model._orig_mod.b."])
@pytest.mark.parametrize("shapes", [CURVES, RESNET.shapes, UNET.shapes])
def test_any_prefix_goes_and_what_has_another_one_stays_out(stored, prefix, shapes):
    beside = {"loss.vgg.0.weight": (4, 3, 3, 3), "psnr.total": (), "d.model.0.weight": (4, 3, 4, 4)}
    tensors = stored(prefixed(prefix, shapes) | beside)
    assert shapes_of(weights_in([("state_dict", tensors)])) == shapes


def test_of_two_networks_the_complete_one_is_chosen(stored):
    part = dict(list(CURVES.items())[:-1])
    tensors = stored(prefixed("old.", part) | prefixed("new.", CURVES))
    assert shapes_of(weights_in([("", tensors)])) == CURVES
    assert shapes_of(weights_in([("", stored(prefixed("old.", part)))])) == part


def test_two_curve_networks_leave_the_choice_to_the_user(stored):
    others = ARCHITECTURES["zero-dce-pp"].shapes
    tensors = stored(prefixed("student.", CURVES) | prefixed("teacher.", others))
    with pytest.raises(Defect, match=r"2 networks that can be used \(student and teacher\)"):
        weights_in([("", tensors)])


@pytest.mark.parametrize("prefix", ["", "net.", "model.module."])
def test_another_known_network_is_told_below_any_prefix(stored, prefix):
    for names in ({"mlp_0.0.weight": (256, 3)}, {"model.0.weight": (1, 3, 4, 4)}):
        found = weights_in([("", stored(prefixed(prefix, names)))])
        assert other_network(shapes_of(found)) is not None


def test_a_known_other_network_is_told_rather_than_an_unknown_one(stored):
    unknown = stored({"weight": (1,), "bias": (2,)})
    features = stored({"mlp_0.0.weight": (256, 3)})
    assert weights_in([("", unknown), ("netF", features)]) == features


@pytest.mark.parametrize("prefix", ["", "netG.", "module."])
def test_parts_of_munit_are_told_by_their_content_encoder(stored, prefix):
    names = {
        "enc_content.model.0.conv.weight": (64, 3, 7, 7),
        "enc_content.model.3.model.0.model.0.conv.weight": (256, 256, 3, 3),
        "dec.model.0.model.0.model.0.conv.weight": (256, 256, 3, 3),
        "dec.model.2.norm.gamma": (128,),
        "dec.model.5.conv.weight": (3, 64, 7, 7),
    }
    found = weights_in([("", stored(prefixed(prefix, names)))])
    assert "MUNIT (resnet_cat)" in other_network(shapes_of(found))
