"""The table of all networks holds those of curves and the translators, each once."""

from __future__ import annotations

from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.network_kinds import NETWORKS, architecture_named, kind_named
from napari_zerodce.core.translators.design import TRANSLATORS, GeneratorDesign


def test_every_kind_has_its_traits_and_its_method():
    assert set(NETWORKS) == {"zero-dce", "zero-dce-pp", "pix2pix", "cyclegan", "cut"}
    assert {traits.method for traits in ARCHITECTURES.values()} == {"curves"}
    assert {traits.method for traits in TRANSLATORS.values()} == {"translation"}
    assert [kind for kind, traits in NETWORKS.items() if traits.has_scale_factor] == ["zero-dce-pp"]


def test_names_become_kinds():
    for kind in NETWORKS:
        assert kind_named(kind) == kind
        assert architecture_named(kind) == (kind if kind in ARCHITECTURES else None)
    assert kind_named("zero-dce-3") is None
    assert architecture_named("") is None


def test_the_method_of_a_design_is_a_kind():
    for design in (GeneratorDesign("unet"), GeneratorDesign("resnet", antialias_up=True)):
        assert NETWORKS[design.method].title in design.title
