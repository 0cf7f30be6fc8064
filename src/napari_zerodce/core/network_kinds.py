"""Every kind of network that a checkpoint can hold: those that estimate curves, and translators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from napari_zerodce.core.architectures import ARCHITECTURES, Architecture, NetworkTraits
from napari_zerodce.core.translators.design import TRANSLATORS, TranslatorMethod

NetworkKind = Architecture | TranslatorMethod
"""The architecture of a network that estimates curves, or the method of a translator."""

NETWORKS: Final[Mapping[NetworkKind, NetworkTraits]] = dict[NetworkKind, NetworkTraits](
    (*ARCHITECTURES.items(), *TRANSLATORS.items())
)


def kind_named(name: str) -> NetworkKind | None:
    """Return the kind with a name, None if there is none."""
    return next((kind for kind in NETWORKS if kind == name), None)


def architecture_named(name: str) -> Architecture | None:
    """Return the architecture of curves with a name, None if there is none."""
    return next((architecture for architecture in ARCHITECTURES if architecture == name), None)
