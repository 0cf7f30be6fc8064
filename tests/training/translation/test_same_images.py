"""The same images as sources and targets are refused, whatever their names and order are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.translation.same_images import check_different


def image(value: int, shape: tuple[int, ...] = (4, 6)) -> TrainingImage:
    return TrainingImage(f"image {value}", np.full(shape, value, np.uint8), "mono")


def test_the_same_pixels_are_refused() -> None:
    sources = [image(1), image(2)]
    targets = [replace(image(2), name="a copy"), image(1), image(1)]
    with pytest.raises(RequestError, match="are the same images, so that there is nothing to"):
        check_different(sources, targets)


@pytest.mark.parametrize(
    "targets", [[image(1)], [image(1), image(3)], [image(1), image(2, (6, 4))], []]
)
def test_other_images_are_not(targets: list[TrainingImage]) -> None:
    check_different([image(1), image(2)], targets)


def test_no_images_are_left_to_other_checks() -> None:
    check_different([], [])


def test_what_is_not_in_memory_is_not_read() -> None:
    class Unread:
        shape = (4, 6)

        def __array__(self, *_: object) -> None:
            raise AssertionError

    first, second = Unread(), Unread()
    lazy = [replace(image(1), array=each) for each in (first, second)]
    check_different(lazy[:1], lazy[1:])
    with pytest.raises(RequestError, match="the same images"):
        check_different(lazy, lazy[::-1])
