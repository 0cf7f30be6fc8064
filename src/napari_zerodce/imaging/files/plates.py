"""The images of an OME-Zarr plate, and a plate of their results; versions 0.4 and 0.5."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_zerodce.imaging.files.failures import reading_told, writing_told
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.urls import Named

_VERSION = "0.5"


@dataclass(frozen=True)
class Plate:
    """A plate of wells, as its metadata describe it.

    Parameters
    ----------
    plate : mapping
        The metadata of the plate.
    wells : mapping of str to mapping
        The metadata of each well, by its path in the plate, such as "A/1".
    """

    plate: Mapping[str, Any]
    wells: Mapping[str, Mapping[str, Any]]

    @property
    def images(self) -> tuple[str, ...]:
        """The paths of all images in the plate, such as "A/1/0"."""
        return tuple(
            f"{path}/{field['path']}"
            for path, well in self.wells.items()
            for field in well["images"]
        )


def read_plate(path: Named) -> Plate | None:
    """Return the plate at a path, None if there is something else.

    Parameters
    ----------
    path : Path or Url

    Raises
    ------
    ImageError
        If it is a plate whose metadata are damaged.
    """
    place = Place(path)
    with reading_told(path):
        plate = _ome_of(place).get("plate")
        if plate is None:
            return None
        paths = [well["path"] for well in plate["wells"]]
        return Plate(plate, {each: _ome_of(place / each)["well"] for each in paths})


def _ome_of(place: Place) -> Mapping[str, Any]:
    content = place.read("zarr.json") or place.read(".zattrs")
    known: Mapping[str, Any] = json.loads(content) if content else {}
    attributes: Mapping[str, Any] = known.get("attributes", known)
    found: Mapping[str, Any] = attributes.get("ome", attributes)
    return found


def write_plate(path: Named, plate: Plate) -> None:
    """Make a plate of images that are at their places already.

    Parameters
    ----------
    path : Path or Url
        The plate's folder.
    plate : Plate

    Raises
    ------
    ImageError
        If a file cannot be written.
    """
    place = Place(path)
    with writing_told(path):
        for each, well in plate.wells.items():
            _write_group(place / each.partition("/")[0], {})  # the row
            _write_group(place / each, {"well": well})
        _write_group(place, {"plate": plate.plate})


def _write_group(place: Place, described: Mapping[str, Mapping[str, Any]]) -> None:
    # In version 0.5, the version is not part of plate and well.
    own = {name: {**each} for name, each in described.items()}
    for each in own.values():
        each.pop("version", None)
    attributes = {"ome": {"version": _VERSION, **own}} if own else {}
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    place.write("zarr.json", json.dumps(group, indent=1).encode())
