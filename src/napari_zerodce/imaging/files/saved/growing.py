"""An OME-Zarr that grows region by region, in any order and in many processes, until it is whole.

Until then it is in a folder beside its place, ``NAME.ome.zarr.part``, where a later run goes on.
Behind a URL, where no folder can be renamed, its arrays are at their place, and the metadata that
make an OME-Zarr of them come last.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.failures import writing_told
from napari_zerodce.imaging.files.saved.blocks import Level, create_level
from napari_zerodce.imaging.files.saved.image import KEY, Follow, SavedImage, follow_nothing
from napari_zerodce.imaging.files.saved.ngff import (
    NgffVersion,
    check_axes,
    names_of,
    order_of,
    root_files,
)
from napari_zerodce.imaging.files.saved.place import Place
from napari_zerodce.imaging.files.saved.regions import Region, pyramid_shapes, regions_of
from napari_zerodce.imaging.files.urls import Named, named
from napari_zerodce.imaging.levels import coarser_region
from napari_zerodce.imaging.planes import Array
from napari_zerodce.whole_file import replace_folder

_BEGUN: Final = "begun.json"
_MARKS: Final = "written"
_GAPS: Final = "gaps"
_METADATA: Final = ("zarr.json", ".zattrs")
_ROOTS: Final = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
_LEFT: Final = "start again: it goes on where it was"


def begin(
    path: str | Path,
    image: SavedImage,
    *,
    version: NgffVersion = "0.5",
    overwrite: bool = False,
    restart: bool = False,
) -> GrowingImage:
    """Begin an OME-Zarr, or go on with one that is not complete.

    One process begins; it may send what it gets to others, which write.

    Parameters
    ----------
    path : str or Path
        A folder, or a URL of fsspec.
    image : SavedImage
        Its levels may have no pixels, as `Blank`. A single level with large planes gets coarser
        ones at the end. What was begun with an equal key is continued; without a key, nothing is
        continued or kept.
    version : {"0.4", "0.5"}
        Of OME-Zarr.
    overwrite : bool
        Whether to replace a Zarr at the path, when the new one is complete (behind a URL: now).
    restart : bool
        Whether to remove what was begun with another key.

    Raises
    ------
    ImageError
        If something is at the path, what was begun there has another key, NGFF has no place for an
        axis of the image, or a file cannot be written.
    """
    path = named(path)
    check_axes(path.name, image)
    grown = GrowingImage(path, image.blank, version)
    with writing_told(path):
        if not overwrite and grown.is_kept and grown.part.names() and grown.is_published:
            return grown  # only the rest of its part folder is to be removed
        _make_room(path, overwrite=overwrite)
        if not _is_begun(grown, restart=restart):
            _create(grown)
    return grown


def _is_begun(grown: GrowingImage, *, restart: bool) -> bool:
    """Return whether there is something to go on with; refuse what has another key."""
    begun = grown.part.read(_BEGUN) if grown.is_kept else None
    if begun is None:
        return False
    if json.loads(begun) == grown.fingerprint:
        return grown.has_arrays
    if not restart:
        raise ImageError(
            f"{grown.part.path} is the beginning of an image with another source or other "
            "settings; go on with those, remove it, or choose another name."
        )
    return False


def begun_at(path: str | Path) -> Named | None:
    """Return the folder of what is begun for a path and not complete, None if there is nothing.

    Parameters
    ----------
    path : str or Path
        As for `begin`.
    """
    part = _part_of(named(path))
    return part.path if part.read(_BEGUN) is not None else None


def _part_of(path: Named) -> Place:
    return Place(named(f"{str(path).rstrip('/')}.part"))


def is_complete(path: str | Path, image: SavedImage, *, version: NgffVersion = "0.5") -> bool:
    """Return whether a complete OME-Zarr at a path was begun with the key of an image.

    Parameters
    ----------
    path, image, version
        As for `begin`.
    """
    return GrowingImage(named(path), image.blank, version).has_its_name


def _make_room(path: Named, *, overwrite: bool) -> None:
    """Refuse what is at a path, unless it is a Zarr that may be replaced."""
    place = Place(path)
    is_zarr = has_root(place)
    if not is_zarr and place.local is not None and os.path.lexists(place.local):
        raise ImageError(f"{path} exists and is not a Zarr folder; choose another name.")
    if is_zarr and not overwrite:
        raise ImageError(f"{path} exists already; choose another name, or replace it.")
    if is_zarr and place.local is None:
        place.remove()


def has_root(place: Place) -> bool:
    """Return whether a place is a Zarr.

    Parameters
    ----------
    place : Place
    """
    return any(place.read(name) is not None for name in _ROOTS)


def _create(grown: GrowingImage) -> None:
    grown.part.remove()
    grown.folder.remove()
    for number, shape in enumerate(grown.shapes):
        create_level(grown.folder / str(number), grown.image, shape, grown.version)
    grown.part.write(_BEGUN, json.dumps(grown.fingerprint).encode())


@dataclass(frozen=True)
class GrowingImage:
    """An OME-Zarr that is being written. It can be sent to other processes.

    Parameters
    ----------
    path : Path or Url
        What it becomes.
    image : SavedImage
        All that is saved except the pixels.
    version : {"0.4", "0.5"}
        Of OME-Zarr.
    """

    path: Named
    image: SavedImage
    version: NgffVersion = "0.5"

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}  # no open arrays

    @property
    def is_kept(self) -> bool:
        """Whether what is written stays after a failure, so that a later run goes on."""
        return self.image.key is not None

    @cached_property
    def fingerprint(self) -> str:
        """A short name for the key and the arrays: what is continued has the same one."""
        shapes = [list(level.shape) for level in self.image.levels]
        image = self.image
        facts = [image.key, shapes, image.dtype.str, image.axes, image.channels, self.version]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def part(self) -> Place:
        """The folder that holds what is needed to go on."""
        return _part_of(self.path)

    @property
    def folder(self) -> Place:
        """The folder of the arrays while they grow."""
        place = Place(self.path)
        return place if place.local is None else self.part / "image"

    @property
    def has_its_name(self) -> bool:
        """Whether a complete OME-Zarr with this fingerprint is at the path."""
        place = Place(self.path)
        try:
            known = [json.loads(place.read(name) or b"{}") for name in _METADATA]
            attributes = [content.get("attributes", content) for content in known]
            return any(
                each.get(KEY, {}).get("fingerprint") == self.fingerprint for each in attributes
            )
        except (ValueError, AttributeError):  # of another program, or damaged
            return False

    @property
    def has_arrays(self) -> bool:
        """Whether the arrays of all levels are there to be written."""
        name = "zarr.json" if self.version == "0.5" else ".zarray"
        folders = (self.folder / str(number) for number in range(len(self.shapes)))
        return all(folder.read(name) is not None for folder in folders)

    @property
    def is_published(self) -> bool:
        """Whether it is complete at its path; at most the rest of its part folder is left."""
        grows = self.folder.local is not None and self.has_arrays
        return not grows and self.has_its_name

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of all levels, the finest first; also of those that are made by averaging."""
        given = [tuple(level.shape) for level in self.image.levels]
        made: Iterator[tuple[int, ...]] = iter(())
        if len(given) == 1 and self.image.dtype.kind in "iuf":
            made = pyramid_shapes(given[0], len(self.image.leading))
        return (*given, *made)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The arrays as they are on disk; what is not written yet is 0."""
        order = order_of(names_of(self.image.axes, self.image.channels))
        return tuple(Level(self.folder / str(n), order, "r+") for n in range(len(self.shapes)))

    def regions(self) -> Iterator[Region]:
        """Yield the regions that are to be written; those of a plane follow each other."""
        return self._regions(range(len(self.image.levels)))

    def missing(self) -> list[Region]:
        """Return the regions that are not written yet."""
        return self._missing(range(len(self.image.levels)))

    def _regions(self, levels: Sequence[int]) -> Iterator[Region]:
        for level in levels:
            yield from regions_of(level, self.shapes[level], len(self.image.leading))

    def _missing(self, levels: Sequence[int]) -> list[Region]:
        if self.is_published:  # its marks may be removed
            return []
        marked = self._marked() if self.has_arrays else set()
        return [region for region in self._regions(levels) if region.name not in marked]

    def _marked(self) -> set[str]:
        return (self.part / _MARKS).names() | (self.part / _GAPS).names()

    def gaps(self) -> list[Region]:
        """Return the regions that were written without pixels, as their source is unreadable."""
        gaps = (self.part / _GAPS).names()
        gaps -= (self.part / _MARKS).names() if gaps else set()
        return [region for region in self.regions() if region.name in gaps]

    def write(self, region: Region, block: Array, *, is_gap: bool = False) -> None:
        """Write a region; any thread of any process may do it, at the same time as others.

        Parameters
        ----------
        region : Region
            One of `regions`.
        block : ndarray
            Its pixels as in the image; the axes before those of the plane may be missing.
        is_gap : bool
            Whether they only stand for pixels that cannot be read. It can be written again.

        Raises
        ------
        ImageError
            If it cannot be written. The region is then missing.
        """
        with self._telling():
            try:
                self.levels[region.level].write(region, block)
                (self.part / (_GAPS if is_gap else _MARKS)).write(region.name, b"")
            except OSError:
                if not self.is_published:  # by another process, which wrote the same pixels
                    raise

    def fill(self, levels: Sequence[Any], follow: Follow = follow_nothing) -> None:
        """Write all that is missing, and finish.

        Parameters
        ----------
        levels : sequence of array-like
            The pixels of the levels of `image`; only missing regions are read.
        follow : callable
            Called with the written part of all regions, from 0 to 1; it may raise an error to stop.

        Raises
        ------
        ImageError
            As `write` and `finish`.
        """
        for region in self._each(self.missing(), follow):
            self.write(region, np.asarray(levels[region.level][region.key]))
        self.finish(follow)

    def finish(self, follow: Follow = follow_nothing) -> None:
        """Make the coarser levels of a large plane by averaging, and give the image its name.

        Whatever ended it, it can be called again, also when the image has its name already.

        Parameters
        ----------
        follow : callable
            As in `fill`.

        Raises
        ------
        ImageError
            If a region is missing, or a file cannot be written.
        """
        self.average(follow)
        with self._telling():
            self._publish()

    def average(self, follow: Follow = follow_nothing) -> None:
        """Make the coarser levels of a large plane by averaging, as the first half of `finish`.

        Parameters
        ----------
        follow : callable
            As in `fill`.

        Raises
        ------
        ImageError
            As `finish`.
        """
        if missing := len(self.missing()):
            raise ImageError(
                f"{self.path} is not complete: {missing} of {len(list(self.regions()))} regions "
                f"are missing; {_LEFT}."
            )
        made = range(len(self.image.levels), len(self.shapes))
        for region in self._each(self._missing(made), follow):
            self.write(region, self._average(region))

    def _average(self, region: Region) -> Array:
        shape = self.shapes[region.level]
        colours = tuple(slice(0, length) for length in shape[len(region.key) :])
        finer = self.levels[region.level - 1]
        return coarser_region(finer, shape, (*region.key, *colours))

    def _publish(self) -> None:
        if not self.is_published:
            self._give_name()
        self.part.remove()

    def _give_name(self) -> None:
        own = {**self.image.mark(), "fingerprint": self.fingerprint}
        files = root_files(self.image, self.shapes, version=self.version, own=own)
        for name, content in files.items():
            self.folder.write(name, content)
        grown, target = self.folder.local, Place(self.path).local
        if grown is not None and target is not None:
            for leftover in grown.rglob("*.partial"):  # of a process that was killed
                leftover.unlink()
            if self.has_arrays:  # else another process was faster
                replace_folder(target, grown)

    def _each(self, regions: Sequence[Region], follow: Follow) -> Iterator[Region]:
        """Yield regions, and tell after each what part of all regions is written."""
        every = range(len(self.shapes))
        total = sum(1 for _ in self._regions(every))
        written = total - len(self._missing(every))
        for number, region in enumerate(regions, start=written + 1):
            yield region
            follow(number / total)

    def _telling(self) -> AbstractContextManager[None]:
        return writing_told(self.path, then=_LEFT if self.is_kept else "")
