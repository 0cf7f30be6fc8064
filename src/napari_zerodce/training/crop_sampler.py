"""How crops for training and for validation are taken from the user's images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.intensity import Window, normalise, resolve_window
from napari_zerodce.imaging.planes import Array, PlaneLayout, layout_of
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped
from napari_zerodce.training.config import SMALLEST_CROP
from napari_zerodce.training.crops import CROPS, Crops, CropSet, TrainingImage
from napari_zerodce.training.layouts import layouts_of

_HELD_BACK: Final = 8
"""One crop for validation per this number of training crops, at least one and at most 16."""

_MOST_HELD_BACK: Final = 16

_ATTEMPTS: Final = 100
_LEAST_RANGE: Final = 2 / 255
"""A crop whose samples differ by less counts as constant and is not used."""

_PATCH: Final = 16

_PLANES_FOR_ONE: Final = 8
"""If planes are too small to be split, one of this number is kept for validation as a whole."""

_MOST_PLANES: Final = 1024


@dataclass(frozen=True)
class _Crop:
    """The number of an image, a crop from it, and the same place in its partner.

    They have shape (1 or 3, side, side) and values in [0, 1].
    """

    image: int
    values: Array
    partner: Array | None


@dataclass(frozen=True)
class _Area:
    """A rectangle of a plane, at least as large as a crop if the plane is."""

    image: int
    index: tuple[int, ...]
    rows: slice
    columns: slice

    def split(self, side: int, *, at_end: bool) -> tuple[_Area, _Area] | None:
        """Return a strip as wide as a crop, and the rest; None if no crop fits into the rest.

        Parameters
        ----------
        side : int
            Side of a crop in pixels.
        at_end : bool
            Whether the strip is at the end of the longer axis.
        """
        height, width = (part.stop - part.start for part in (self.rows, self.columns))
        if max(height, width) < 2 * side:
            return None
        long = self.rows if height >= width else self.columns
        cut = long.stop - side if at_end else long.start + side
        first, last = slice(long.start, cut), slice(cut, long.stop)
        strip, rest = (last, first) if at_end else (first, last)
        if height >= width:
            return replace(self, rows=strip), replace(self, rows=rest)
        return replace(self, columns=strip), replace(self, columns=rest)


def sample_crops(
    images: Sequence[TrainingImage],
    *,
    side: int,
    seed: int = 0,
    count: int = CROPS,
    should_stop: ShouldStop = never,
) -> Crops:
    """Take crops at native resolution from random places, equally often from all images.

    The crops for validation come first, and no training crop overlaps them.

    Parameters
    ----------
    images : sequence of TrainingImage
        All mono, or all colour.
    side : int
        Side of a crop in pixels. If all images are smaller, crops are smaller, too. If only some
        images are smaller than the crops, their crops are padded with their mirror image.
    seed : int
        Seed of the random places.
    count : int
        Number of training crops.
    should_stop : callable, optional
        Called before each crop; returns whether the user cancelled.

    Returns
    -------
    Crops

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    ImageError
        If all images are black or constant, or too small, or one of them is not a valid image.
    RequestError
        If there is no image, or some images are mono and others colour.
    """
    layouts = layouts_of(images)
    notices: list[str] = []
    wanted, side = max(side // SMALLEST_CROP, 1) * SMALLEST_CROP, _fitting_side(layouts, side)
    if side < wanted:
        notices.append(f"The images are small: crops have {side} pixels instead of {wanted}.")
    padded = sum(min(layout.height, layout.width) < side for layout in layouts)
    if padded:
        notices.append(
            f"{padded} of {len(layouts)} images have fewer than {side} rows or columns: "
            "their crops are padded with their mirror image."
        )
    sampler = _Sampler(images, layouts, side, np.random.default_rng(seed), should_stop)
    held_back, rest = sampler.hold_back(max(1, min(_MOST_HELD_BACK, count // _HELD_BACK)))
    training = sampler.take(count, rest)
    if not training:
        training = held_back
        notices.append("There is only one crop: it is used for training and for validation.")
    background = _background([*training, *held_back], len(images))
    return Crops(_set(training, background), _set(held_back, background), tuple(notices))


def _set(crops: Sequence[_Crop], background: Sequence[float]) -> CropSet:
    limits = np.array([background[crop.image] for crop in crops], np.float32)
    partners = [crop.partner for crop in crops if crop.partner is not None]
    values = _as_integers([crop.values for crop in crops])
    return CropSet(values, limits, _as_integers(partners) if partners else None)


def _as_integers(crops: Sequence[Array]) -> Array:
    return np.stack([np.rint(crop * 65535).astype(np.uint16) for crop in crops])


def largest_side(layouts: Sequence[PlaneLayout]) -> int:
    """Return the side in pixels of the largest crops that have room in images, with a held one.

    Parameters
    ----------
    layouts : sequence of PlaneLayout
        Of at least one image.
    """
    largest = max(min(layout.height, layout.width) for layout in layouts)
    if is_one_plane(layouts):
        # Two crops that do not overlap need twice the side in one direction.
        largest = min(largest, max(layouts[0].height, layouts[0].width) // 2)
    return largest


def is_one_plane(layouts: Sequence[PlaneLayout]) -> bool:
    """Return whether crops for training and for validation come from the same plane."""
    return len(layouts) == 1 and layouts[0].count == 1


def _fitting_side(layouts: Sequence[PlaneLayout], side: int) -> int:
    """Return the side of crops: `side`, or less if no image has room for it and for validation."""
    fitting = min(side, largest_side(layouts)) // SMALLEST_CROP * SMALLEST_CROP
    if fitting < SMALLEST_CROP:
        best = max(layouts, key=lambda layout: min(layout.height, layout.width))
        sizes = f"{best.width}x{best.height}"
        subject = "The image has" if len(layouts) == 1 else "The largest of the images has"
        raise ImageError(
            f"{subject} {sizes} pixels, too few to train on; choose images of {2 * SMALLEST_CROP}x"
            f"{SMALLEST_CROP} pixels or more."
        )
    return fitting


class _Sampler:
    """Source of crops from random places, one image after the other in turn."""

    def __init__(
        self,
        images: Sequence[TrainingImage],
        layouts: Sequence[PlaneLayout],
        side: int,
        generator: np.random.Generator,
        should_stop: ShouldStop,
    ) -> None:
        self._images, self._layouts, self._side = images, layouts, side
        self._generator, self._should_stop = generator, should_stop
        self._windows: dict[int, Window] = {}

    def hold_back(self, count: int) -> tuple[list[_Crop], list[_Area]]:
        """Return crops for validation, and the areas that contain none of them.

        Each crop comes from a strip of another plane, so that all kinds of images occur. If the
        planes are too small to be split, one plane in eight is held back as a whole.

        Raises
        ------
        ImageError
            If all places that were tried are constant.
        """
        planes = self._planes()
        held: list[_Area] = []
        rest: list[_Area] = []
        whole = len(planes) // _PLANES_FOR_ONE
        for plane in planes:
            at_end = bool(self._generator.integers(2))
            parts = plane.split(self._side, at_end=at_end) if len(held) < count else None
            if parts is not None:
                held.append(parts[0])
                rest.append(parts[1])
            elif whole and len(held) < count:
                whole -= 1
                held.append(plane)
            else:
                rest.append(plane)
        crops = self.take(count, held)
        return (crops, rest) if crops and rest else self._hold_back_anything(count, planes)

    def _hold_back_anything(
        self, count: int, planes: Sequence[_Area]
    ) -> tuple[list[_Crop], list[_Area]]:
        """Return crops from the first plane, or part of one, that is not constant."""
        for number, plane in enumerate(planes):
            others = [*planes[:number], *planes[number + 1 :]]
            for at_end in (False, True):
                parts = plane.split(self._side, at_end=at_end)
                crops = self.take(count, parts[:1]) if parts else []
                if parts and crops:
                    return crops, [parts[1], *others]
            crops = self.take(count, [plane])
            if crops:
                return crops, others
        raise ImageError(_nothing_in(self._images))

    def take(self, count: int, areas: Sequence[_Area]) -> list[_Crop]:
        """Return up to `count` crops that are not constant, equally often from all images.

        Parameters
        ----------
        count : int
        areas : sequence of _Area
            The areas from which crops may come.
        """
        by_image: dict[int, list[_Area]] = {}
        for area in areas:
            by_image.setdefault(area.image, []).append(area)
        turns = list(by_image.values())
        crops: list[_Crop] = []
        while turns and len(crops) < count:
            for choices in list(turns):
                crop = self._draw(choices)
                if crop is None:
                    turns.remove(choices)
                elif len(crops) < count:
                    crops.append(crop)
        return crops

    def _planes(self) -> list[_Area]:
        """Return the planes of all images in random order; of long stacks, a random choice."""
        areas = []
        most = max(1, _MOST_PLANES // len(self._images))
        for number, (image, layout) in enumerate(zip(self._images, self._layouts, strict=True)):
            rows, columns = _extent(image, layout, self._side)
            if image.index is not None:
                chosen = [image.index]
            else:
                flat = self._generator.permutation(layout.count)[:most].tolist()
                chosen = [
                    tuple(int(place) for place in np.unravel_index(one, layout.leading))
                    if layout.leading
                    else ()
                    for one in flat
                ]
            areas += [_Area(number, index, rows, columns) for index in chosen]
        return [areas[number] for number in self._generator.permutation(len(areas))]

    def _draw(self, areas: Sequence[_Area]) -> _Crop | None:
        """Return a crop from one of the areas, None if all attempts give constant crops."""
        for _ in range(_ATTEMPTS):
            raise_if_stopped(self._should_stop)
            area = areas[int(self._generator.integers(len(areas)))]
            place = self._somewhere(area)
            if place is None:
                continue
            image = self._images[area.image]
            crop = self._read(image, area, *place)
            if np.ptp(crop) >= _LEAST_RANGE:
                other = image.partner
                partner = None if other is None else self._read(other, area, *place)
                return _Crop(area.image, crop, partner)
        return None

    def _somewhere(self, area: _Area) -> tuple[int, int] | None:
        """Return the first row and column of a crop in an area, None if it contains no region."""
        image = self._images[area.image]
        parts = (area.rows, area.columns)
        lowest = [part.start for part in parts]
        highest = [max(part.start, part.stop - self._side) for part in parts]
        if image.region is None:
            places = zip(lowest, highest, strict=True)
            row, column = (int(self._generator.integers(low, high + 1)) for low, high in places)
            return row, column
        step = image.region_step
        rows, columns = (slice(-(-part.start // step), -(-part.stop // step)) for part in parts)
        inside = np.argwhere(image.region[rows, columns])
        if not len(inside):
            return None
        middle = inside[self._generator.integers(len(inside))] + (rows.start, columns.start)
        corner = (middle * step - self._side // 2).clip(lowest, highest)
        row, column = (int(start) for start in corner)
        return row, column

    def _read(self, image: TrainingImage, area: _Area, row: int, column: int) -> Array:
        layout = layout_of(image.array, channels=image.channels)
        rows = slice(row, min(row + self._side, area.rows.stop))
        columns = slice(column, min(column + self._side, area.columns.stop))
        block = layout.read(image.array, area.index, rows, columns)
        crop = normalise(np.ascontiguousarray(block), self._window(image))
        missing = [(0, self._side - length) for length in crop.shape[1:]]
        return np.pad(crop, [(0, 0), *missing], mode="symmetric")

    def _window(self, image: TrainingImage) -> Window:
        if id(image) not in self._windows:
            self._windows[id(image)] = resolve_window(
                image.array,
                image.window,
                channels=image.channels,
                should_stop=self._should_stop,
                bits=image.bits,
            )
        return self._windows[id(image)]


def _extent(image: TrainingImage, layout: PlaneLayout, side: int) -> tuple[slice, slice]:
    """Return the rows and columns from which crops may come: the region and half a crop around it.

    Raises
    ------
    ImageError
        If the region has no pixel.
    """
    lengths = (layout.height, layout.width)
    if image.region is None:
        return slice(0, lengths[0]), slice(0, lengths[1])
    if not image.region.any():
        raise ImageError(f"The region of '{image.name}' has no pixel; draw a region on the image.")
    parts = []
    for axis, length in enumerate(lengths):
        places = np.flatnonzero(image.region.any(1 - axis)) * image.region_step
        start = max(0, min(int(places[0]) - side // 2, length - side))
        parts.append(slice(start, min(length, max(int(places[-1]) + side // 2, start + side))))
    return parts[0], parts[1]


def _background(crops: Sequence[_Crop], images: int) -> list[float]:
    """Return for each image the largest brightness of a background patch, -1 if it has none."""
    from skimage.filters import threshold_otsu

    brightness: list[list[Array]] = [[] for _ in range(images)]
    for crop in crops:
        side = crop.values.shape[-1] // _PATCH * _PATCH
        cells = crop.values[:, :side, :side].mean(0).reshape(side // _PATCH, _PATCH, -1, _PATCH)
        brightness[crop.image].append(cells.mean((1, 3)).ravel())
    limits = []
    for values in brightness:
        means = np.concatenate(values) if values else np.zeros(1)
        constant = np.ptp(means) < _LEAST_RANGE
        limits.append(-1.0 if constant else float(threshold_otsu(means)))  # type: ignore[no-untyped-call]
    return limits


def _nothing_in(images: Sequence[TrainingImage]) -> str:
    if len(images) == 1:
        return (
            f"'{images[0].name}' is black or constant in all crops; choose an image that shows "
            "something, or another intensity window."
        )
    return (
        f"All {len(images)} images are black or constant in all crops; choose images that show "
        "something, or another intensity window."
    )
