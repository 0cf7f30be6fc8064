"""An OME-Zarr as output: its regions are written in place, and its coarser levels at the end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.saved import SavedImage
from napari_zerodce.imaging.files.saved.growing import GrowingImage, begin, is_complete
from napari_zerodce.imaging.files.saved.image import KEY, SAVED
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.saved.regions import Region
from napari_zerodce.imaging.files.urls import named
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    from napari_zerodce.engine.resolve import ResolvedRequest

_FILES: Final = "files of the finest level"
"""The entry by which a later run sees whether one was lost."""


class OmeZarrOutput:
    """An OME-Zarr of which many workers write regions.

    Parameters
    ----------
    target : str
        A folder or a URL.
    key : str
        Of the source and the settings.
    source : SavedImage
        The result has its axes, sizes and names; its coarser levels are made again.
    path : str
        Where the source is.
    """

    def __init__(self, target: str, key: str, *, source: SavedImage, path: str) -> None:
        self._target, self._key, self._path = named(target), key, path
        self._image = replace(source.blank, levels=source.blank.levels[:1], key=key)
        self._grown = GrowingImage(self._target, self._image)

    def is_done(self) -> bool:
        """Return whether the OME-Zarr is complete and has the key."""
        if not is_complete(self._target, self._image):
            return False
        content = json.loads(Place(self._target).read("zarr.json") or b"{}")
        files = content["attributes"][KEY][SAVED]["facts"].get(_FILES)
        return bool(files == _count_of_files(Place(self._target)))

    def begin(self, *, overwrite: bool) -> None:
        """Create the arrays, or go on with those of the same key."""
        known = Place(self._target).read("zarr.json")
        if known is not None and _FILES.encode() not in known and not overwrite:
            raise ImageError(
                f"{self._target} exists already and is not the result of a batch; use --overwrite "
                "to replace it, or another output folder."
            )
        begin(self._target, self._image, overwrite=True, restart=True)

    def missing(self) -> tuple[Scope, ...]:
        """Return the regions that are not written yet."""
        return tuple(region.scope for region in self._grown.missing())

    def write(self, region: Scope, block: Array) -> None:
        """Write a region."""
        self._grown.write(Region(0, region), block)

    def finish(self, resolved: ResolvedRequest, seconds: float) -> None:  # noqa: ARG002  not kept
        """Average the coarser levels, and give the OME-Zarr its name."""
        from napari_zerodce.engine.saved_result import result_to_save

        image = result_to_save(self._image, resolved, identity=None, path=self._path)
        facts = {**image.facts, _FILES: _count_of_files(self._grown.folder)}
        replace(self._grown, image=replace(image, facts=facts, key=self._key)).finish()


def _count_of_files(folder: Place) -> int:
    """Return the number of files of the finest level: regions that are 0 everywhere have none."""
    return len((folder / "0").names())
