"""The method that translates pictures: a tile gets what it has in the translated whole plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.device import MemoryErrorsTranslated, OutOfDeviceMemory
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.engine.methods.crops import crops_of, padded_to, picture_of, whole_picture
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.engine.translation_limits import halo_of, padded
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.tiling import Region, Tile

if TYPE_CHECKING:
    from napari_zerodce.core.translators.statistics import Statistics

Array = np.ndarray[Any, Any]
Index = tuple[int, ...]


@dataclass(frozen=True)
class Normalisation:
    """Which pixels decide the statistics that planes of an image are normalised with.

    Parameters
    ----------
    image : array-like
        The image of the planes.
    fits_whole : bool
        Whether a whole plane fits into memory; if not, crops of it decide.
    sample : callable, optional
        Given the index of a plane, it returns the indices of the planes that decide for it; by
        default, each plane decides alone.
    read : callable, optional
        Given an index, it returns a plane; needed for a sample.
    """

    image: Any
    fits_whole: bool = True
    sample: Callable[[Index], Sequence[Index]] | None = None
    read: Callable[[Index], Plane] | None = None

    def describe(self) -> str:
        """Return in words which pixels decide."""
        if self.sample is not None:
            return "some planes of the stack together"
        return "each plane, whole" if self.fits_whole else "crops of each plane"


@dataclass(frozen=True)
class TranslationMethod:
    """The method that translates planes, whole or tile by tile.

    Parameters
    ----------
    translator : Translator
    normalisation : Normalisation
    """

    translator: Translator
    normalisation: Normalisation

    def on_plane(
        self, plane: Plane, *, tile_size: int, region: Region, meter: PlaneMeter
    ) -> WholeTranslation | TiledTranslation:
        """Return the method for one plane.

        Parameters
        ----------
        plane : Plane
        tile_size : int
            Side of the tiles in pixels.
        region : tuple of slice
            Rows and columns of the plane that are processed.
        meter : PlaneMeter
        """
        of_plane = PlaneTranslation(self.translator, self.normalisation, plane, meter)
        has_tiles = self.translator.design.receptive_radius is not None
        is_part = any(
            side != slice(0, length) for side, length in zip(region, plane.shape, strict=True)
        )
        shares = self.normalisation.sample is not None
        if has_tiles and (tile_size < max(plane.shape) or (is_part and shares)):
            return TiledTranslation(of_plane)
        return WholeTranslation(of_plane, keep=is_part)


class PlaneTranslation:
    """A plane, its translator, and the statistics that it is normalised with.

    Parameters
    ----------
    translator : Translator
    normalisation : Normalisation
    plane : Plane
    meter : PlaneMeter
    """

    def __init__(
        self,
        translator: Translator,
        normalisation: Normalisation,
        plane: Plane,
        meter: PlaneMeter,
    ) -> None:
        self.translator, self.normalisation = translator, normalisation
        self.plane, self.meter = plane, meter
        self.design: GeneratorDesign = translator.design
        self._steps = translator.convolutions

    def whole(self) -> Array:
        """Return the translated plane, shape (C, H, W), values in [0, 1]."""
        given = None if self.normalisation.sample is None else self.statistics()
        picture = whole_picture(self.plane, self.design)
        made = self._counted(picture, given)[0]
        return self.colours(made[..., : self.plane.shape[0], : self.plane.shape[1]])

    def kept_whole(self) -> Array:
        """Return the same, and keep it for other parts of the plane."""
        return self.translator.planes.get(
            (*self._key(), self.plane.index), self.whole, of=self.normalisation.image
        )

    def statistics(self) -> Statistics:
        """Return the statistics, which are measured once."""
        sample = self.normalisation.sample
        indices = (self.plane.index,) if sample is None else tuple(sample(self.plane.index))
        make = self._own_statistics if sample is None else partial(self._shared, indices)
        with self.translator.measuring:
            return self.translator.statistics.get(
                (*self._key(), indices), make, of=self.normalisation.image
            )

    def _own_statistics(self) -> Statistics:
        if self.normalisation.fits_whole:
            return self._counted(whole_picture(self.plane, self.design))[1]
        return self._counted(crops_of([self.plane], self.design))[1]

    def _shared(self, indices: Sequence[Index]) -> Statistics:
        assert self.normalisation.read is not None
        crops = crops_of([self.normalisation.read(index) for index in indices], self.design)
        return self.translator.translate(crops, check=self.meter.check)[1]

    def _counted(
        self, picture: Array, statistics: Statistics | None = None
    ) -> tuple[Array, Statistics]:
        """Translate with progress: each convolution is a step."""
        return self.translator.translate(picture, statistics, check=self._step)

    def _step(self) -> None:
        self._steps -= 1
        self.meter.visit(1)

    def finish(self) -> None:
        """Count the steps that were not needed."""
        self.meter.visit(self._steps)
        self._steps = 0

    def _key(self) -> tuple[object, ...]:
        whole, plane = self.normalisation, self.plane
        shares = whole.sample is not None
        return (id(whole.image), whole.fits_whole, shares, plane.shape, plane.window)

    def colours(self, made: Array) -> Array:
        """Return the result in the colours of the plane.

        Parameters
        ----------
        made : ndarray, shape (1, outputs, H, W)

        Returns
        -------
        ndarray, shape (C, H, W)
            The mean of the outputs for a mono plane; one output for all colours.
        """
        picture = made[0]
        if self.plane.colours == 1:
            mean: Array = picture.mean(0, keepdims=True)
            return mean
        return np.broadcast_to(picture, (self.plane.colours, *picture.shape[1:]))


class WholeTranslation:
    """A plane that is translated at once.

    Parameters
    ----------
    of_plane : PlaneTranslation
    keep : bool
        Whether other parts of the plane will be asked for.
    """

    halo = 0
    has_flat_tiles = False

    def __init__(self, of_plane: PlaneTranslation, *, keep: bool) -> None:
        self._of_plane, self._keep = of_plane, keep
        self.work = of_plane.translator.convolutions
        self._translated: Array = np.empty(0)

    def prepare(self, crew: Crew) -> None:  # noqa: ARG002  (one picture, in one thread)
        """Translate the plane."""
        of_plane = self._of_plane
        make = of_plane.kept_whole if self._keep else of_plane.whole
        if of_plane.design.receptive_radius is None:
            make = partial(_without_tiles, make, of_plane.plane.shape)
        self._translated = make()
        of_plane.finish()

    def apply(self, tile: Tile, block: Array) -> Array:
        """Return the intensities of a tile.

        Parameters
        ----------
        tile : Tile
        block : ndarray, shape (C, h, w)
            The samples of the tile as they are.
        """
        unit = self._translated[:, tile.rows, tile.columns]
        return self._of_plane.plane.translated(unit, block)


def _without_tiles(make: Callable[[], Array], shape: tuple[int, int]) -> Array:
    """Make a plane of which smaller tiles are no way out if memory runs out."""
    try:
        with MemoryErrorsTranslated():
            return make()
    except OutOfDeviceMemory as err:
        raise ImageError(
            f"The device has no memory for a plane of {shape[1]}x{shape[0]} pixels, and a U-Net "
            "sees the whole plane; take a crop, or choose the device 'cpu'."
        ) from err


class TiledTranslation:
    """A plane whose tiles are translated with the statistics of all of it.

    Parameters
    ----------
    of_plane : PlaneTranslation
    """

    has_flat_tiles = False

    def __init__(self, of_plane: PlaneTranslation) -> None:
        self._of_plane = of_plane
        self._statistics: Statistics | None = None
        self.halo = halo_of(of_plane.design)
        measures_itself = of_plane.normalisation.sample is None
        self.work = of_plane.translator.convolutions if measures_itself else 0

    def prepare(self, crew: Crew) -> None:  # noqa: ARG002  (one picture, in one thread)
        """Measure the statistics."""
        self._statistics = self._of_plane.statistics()
        if self.work:
            self._of_plane.finish()

    def apply(self, tile: Tile, block: Array) -> Array:
        """Return the intensities of a tile.

        Parameters
        ----------
        tile : Tile
        block : ndarray, shape (C, h, w)
            The samples of the tile and its halo, as they are.
        """
        of_plane = self._of_plane
        plane, design = of_plane.plane, of_plane.design
        rows, columns = (
            _cut(side, length, design)
            for side, length in zip((tile.outer_rows, tile.outer_columns), plane.shape, strict=True)
        )
        unit = plane.normalised(block[:, rows.kept, columns.kept])
        picture = padded_to(picture_of(unit, design), rows.padded, columns.padded)
        made, _ = of_plane.translator.translate(
            picture, self._statistics, check=of_plane.meter.check
        )
        inner = (_moved(tile.inner_rows, rows), _moved(tile.inner_columns, columns))
        samples = block[:, tile.inner_rows, tile.inner_columns]
        return plane.translated(of_plane.colours(made[(..., *inner)]), samples)


@dataclass(frozen=True)
class _Cut:
    """A side of a tile and its halo that a generator halves like the whole plane.

    Parameters
    ----------
    kept : slice
        The part that is kept: from a multiple of pixels to another one, or to the plane's end.
    padded : int
        Its length with the padding of the plane.
    """

    kept: slice
    padded: int


def _cut(outer: slice, length: int, design: GeneratorDesign) -> _Cut:
    multiple = design.multiple
    start = -(-outer.start // multiple) * multiple
    at_end = outer.stop == length
    stop = length if at_end else outer.stop // multiple * multiple
    whole = padded(length, design) if at_end else stop
    return _Cut(slice(start - outer.start, stop - outer.start), whole - start)


def _moved(inner: slice, cut: _Cut) -> slice:
    return slice(inner.start - cut.kept.start, inner.stop - cut.kept.start)
