"""What is known of a part on screen, put together by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.engine.look import Look
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.gui.docks.adjust.backdrop import Backdrop, Picture


class Overview:
    """A view of 4x4 pixels for a plane of 16x16; it counts how often it is drawn."""

    def __init__(self) -> None:
        self.viewport = Viewport(slice(0, 16), slice(0, 16), 4)
        self.samples = np.arange(16).reshape(4, 4)
        self.drawn = 0

    def render(self, look: Look) -> Any:
        self.drawn += 1
        return self.samples * 100 + int(look.strength * 10)


def _picture(rows: slice, columns: slice, step: int, value: int) -> Picture:
    viewport = Viewport(rows, columns, step)
    return Picture(viewport, np.full(viewport.shape, -value), np.full(viewport.shape, value))


def test_part_is_cut_from_the_overview_and_enlarged() -> None:
    overview: Any = Overview()
    part = Viewport(slice(2, 8), slice(4, 16), 2)
    picture = Backdrop().draw(overview, Look(), part)
    # The pixels at 2, 4, 6 lie in rows 0, 1, 1 of the overview; those at 4 .. 14 in columns 1 .. 3.
    np.testing.assert_array_equal(
        picture.before, overview.samples[np.ix_([0, 1, 1], [1, 1, 2, 2, 3, 3])]
    )
    np.testing.assert_array_equal(picture.after, picture.before * 100 + 10)
    assert picture.viewport == part


def test_beyond_the_edge_the_last_pixels_are_repeated() -> None:
    overview: Any = Overview()
    picture = Backdrop().draw(overview, Look(), Viewport(slice(14, 18), slice(0, 2)))
    assert (picture.before == overview.samples[3, 0]).all()


def test_last_picture_stays_where_it_was() -> None:
    overview: Any = Overview()
    backdrop = Backdrop()
    backdrop.keep(overview, Look(), _picture(slice(0, 8), slice(0, 8), 1, 7))
    moved = backdrop.draw(overview, Look(), Viewport(slice(4, 12), slice(4, 12)))
    assert (moved.after[:4, :4] == 7).all()
    assert (moved.before[:4, :4] == -7).all()
    assert not (moved.after[4:] == 7).any()
    assert not (moved.after[:, 4:] == 7).any()


@pytest.mark.parametrize(("step", "is_used"), [(1, False), (2, True), (4, True)])
def test_picture_of_smaller_pixels_is_not_used_for_larger_ones(step: int, is_used: bool) -> None:
    overview: Any = Overview()
    backdrop = Backdrop()
    backdrop.keep(overview, Look(), _picture(slice(0, 8), slice(0, 8), step, 7))
    zoomed = backdrop.draw(overview, Look(), Viewport(slice(0, 8), slice(0, 8), 2))
    assert (zoomed.after == 7).any() == is_used


def test_another_look_or_overview_forgets_the_pictures() -> None:
    overview: Any = Overview()
    other: Any = Overview()
    part = Viewport(slice(0, 8), slice(0, 8))
    backdrop = Backdrop()
    backdrop.keep(overview, Look(), _picture(slice(0, 8), slice(0, 8), 1, 7))
    assert not (backdrop.draw(overview, Look(strength=0.5), part).after == 7).any()
    backdrop.keep(overview, Look(), _picture(slice(0, 8), slice(0, 8), 1, 7))
    assert not (backdrop.draw(other, Look(), part).after == 7).any()


def test_overview_is_drawn_once_for_a_look() -> None:
    overview: Any = Overview()
    backdrop = Backdrop()
    for start in range(4):
        backdrop.draw(overview, Look(), Viewport(slice(start, 8), slice(0, 8)))
    assert overview.drawn == 1
