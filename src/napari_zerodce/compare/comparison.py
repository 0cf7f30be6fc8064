"""The result of a comparison: frozen values; no torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from napari_zerodce.compare.candidates import Candidate
from napari_zerodce.compare.figures import Figures
from napari_zerodce.compare.plane import PlaneInWindow
from napari_zerodce.engine.provenance import Provenance


@dataclass(frozen=True)
class Compared:
    """What became of one candidate.

    Parameters
    ----------
    candidate : Candidate
    title : str
        Differs from those of the other candidates.
    image : ndarray, optional
        Shape and dtype of the compared plane; None if there was a problem.
    problem : str
        A sentence for the user if there is no image, else empty.
    seconds : float, optional
        Wall-clock time, without that of loading a checkpoint; None for the source.
    figures : Figures, optional
    about : str
        How the image was made, in a few words, such as the exponent of gamma.
    provenance : Provenance, optional
        Of a checkpoint.
    notices : tuple of str
        Sentences for the user.
    """

    candidate: Candidate
    title: str
    image: np.ndarray[Any, Any] | None = None
    problem: str = ""
    seconds: float | None = None
    figures: Figures | None = None
    about: str = ""
    provenance: Provenance | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """The candidates on one plane of an image.

    Parameters
    ----------
    source : PlaneInWindow
        The plane, and the window that all candidates share: also the contrast limits with which
        the pictures are comparable.
    compared : tuple of Compared
        In the order of the candidates, the source first.
    reference : PlaneInWindow, optional
    notices : tuple of str
        Sentences for the user about the image and the reference.
    """

    source: PlaneInWindow
    compared: tuple[Compared, ...]
    reference: PlaneInWindow | None = None
    notices: tuple[str, ...] = ()

    @cached_property
    def reference_picture(self) -> np.ndarray[Any, Any] | None:
        """The reference as it looks beside the others: its window is stretched to the source's.

        None without a reference of the same size and kind.
        """
        if self.reference is None or self.reference.unit.shape != self.source.unit.shape:
            return None
        return self.source.filled_with(self.reference.unit)

    @property
    def contrast_limits(self) -> tuple[float, float]:
        """The ends of the window."""
        return self.source.window.low, self.source.window.high
