"""A Zarr array that no OME-Zarr metadata describe, or a group of one: read lazily."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.axes import Axes, inverse, letters_of
from napari_zerodce.imaging.files.named_arrays import images_among
from napari_zerodce.imaging.files.saved.blocks import Level
from napari_zerodce.imaging.files.saved.image import SavedImage
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.urls import Named
from napari_zerodce.imaging.planes import Channels, layout_of

_NGFF: Final = {"ome", "multiscales", "plate", "well", "labels", "image-label"}
_LAYOUT: Final = "bioformats2raw.layout"


def plain_array(path: Named, attributes: Mapping[str, Any]) -> Named | None:
    """Return the place of the array that is the image, None if there is an OME-Zarr or nothing.

    Parameters
    ----------
    path : Path or Url
        A Zarr array or group.
    attributes : mapping
        Of the group, empty for an array.

    Raises
    ------
    ImageError
        If there are several arrays, or the array is a level of an OME-Zarr.
    """
    if _is_array(path):
        _refuse_level(path)
        return path
    if {*_NGFF, _LAYOUT} & set(attributes):
        return None
    import zarr

    group = zarr.open_group(Place(path).store(), mode="r")
    found = dict(group.arrays())  # in any order
    arrays = {name: (found[name].shape, found[name].dtype) for name in sorted(found)}
    if not arrays:
        return None
    first, *others = images_among(arrays, str(path))
    if others:
        raise ImageError(
            f"{path} holds several arrays: {', '.join((first, *others)[:5])}; give one of them, "
            f"such as {path}/{first}."
        )
    return path / first


def _is_array(path: Named) -> bool:
    place = Place(path)
    if place.read(".zarray"):
        return True
    content = place.read("zarr.json")
    return content is not None and json.loads(content).get("node_type") == "array"


def _refuse_level(path: Named) -> None:
    """Refuse a level of an OME-Zarr, because it has lost its axes and sizes."""
    if not isinstance(path, Path):
        return
    parent = path.absolute().parent
    content = Place(parent).read("zarr.json") or Place(parent).read(".zattrs")
    known = json.loads(content) if content else {}
    attributes = known.get("attributes", known)
    if "multiscales" in attributes.get("ome", attributes):
        raise ImageError(f"{path} is a level of an OME-Zarr; give the whole image, {parent}.")


def read_plain(path: Named) -> SavedImage:
    """Read an array; its pixels stay where they are until they are sliced.

    Names of dimensions are those of Zarr 3 or of xarray; without names, the last axes are rows and
    columns, and perhaps colours, as napari guesses.

    Parameters
    ----------
    path : Path or Url
        Of the array.
    """
    import zarr

    array: Any = zarr.open_array(Place(path).store(), mode="r")
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    channels: Channels = "mono" if names else layout_of(array).channels
    axes = _axes(names, len(array.shape) - (channels != "mono"))
    colours = [len(axes.letters)] if channels != "mono" else []
    letters = "".join(axes.planes_last(axes.letters))
    return SavedImage(
        levels=(Level(Place(path), [*inverse(axes.order), *colours]),),
        channels=channels,
        axes=letters,
        scale=(1.0,) * len(letters),
        translate=(0.0,) * len(letters),
        units=("pixel",) * len(letters),
        name=path.name.partition(".")[0],
    )


def _axes(names: Sequence[str | None] | None, count: int) -> Axes:
    if names:
        return Axes.of_labels([name or "" for name in names], [""] * count)
    return Axes(f"{letters_of([''] * (count - 2), [''] * (count - 2))}YX")
