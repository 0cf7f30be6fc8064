"""What the live view shows while the part on screen is estimated: what is known of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.imaging.planes import Array

if TYPE_CHECKING:
    from napari_zerodce.engine.look import Look
    from napari_zerodce.engine.view import View


@dataclass(frozen=True)
class Picture:
    """A part of a plane, before and after.

    Parameters
    ----------
    viewport : Viewport
    before, after : ndarray, shape (h, w) or (h, w, 3 or 4), same dtype
    """

    viewport: Viewport
    before: Array
    after: Array

    def at(self, viewport: Viewport) -> Picture:
        """Return another part of the plane, enlarged or reduced to its pixels.

        Parameters
        ----------
        viewport : Viewport
            Where it is outside this part, it gets the pixels at the edge.
        """
        places = np.ix_(*(numbers.clip(0, n - 1) for numbers, n in self._numbers(viewport)))
        return Picture(viewport, self.before[places], self.after[places])

    def onto(self, other: Picture) -> Picture:
        """Return another picture, replaced by this one where this one has pixels.

        Parameters
        ----------
        other : Picture
        """
        inside = [(numbers >= 0) & (numbers < n) for numbers, n in self._numbers(other.viewport)]
        own = self.at(other.viewport)
        covered = np.ix_(*inside)
        before, after = other.before.copy(), other.after.copy()
        before[covered], after[covered] = own.before[covered], own.after[covered]
        return Picture(other.viewport, before, after)

    def _numbers(self, viewport: Viewport) -> list[tuple[Array, int]]:
        """Return which own row and column shows each one of a viewport, and how many there are."""
        step, middle = self.viewport.step, viewport.step // 2
        sides = zip(
            (self.viewport.rows, self.viewport.columns),
            (viewport.rows, viewport.columns),
            self.after.shape,
            strict=False,
        )
        return [
            ((np.arange(there.start, there.stop, viewport.step) + middle - own.start) // step, n)
            for own, there, n in sides
        ]


class Backdrop:
    """The overview of a plane and the last picture of it, in one look."""

    def __init__(self) -> None:
        self._overview: View | None = None
        self._look: Look | None = None
        self._whole: Picture | None = None
        self._last: Picture | None = None

    def keep(self, overview: View, look: Look, picture: Picture) -> None:
        """Keep the picture of a part.

        Parameters
        ----------
        overview : View
            Of its plane.
        look : Look
        picture : Picture
        """
        self._belong(overview, look)
        self._last = picture

    def draw(self, overview: View, look: Look, viewport: Viewport) -> Picture:
        """Return a part of the plane, as sharp as it is known.

        Parameters
        ----------
        overview : View
        look : Look
        viewport : Viewport
            The part.
        """
        self._belong(overview, look)
        if self._whole is None:
            self._whole = Picture(overview.viewport, overview.samples, overview.render(look))
        picture, last = self._whole.at(viewport), self._last
        # A picture of smaller pixels would have to be averaged.
        if last is not None and last.viewport.step >= viewport.step:
            return last.onto(picture)
        return picture

    def forget(self) -> None:
        """Forget all pictures, which are large."""
        self._overview = self._look = self._whole = self._last = None

    def _belong(self, overview: View, look: Look) -> None:
        """Forget what belongs to another overview or look."""
        if overview is not self._overview or look != self._look:
            self.forget()
            self._overview, self._look = overview, look
