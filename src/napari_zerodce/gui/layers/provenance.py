"""What a layer of this plugin says of itself in its metadata: the one writer and the one reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from napari.layers import Layer

from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.requests import MapKind
from napari_zerodce.errors import RequestError

METADATA_KEY: Final = "napari-zerodce"

Role = Literal["result", "live", "maps"]
"""What a layer of this plugin is: an enhanced layer, a view of what is on screen, or curve maps."""

_SIGN: Final = "LE(x) = x + A x (1 - x): A > 0 brightens"


@dataclass(frozen=True)
class LayerProvenance:
    """What a layer of this plugin is, and what it was made from.

    Parameters
    ----------
    role : {"result", "live", "maps"}
    source : str
        Name of the layer it was made from.
    source_id : str
        What napari identifies that layer by.
    source_path : str, optional
        The file that layer was opened from.
    maps : {"alphas", "steps", "gain", "noise-gain"}, optional
        What maps show.
    made : Provenance, optional
        How it was made; None for a live view.
    """

    role: Role
    source: str
    source_id: str
    source_path: str | None = None
    maps: MapKind | None = None
    made: Provenance | None = None

    def as_metadata(self) -> dict[str, Any]:
        """Return the entry for a layer's metadata; `provenance_of` reads it."""
        facts: dict[str, Any] = {
            "role": self.role,
            "source": self.source,
            "source_id": self.source_id,
            "source_path": self.source_path,
        }
        if self.maps is not None:
            facts |= {"kind": self.maps, "sign": _SIGN}
        if self.made is not None:
            facts |= self.made.as_dict()
        return {METADATA_KEY: facts}


def provenance_of(layer: Layer) -> LayerProvenance | None:
    """Return what a layer of this plugin says of itself; None for any other layer."""
    facts = layer.metadata.get(METADATA_KEY)
    if not isinstance(facts, Mapping):
        return None
    # Metadata are anybody's to write: what is no role is no layer of this plugin.
    role: Any = facts.get("role", "result")
    if not isinstance(role, str) or role not in get_args(Role):
        return None
    path = facts.get("source_path")
    return LayerProvenance(
        role=cast("Role", role),
        source=str(facts.get("source", "")),
        source_id=str(facts.get("source_id", "")),
        source_path=path if isinstance(path, str) else None,
        maps=facts.get("kind"),
        made=_made(facts),
    )


def role_of(layer: Layer) -> Role | None:
    """Return what a layer of this plugin is; None for any other layer."""
    known = provenance_of(layer)
    return None if known is None else known.role


def checkpoint_source_of(layer: Layer) -> str | None:
    """Return what loads the checkpoint a layer was made with, None if the layer does not say.

    Maps of earlier versions say that and not all that a `Provenance` needs.
    """
    facts = layer.metadata.get(METADATA_KEY)
    source = facts.get("checkpoint_source") if isinstance(facts, Mapping) else None
    return source if isinstance(source, str) else None


def _made(facts: Mapping[str, Any]) -> Provenance | None:
    try:
        return Provenance.from_dict(facts)
    except RequestError:
        return None
