"""Which crops of the user's images are trained on, and which are kept for validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.errors import Cancelled, ImageError, RequestError
from napari_zerodce.imaging.intensity import Window, WindowChoice, normalise, resolve_window
from napari_zerodce.imaging.planes import Array, Channels, PlaneLayout, layout_of
from napari_zerodce.training.config import SMALLEST_CROP

ShouldStop = Callable[[], bool]

CROPS: Final = 128
"""How many crops are trained on: 50 MB of colour crops of 256 pixels."""

_HELD_BACK: Final = 16
"""One crop for so many, at least one and at most 16, is kept for validation."""

_ATTEMPTS: Final = 30
_LEAST_RANGE: Final = 2 / 255
"""A crop whose samples differ less has nothing to learn from."""

_PATCH: Final = 16


@dataclass(frozen=True)
class Picture:
    """One image that crops are taken from.

    Parameters
    ----------
    name : str
    array : array-like, shape (..., H, W), (..., H, W, 3) or (..., H, W, 4)
    channels : {"mono", "rgb", "rgba"}
    window : WindowChoice
        Which intensities are mapped to [0, 1].
    region : ndarray of bool, shape (h, w), optional
        Crops have their middle in it. It has every `region_step`-th row and column of the plane.
    region_step : int
    index : tuple of int, optional
        The one plane that crops are taken from; by default all are.
    """

    name: str
    array: Any
    channels: Channels
    window: WindowChoice = field(default_factory=WindowChoice)
    region: NDArray[np.bool_] | None = None
    region_step: int = 1
    index: tuple[int, ...] | None = None


@dataclass(frozen=True)
class CropSet:
    """Square crops, and from which brightness on each is foreground.

    Parameters
    ----------
    values : ndarray, shape (N, 1 or 3, side, side), uint16
        65535 stands for 1.
    background : ndarray, shape (N,), float32
        Patches up to this brightness, in [0, 1], are background; below 0 where none is.
    """

    values: NDArray[np.uint16]
    background: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Crops:
    """Crops to train on, others that are held back, and sentences the user should see."""

    training: CropSet
    validation: CropSet
    notices: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """Of a crop, in pixels."""
        return int(self.training.values.shape[-1])


@dataclass(frozen=True)
class _Place:
    picture: int
    index: tuple[int, ...]
    row: int
    column: int

    def overlaps(self, other: _Place, side: int) -> bool:
        same = (self.picture, self.index) == (other.picture, other.index)
        near = abs(self.row - other.row) < side and abs(self.column - other.column) < side
        return same and near


def sample_crops(
    pictures: Sequence[Picture],
    *,
    side: int,
    seed: int = 0,
    count: int = CROPS,
    should_stop: ShouldStop = lambda: False,
) -> Crops:
    """Take crops at native resolution from random places of all pictures alike.

    What is held back for validation is taken first, and no training crop overlaps it.

    Parameters
    ----------
    pictures : sequence of Picture
        All mono, or all colour.
    side : int
        Of a crop in pixels; where the pictures are smaller, crops are too. A picture that is
        smaller than the crops, among larger ones, is padded with its mirror image.
    seed : int
    count : int
        Crops to train on.
    should_stop : callable, optional

    Returns
    -------
    Crops

    Raises
    ------
    Cancelled
        If `should_stop` said so.
    ImageError
        If all pictures are black or constant, too small, or one of them is no image.
    RequestError
        If there is no picture, or some are mono and others colour.
    """
    layouts = _layouts(pictures)
    notices: list[str] = []
    wanted, side = side, _fitting_side(layouts, side)
    if side < wanted:
        notices.append(f"The images are small: crops have {side} pixels instead of {wanted}.")
    sampler = _Sampler(pictures, layouts, side, np.random.default_rng(seed), should_stop)
    held_back = max(1, min(_HELD_BACK, count // _HELD_BACK))
    validation = list(sampler.take(held_back, avoid=()))
    if not validation:
        raise ImageError(_nothing_in(pictures))
    training = list(sampler.take(count, avoid=[place for place, _ in validation]))
    if not training:
        training = validation
        notices.append("There is only one crop: it is trained on, and used for validation, too.")
    background = _background([*training, *validation], len(pictures))
    return Crops(_set(training, background), _set(validation, background), tuple(notices))


def _set(crops: Sequence[tuple[_Place, Array]], background: Sequence[float]) -> CropSet:
    values = [np.rint(crop * 65535).astype(np.uint16) for _, crop in crops]
    limits = [background[place.picture] for place, _ in crops]
    return CropSet(np.stack(values), np.array(limits, np.float32))


def _layouts(pictures: Sequence[Picture]) -> list[PlaneLayout]:
    if not pictures:
        raise RequestError("There is no image to train on; choose one or more dark images.")
    layouts = []
    for picture in pictures:
        try:
            layouts.append(layout_of(picture.array, channels=picture.channels))
        except ImageError as err:
            raise ImageError(f"'{picture.name}' cannot be trained on: {err}") from err
    for name, layout in zip((p.name for p in pictures), layouts, strict=True):
        if layout.colours != layouts[0].colours:
            kinds = {1: "one channel", 3: "colour"}
            raise RequestError(
                f"'{pictures[0].name}' has {kinds[layouts[0].colours]} and '{name}' "
                f"{kinds[layout.colours]}; train on images of one kind at a time."
            )
    return layouts


def _fitting_side(layouts: Sequence[PlaneLayout], side: int) -> int:
    """Return the side of crops: as wished, if a picture is as large and a part can be held back."""
    largest = max(min(layout.height, layout.width) for layout in layouts)
    if len(layouts) == 1 and layouts[0].count == 1:
        # Two crops that do not overlap need twice the side in one direction.
        largest = min(largest, max(layouts[0].height, layouts[0].width) // 2)
    fitting = min(side, largest) // SMALLEST_CROP * SMALLEST_CROP
    if fitting < SMALLEST_CROP:
        sizes = f"{layouts[0].width}x{layouts[0].height}"
        what = "The image has" if len(layouts) == 1 else "The largest of the images has"
        raise ImageError(
            f"{what} {sizes} pixels, too few to train on; choose images of {2 * SMALLEST_CROP}x"
            f"{SMALLEST_CROP} pixels or more."
        )
    return fitting


class _Sampler:
    """Draws crops from random places, picture by picture in turn."""

    def __init__(
        self,
        pictures: Sequence[Picture],
        layouts: Sequence[PlaneLayout],
        side: int,
        generator: np.random.Generator,
        should_stop: ShouldStop,
    ) -> None:
        self._pictures, self._layouts, self._side = pictures, layouts, side
        self._generator, self._should_stop = generator, should_stop
        self._windows: dict[int, Window] = {}
        self._order = generator.permutation(len(pictures))
        self._turn = 0

    def take(self, count: int, *, avoid: Sequence[_Place]) -> Iterator[tuple[_Place, Array]]:
        """Yield up to `count` crops that are not constant and do not overlap others."""
        taken = failed = 0
        while taken < count and failed < len(self._pictures):
            if self._should_stop():
                raise Cancelled
            picture = int(self._order[self._turn % len(self._order)])
            self._turn += 1
            found = self._draw(picture, avoid)
            if found is None:
                failed += 1
            else:
                failed = 0
                taken += 1
                yield found

    def _draw(self, picture: int, avoid: Sequence[_Place]) -> tuple[_Place, Array] | None:
        for _ in range(_ATTEMPTS):
            place = self._somewhere(picture)
            if any(place.overlaps(other, self._side) for other in avoid):
                continue
            crop = self._read(place)
            if np.ptp(crop) >= _LEAST_RANGE:
                return place, crop
        return None

    def _somewhere(self, number: int) -> _Place:
        picture, layout = self._pictures[number], self._layouts[number]
        index = picture.index
        if index is None:
            index = tuple(int(self._generator.integers(length)) for length in layout.leading)
        highest = [max(0, length - self._side) for length in (layout.height, layout.width)]
        if picture.region is None:
            row, column = (int(self._generator.integers(most + 1)) for most in highest)
        else:
            inside = np.flatnonzero(picture.region)
            middle = int(inside[self._generator.integers(inside.size)])
            place = np.array(np.unravel_index(middle, picture.region.shape))
            corner = place * picture.region_step - self._side // 2
            row, column = (int(start) for start in corner.clip(0, highest))
        return _Place(number, index, row, column)

    def _read(self, place: _Place) -> Array:
        picture, layout = self._pictures[place.picture], self._layouts[place.picture]
        rows = slice(place.row, min(place.row + self._side, layout.height))
        columns = slice(place.column, min(place.column + self._side, layout.width))
        block = layout.read(picture.array, place.index, rows, columns)
        crop = normalise(np.ascontiguousarray(block), self._window(place.picture))
        missing = [(0, self._side - length) for length in crop.shape[1:]]
        return np.pad(crop, [(0, 0), *missing], mode="symmetric")

    def _window(self, number: int) -> Window:
        if number not in self._windows:
            picture = self._pictures[number]
            self._windows[number] = resolve_window(
                picture.array,
                picture.window,
                channels=picture.channels,
                should_stop=self._should_stop,
            )
        return self._windows[number]


def _background(crops: Sequence[tuple[_Place, Array]], pictures: int) -> list[float]:
    """Return for each picture up to which brightness a patch of it is background."""
    from skimage.filters import threshold_otsu

    brightness: list[list[Array]] = [[] for _ in range(pictures)]
    for place, crop in crops:
        side = crop.shape[-1] // _PATCH * _PATCH
        patches = crop[:, :side, :side].mean(0).reshape(side // _PATCH, _PATCH, -1, _PATCH)
        brightness[place.picture].append(patches.mean((1, 3)).ravel())
    limits = []
    for values in brightness:
        means = np.concatenate(values) if values else np.zeros(1)
        constant = np.ptp(means) < _LEAST_RANGE
        limits.append(-1.0 if constant else float(threshold_otsu(means)))  # type: ignore[no-untyped-call]
    return limits


def _nothing_in(pictures: Sequence[Picture]) -> str:
    if len(pictures) == 1:
        return (
            f"'{pictures[0].name}' is black or constant where crops were taken; choose an image "
            "that shows something, or another intensity window."
        )
    return (
        f"All {len(pictures)} images are black or constant where crops were taken; choose images "
        "that show something, or another intensity window."
    )
