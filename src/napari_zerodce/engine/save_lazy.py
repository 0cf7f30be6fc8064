"""A lazy result is saved: computed as it is written, and again from where it stopped."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from napari_zerodce.engine.growing import advance, enhance_into
from napari_zerodce.engine.lazy import EnhancedLevel
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.requests import Report
from napari_zerodce.engine.saved_result import key_of, sampled_identity
from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr
from napari_zerodce.imaging.files.saved import SavedImage, write_saved
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.planes import Array
from napari_zerodce.stopping import ShouldStop


def save_lazy(path: Path, image: SavedImage, *, report: Report, should_stop: ShouldStop) -> None:
    """Save a lazy result, computed as it is written; an OME-Zarr goes on where it stopped before.

    Parameters
    ----------
    path : Path
        As for `write_saved`.
    image : SavedImage
        Its levels are those of a `LazyEnhancement`.
    report, should_stop : callable
        As in `enhance`.

    Raises
    ------
    Cancelled, ZeroDCEError
        As `enhance` and `write_saved` do.
    """
    resolved = image.levels[0].resolved
    if is_ome_zarr(path):
        key = key_of(resolved, sampled_identity(resolved.image, resolved.layout))
        grown = begin(path, replace(image, key=key), overwrite=True)
        enhance_into(grown, image.levels, report=report, should_stop=should_stop)
        return
    planes = _Planes(image.levels[0], report, should_stop)
    write_saved(path, replace(image, levels=(planes,)))


class _Planes:
    """The planes of a level as a writer asks for them, until the user stops."""

    def __init__(self, level: EnhancedLevel, report: Report, should_stop: ShouldStop) -> None:
        self._level, self._should_stop = level, should_stop
        self.shape, self.dtype = level.shape, level.dtype
        self._meter = Meter(
            level.resolved.part.count, report=report, should_stop=should_stop, doing="Saving"
        )
        self._read = 0

    def __getitem__(self, index: tuple[int, ...]) -> Array:
        """Return a plane by its index in the leading axes."""
        number, self._read = self._read, self._read + 1
        height, width = self._level.resolved.part.extent
        made = self._level.block(
            index,
            slice(0, height),
            slice(0, width),
            report=partial(advance, self._meter, range(number, number + 1)),
            should_stop=self._should_stop,
        )
        self._meter.advance(number, 1)
        return made
