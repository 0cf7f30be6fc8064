"""An image layer as an image to save, and back: data, geometry, appearance and metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.layers import Layer

from napari_zerodce.gui.layers.geometry import GEOMETRY
from napari_zerodce.gui.layers.lazy_array import LazyArray
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.layers.source import APPEARANCE
from napari_zerodce.imaging.axes import letters_of

if TYPE_CHECKING:
    from napari_zerodce.imaging.files.saved import SavedImage

LayerTuple = tuple[Any, dict[str, Any], str]

_KEPT: Final = (
    *GEOMETRY, *APPEARANCE, "name", "contrast_limits", "visible", "attenuation", "iso_threshold",
)  # fmt: skip
_ARRAYS: Final = ("scale", "translate", "rotate", "shear", "affine")


def image_to_save(data: Any, properties: Mapping[str, Any]) -> SavedImage:
    """Return what is saved of an image layer.

    Metadata that JSON cannot hold are left out. A live view becomes a layer like any other: it
    shows a part of its source, which it would follow.

    Parameters
    ----------
    data : array-like, or list of array-like if multiscale
    properties : mapping
        As in the layer's data tuple.

    Raises
    ------
    RequestError
        If the layer is lazy, and not all its planes are known.
    """
    from napari_zerodce.imaging.files.saved import SavedImage

    levels = tuple(map(_known, data if properties["multiscale"] else (data,)))
    labels, units = properties["axis_labels"], [str(unit) for unit in properties["units"]]
    limits = [float(limit) for limit in properties["contrast_limits"]]
    layer = {key: _plain(properties[key]) for key in _KEPT if key in properties}
    return SavedImage(
        levels=levels,
        channels=_channels(levels[0], rgb=properties["rgb"]),
        axes=f"{letters_of(labels[:-2], units[:-2])}YX",
        scale=tuple(float(number) for number in properties["scale"]),
        translate=tuple(float(number) for number in properties["translate"]),
        units=tuple(units),
        name=str(properties["name"]),
        limits=(limits[0], limits[1]),
        facts={"layer": layer, "metadata": _kept_metadata(properties["metadata"])},
    )


def is_lazy(image: SavedImage) -> bool:
    """Return whether an image is a lazy result: its pixels are computed as they are read.

    Parameters
    ----------
    image : SavedImage
        From `image_to_save`.
    """
    return hasattr(image.levels[0], "resolved")


def layer_tuple(image: SavedImage) -> LayerTuple:
    """Return the layer data tuple of a saved image.

    Parameters
    ----------
    image : SavedImage
    """
    properties = dict(image.facts.get("layer") or _plain_properties(image))
    for key in set(_ARRAYS) & set(properties):
        properties[key] = np.array(properties[key], float)
    many = len(image.levels) > 1
    properties |= {
        "rgb": image.channels != "mono",
        "multiscale": many,
        "metadata": dict(image.facts["metadata"]),
    }
    return list(image.levels) if many else image.levels[0], properties, "image"


def _plain_properties(image: SavedImage) -> dict[str, Any]:
    """Return the properties of a layer for a result that the command line wrote."""
    return {
        "name": image.name,
        "axis_labels": tuple(image.axes.lower()),
        "scale": image.scale,
        "translate": image.translate,
        "units": image.units,
        "contrast_limits": image.limits,
    }


def find_provenance(layer: Layer) -> None:
    """Give a layer the provenance that is in its file, if another reader has opened that.

    Parameters
    ----------
    layer : Layer
    """
    if METADATA_KEY in layer.metadata or layer.source.path is None:
        return
    from napari_zerodce.imaging.files.saved.files import saved_facts

    facts = saved_facts(Path(layer.source.path)) or {}
    metadata = facts.get("metadata")
    if isinstance(metadata, Mapping) and METADATA_KEY in metadata:
        layer.metadata = {**layer.metadata, METADATA_KEY: metadata[METADATA_KEY]}


def _known(data: Any) -> Any:
    """Return data that have all pixels: a lazy layer reads as empty where it is not known."""
    computed = getattr(data, "computed", None)
    if computed is not None:
        return computed
    return np.asarray(data) if isinstance(data, LazyArray) else data


def _channels(data: Any, *, rgb: bool) -> Any:
    return "mono" if not rgb else "rgba" if data.shape[-1] == 4 else "rgb"


def _kept_metadata(metadata: Mapping[Any, Any]) -> dict[str, Any]:
    plain = {key: _plain(value) for key, value in metadata.items() if isinstance(key, str)}
    own = plain.get(METADATA_KEY)
    if isinstance(own, dict) and own.get("role") in {"live", "compared"}:
        del plain[METADATA_KEY]
    return {key: value for key, value in plain.items() if _is_json(value)}


def _plain(value: Any) -> Any:
    """Return a value with lists, numbers and texts in place of arrays, NumPy scalars and enums."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, str | int | float | bool | None) else _text_of(value)


def _text_of(value: Any) -> Any:
    """Return the name of a unit; any other object stays as it is."""
    return str(value) if hasattr(value, "dimensionality") else value


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True
