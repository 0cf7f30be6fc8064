"""A result that does not fit into memory, or into the budget, is refused with a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.memory import allocate, room_for_blocks, set_budget
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import ImageError


@pytest.fixture(autouse=True)
def no_budget() -> Iterator[None]:
    yield
    set_budget(None)


def test_array_has_the_shape_and_the_dtype() -> None:
    array = allocate((2, 3), np.uint16, opening="It needs")
    assert (array.shape, array.dtype) == ((2, 3), np.uint16)


def test_more_than_all_memory_is_refused() -> None:
    with pytest.raises(ImageError, match=r"It needs .* are free"):
        allocate((2**50,), np.uint8, opening="It needs")


def test_budget_is_the_largest_array() -> None:
    set_budget(6)
    assert allocate((6,), np.uint8, opening="It needs").nbytes == 6
    with pytest.raises(ImageError, match=r"It needs .* preference 'Memory budget' allows"):
        allocate((7,), np.uint8, opening="It needs")
    set_budget(None)
    assert allocate((7,), np.uint8, opening="It needs").nbytes == 7


def test_blocks_have_a_part_of_the_free_memory_within_the_budget() -> None:
    whole = room_for_blocks(1)
    assert 0 < room_for_blocks(0.25) < 0.5 * whole
    set_budget(6)
    assert room_for_blocks(0.25) == 6


class Unread:
    """An image that must not be read."""

    shape, dtype, ndim = (400, 300), np.dtype(np.uint16), 2

    def __getitem__(self, key: object) -> None:
        raise AssertionError("read")


def test_run_over_budget_is_refused_before_its_image_is_read() -> None:
    set_budget(400 * 300 * 2 - 1)
    with pytest.raises(ImageError, match="Memory budget"):
        enhance(EnhanceRequest(Unread(), "mono"))
