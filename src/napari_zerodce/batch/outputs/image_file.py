"""An image file as output: its parts wait in a hidden folder until all of them are there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_zerodce.batch.outputs.record import FOLDER, Record, read_record
from napari_zerodce.batch.parts import regions_of
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.failures import writing_told
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import check_writable, read_image, write_image
from napari_zerodce.imaging.planes import Array, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.whole_file import whole_file

if TYPE_CHECKING:
    from napari_zerodce.engine.resolved import ResolvedRequest


_GAP: Final = ".gap"
"""The suffix of a file beside a part that has gaps."""


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
    accepts_gaps : bool
        Whether parts that could not be read stay as they are.
    """

    def __init__(
        self,
        target: Path,
        key: str,
        *,
        pixels: int,
        source: Callable[[], ImageFile],
        accepts_gaps: bool = False,
    ) -> None:
        self._target, self._key, self._pixels, self._source = target, key, pixels, source
        self._parts = target.parent / FOLDER / f"{target.name}.parts" / f"{key[:16]}.{pixels}"
        self._accepts_gaps = accepts_gaps
        self._whole: Array | None = None
        self._whole_has_gaps = False

    def is_done(self) -> bool:
        """Return whether the file is the valid result for the key; see `Output`."""
        record = self._record()
        is_done = record is not None and (self._accepts_gaps or not record.has_gaps)
        if is_done:
            self._remove_parts()
        return is_done

    def _remove_parts(self) -> None:
        shutil.rmtree(self._parts, ignore_errors=True)
        with suppress(OSError):  # other settings have parts there, or it is gone
            self._parts.parent.rmdir()

    def _record(self) -> Record | None:
        """Return the record of the file if that is the result for the key."""
        record = read_record(self._target)
        if record is None or record.key != self._key or not record.describes(self._target):
            return None
        return record

    def begin(self, *, overwrite: bool) -> None:
        """Make the folder of the parts; parameters and errors are those of `Output`."""
        target = self._target
        if os.path.lexists(target) and not overwrite and _is_foreign(target):
            raise ImageError(
                f"{target} exists already and is not the result of a batch; use --overwrite to "
                "replace it, or another output folder."
            )
        check_writable(target, (self._source(),))
        with writing_told(target):
            self._parts.mkdir(parents=True, exist_ok=True)

    def missing(self) -> tuple[Scope, ...]:
        """Return the regions of which there is no part, or one with gaps that are not accepted."""
        return tuple(
            region
            for region in self._regions
            if not self._part_of(region).exists()
            or (self._gap_of(region).exists() and not self._accepts_gaps)
        )

    def write(self, region: Scope, block: Array, *, is_gap: bool) -> None:
        """Write a part, whole or not at all."""
        if len(self._regions) == 1:
            self._whole, self._whole_has_gaps = block, is_gap  # the same worker finishes the file
            return
        with writing_told(self._target):
            if is_gap:
                self._gap_of(region).touch()
            with whole_file(self._part_of(region)) as path:
                np.save(path, block)
            if not is_gap:
                self._gap_of(region).unlink(missing_ok=True)

    def finish(self, resolved: ResolvedRequest, seconds: float) -> None:
        """Write the file, its record, and remove the parts."""
        if self._whole is None and not self._has_parts() and self._record():
            self._remove_parts()  # the rest of an end that was lost
            return
        has_gaps = self._whole_has_gaps or any(self._parts.glob(f"*{_GAP}"))
        array = self._joined() if self._whole is None else self._whole
        write_image(self._target, replace(self._source(), array=array), overwrite=True)
        made = resolved.provenance(
            global_curve=resolved.global_curve, seconds=round(seconds, 3)
        ).as_dict()
        with writing_told(self._target):
            record = Record.of(self._target, key=self._key, provenance=made, has_gaps=has_gaps)
            record.write(self._target)
        del array  # Windows removes no file that is mapped
        shutil.rmtree(self._parts.parent, ignore_errors=True)  # also parts of other settings

    def _has_parts(self) -> bool:
        return all(self._part_of(region).exists() for region in self._regions)

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

    def _gap_of(self, region: Scope) -> Path:
        return self._part_of(region).with_suffix(_GAP)


def _is_foreign(target: Path) -> bool:
    """Return whether a file is an image that no batch has made; a damaged result is none."""
    record = read_record(target)
    if record is None:
        return True
    if record.describes(target):
        return False
    try:
        read_image(target)
    except ImageError:
        return False
    return True
