"""The two sides of the swipe over a result layer, which may hold only a part of its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.parts import offset_in_source
from napari_zerodce.gui.layers.results import data_of_source
from napari_zerodce.imaging.planes import Array

if TYPE_CHECKING:
    import napari
    from napari.layers import Image


@dataclass(frozen=True)
class Comparison:
    """The pixels of a source and of its result in the part on screen.

    Parameters
    ----------
    before, after : ndarray, shape (h, w) or (h, w, 3 or 4)
        Where the result has no pixels, `after` has those of the source.
    """

    before: Array
    after: Array

    @property
    def has_result(self) -> bool:
        """Whether the result has pixels on screen."""
        return self.after is not self.before


def compare(viewer: napari.Viewer, screen: OnScreen, result: Image) -> Comparison | None:
    """Return both sides, None if the source was deleted or the result is no part of it any more.

    Parameters
    ----------
    viewer : napari.Viewer
    screen : OnScreen
        The part of the result layer or of its source that is on screen.
    result : napari.layers.Image
    """
    data = data_of_source(viewer, result)
    offset = None if data is None else offset_in_source(result, data)
    if offset is None:
        return None
    made = result.data[0] if result.multiscale else result.data
    if result is screen.source.layer:  # its source lies around it
        after = screen.same_place_in(made)
        before = screen.covered_by(after, data, [-first for first in offset])
        return Comparison(before, after)
    before = screen.same_place_in(data)
    return Comparison(before, screen.covered_by(before, made, offset))
