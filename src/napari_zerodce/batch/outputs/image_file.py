"""An image file as output: its parts wait in a hidden folder until all of them are there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_zerodce.batch.outputs.record import FOLDER, Record, read_record
from napari_zerodce.batch.parts import regions_of
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.failures import writing_told
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import check_writable, write_image
from napari_zerodce.imaging.planes import Array, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.whole_file import whole_file

if TYPE_CHECKING:
    from napari_zerodce.engine.resolve import ResolvedRequest


class ImageFileOutput:
    """An image file of which many workers write parts.

    Parameters
    ----------
    target : Path
    key : str
        Of the source and the settings: parts of another key are not used.
    pixels : int
        Most pixels of a part.
    source : callable
        Returns the image as read; it is not called before `begin`.
    """

    def __init__(
        self, target: Path, key: str, *, pixels: int, source: Callable[[], ImageFile]
    ) -> None:
        self._target, self._key, self._pixels, self._source = target, key, pixels, source
        self._parts = target.parent / FOLDER / f"{target.name}.{key[:16]}.{pixels}"
        self._whole: Array | None = None

    def is_done(self) -> bool:
        """Return whether the file is the valid result for the key."""
        record = read_record(self._target)
        return record is not None and record.is_valid(self._target, key=self._key)

    def begin(self, *, overwrite: bool) -> None:
        """Make the folder of the parts; parameters and errors are those of `Output`."""
        target = self._target
        if os.path.lexists(target) and read_record(target) is None and not overwrite:
            raise ImageError(
                f"{target} exists already and is not the result of a batch; use --overwrite to "
                "replace it, or another output folder."
            )
        check_writable(target, self._source())
        with writing_told(target):
            self._parts.mkdir(parents=True, exist_ok=True)

    def missing(self) -> tuple[Scope, ...]:
        """Return the regions of which there is no part."""
        return tuple(region for region in self._regions if not self._part_of(region).exists())

    def write(self, region: Scope, block: Array) -> None:
        """Write a part, whole or not at all."""
        if len(self._regions) == 1:
            self._whole = block  # the same worker finishes the file
            return
        with writing_told(self._target), whole_file(self._part_of(region)) as path:
            np.save(path, block)

    def finish(self, resolved: ResolvedRequest, seconds: float) -> None:
        """Write the file, its record, and remove the parts."""
        array = self._joined() if self._whole is None else self._whole
        write_image(self._target, replace(self._source(), array=array), overwrite=True)
        made = resolved.provenance(
            global_curve=resolved.global_curve, seconds=round(seconds, 3)
        ).as_dict()
        with writing_told(self._target):
            record = Record.of(self._target, key=self._key, provenance=made)
            record.write(self._target)
        del array  # Windows removes no file that is mapped
        shutil.rmtree(self._parts, ignore_errors=True)

    def _joined(self) -> Array:
        """Return the image of all parts, on disk: it may be larger than the memory."""
        array = self._source().array
        with writing_told(self._target):
            path = self._parts / "whole.npy"
            whole = np.lib.format.open_memmap(path, mode="w+", dtype=array.dtype, shape=array.shape)
            for region in self._regions:
                place = (*(slice(*each) for each in region.leading), *region.region)
                whole[place] = np.load(self._part_of(region), mmap_mode="r")
        return whole

    @cached_property
    def _regions(self) -> tuple[Scope, ...]:
        image = self._source()
        layout = layout_of(image.array, channels=image.channels)
        return regions_of(layout, pixels=self._pixels)

    def _part_of(self, region: Scope) -> Path:
        return self._parts / f"{'_'.join(map(str, region.offset))}.npy"
