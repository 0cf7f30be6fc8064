"""An OME-Zarr as output: its regions are written in place, and its coarser levels at the end."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.saved import SavedImage
from napari_zerodce.imaging.files.saved.growing import GrowingImage, begin, has_root, is_complete
from napari_zerodce.imaging.files.saved.image import KEY, SAVED
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.saved.regions import Region
from napari_zerodce.imaging.files.urls import named
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    from napari_zerodce.engine.resolved import ResolvedRequest

_BATCH: Final = "batch"
"""The entry by which a later run sees whether a file was lost or damaged, and whether gaps are."""


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
    accepts_gaps : bool
        Whether regions that could not be read stay as they are.
    """

    def __init__(
        self, target: str, key: str, *, source: SavedImage, path: str, accepts_gaps: bool = False
    ) -> None:
        self._target, self._key, self._path = named(target), key, path
        self._accepts_gaps = accepts_gaps
        self._image = replace(source.blank, levels=source.blank.levels[:1], key=key)
        self._grown = GrowingImage(self._target, self._image)

    def is_done(self) -> bool:
        """Return whether the OME-Zarr is complete, undamaged and has the key; see `Output`."""
        if not is_complete(self._target, self._image):
            return False
        place = Place(self._target)
        known = _batch_entry(place)
        if known is None or known["files"] != self._files_in(place):
            return False
        is_done = self._accepts_gaps or not known["gaps"]
        if is_done and self._grown.is_published:
            self._grown.part.remove()
        return is_done

    def _files_in(self, folder: Place) -> dict[str, Any]:
        """Return what differs if a file of a level is lost or has another size."""
        levels = {str(number) for number in range(len(self._grown.shapes))}
        sizes = sorted(
            (name, size)
            for name, size in folder.sizes().items()
            if name.partition("/")[0] in levels and not name.endswith(".partial")
        )
        digest = hashlib.sha256(json.dumps(sizes).encode()).hexdigest()
        return {"count": len(sizes), "sizes": digest}

    def begin(self, *, overwrite: bool) -> None:
        """Create the arrays, or go on with those of the same key."""
        if not overwrite and _is_foreign(Place(self._target)):
            raise ImageError(
                f"{self._target} exists already and is not the result of a batch; use --overwrite "
                "to replace it, or another output folder."
            )
        begin(self._target, self._image, overwrite=True, restart=True)

    def missing(self) -> tuple[Scope, ...]:
        """Return the regions that are not written yet, and gaps that are not accepted."""
        gaps = [] if self._accepts_gaps else self._grown.gaps()
        return tuple(region.scope for region in (*self._grown.missing(), *gaps))

    def write(self, region: Scope, block: Array, *, is_gap: bool) -> None:
        """Write a region."""
        self._grown.write(Region(0, region), block, is_gap=is_gap)

    def finish(self, resolved: ResolvedRequest, seconds: float) -> None:  # noqa: ARG002  not kept
        """Average the coarser levels, and give the OME-Zarr its name."""
        from napari_zerodce.engine.saved_result import result_to_save

        self._grown.average()
        gaps, files = len(self._grown.gaps()), self._files_in(self._grown.folder)
        image = result_to_save(self._image, resolved, identity=None, path=self._path)
        facts = {**image.facts, _BATCH: {"files": files, "gaps": gaps}}
        replace(self._grown, image=replace(image, facts=facts, key=self._key)).finish()


def _batch_entry(place: Place) -> Any:
    """Return what a batch has noted in a result, None if there is nothing."""
    try:
        content = json.loads(place.read("zarr.json") or b"{}")
        return content["attributes"][KEY][SAVED]["facts"][_BATCH]
    except (ValueError, KeyError, TypeError):  # of another program
        return None


def _is_foreign(place: Place) -> bool:
    """Return whether there is something that no batch has made."""
    if place.local is not None:
        return os.path.lexists(place.local) and _batch_entry(place) is None
    return has_root(place) and _batch_entry(place) is None
