"""The provenance of a layer of this plugin in its metadata: the only writer and reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from napari.layers import Layer

from napari_zerodce.engine.map_kinds import MapKind
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.errors import RequestError

METADATA_KEY: Final = "napari-zerodce"

Role = Literal["result", "live", "maps", "compared"]
"""The role of a layer of this plugin: a result layer, a live view, a map layer, or a picture of a
comparison."""

_SIGN: Final = "LE(x) = x + A x (1 - x): A > 0 brightens"


@dataclass(frozen=True)
class LayerProvenance:
    """The role of a layer of this plugin, and how it was made.

    Parameters
    ----------
    role : {"result", "live", "maps", "compared"}
    source : str
        Name of the source layer.
    source_id : str
        Unique id of the source layer in napari.
    source_path : str, optional
        The file from which the source layer was opened.
    source_reader : str, optional
        The napari plugin that read it.
    maps : {"alphas", "steps", "gain", "noise-gain"}, optional
        What a map layer shows.
    iterations : tuple of int
        Which iterations a map layer shows, from 1; empty if it does not say.
    made : Provenance, optional
        Checkpoint, settings and version; None for a live view.
    """

    role: Role
    source: str
    source_id: str
    source_path: str | None = None
    source_reader: str | None = None
    maps: MapKind | None = None
    iterations: tuple[int, ...] = ()
    made: Provenance | None = None

    def as_metadata(self) -> dict[str, Any]:
        """Return the entry for the layer's metadata, which `provenance_of` reads."""
        facts: dict[str, Any] = {
            "role": self.role,
            "source": self.source,
            "source_id": self.source_id,
            "source_path": self.source_path,
            "source_reader": self.source_reader,
        }
        if self.maps is not None:
            facts |= {"kind": self.maps, "sign": _SIGN, "iterations": list(self.iterations)}
        if self.made is not None:
            facts |= self.made.as_dict()
        return {METADATA_KEY: facts}


def provenance_of(layer: Layer) -> LayerProvenance | None:
    """Return the provenance of a layer of this plugin, None for any other layer."""
    facts = layer.metadata.get(METADATA_KEY)
    if not isinstance(facts, Mapping):
        return None
    # Anyone may write metadata: a layer with an invalid role is not a layer of this plugin.
    role: Any = facts.get("role", "result")
    if not isinstance(role, str) or role not in get_args(Role):
        return None
    return LayerProvenance(
        role=cast("Role", role),
        source=str(facts.get("source", "")),
        source_id=str(facts.get("source_id", "")),
        source_path=_text(facts, "source_path"),
        source_reader=_text(facts, "source_reader"),
        maps=facts.get("kind"),
        iterations=_iterations(facts.get("iterations")),
        made=_made(facts),
    )


def role_of(layer: Layer) -> Role | None:
    """Return the role of a layer of this plugin, None for any other layer."""
    known = provenance_of(layer)
    return None if known is None else known.role


def checkpoint_source_of(layer: Layer) -> str | None:
    """Return what loads the checkpoint a layer was made with, None if the layer does not say.

    Maps of earlier versions say that and not all that a `Provenance` needs.
    """
    facts = layer.metadata.get(METADATA_KEY)
    return _text(facts, "checkpoint_source") if isinstance(facts, Mapping) else None


def _text(facts: Mapping[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return value if isinstance(value, str) else None


def _iterations(numbers: Any) -> tuple[int, ...]:
    known = isinstance(numbers, list) and all(isinstance(number, int) for number in numbers)
    return tuple(numbers) if known else ()


def _made(facts: Mapping[str, Any]) -> Provenance | None:
    try:
        return Provenance.from_dict(facts)
    except RequestError:
        return None
