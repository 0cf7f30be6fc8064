"""The figures as columns of a table: titles, digits, and what each says and does not say."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan
from typing import Final

from napari_zerodce.compare.figures import Figures

MISSING: Final = "–"  # noqa: RUF001  an en dash stands for a figure that is not defined


@dataclass(frozen=True)
class Column:
    """A figure as a column.

    Parameters
    ----------
    name : str
        The field of `Figures`, or "seconds".
    title : str
    digits : int
        Behind the decimal point.
    meaning : str
        One or two sentences for users.
    unit : str
    """

    name: str
    title: str
    digits: int
    meaning: str
    unit: str = ""

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def text(self, value: float | None) -> str:
        """Return a value as a table shows it.

        Parameters
        ----------
        value : float, optional
        """
        if value is None or isnan(value):
            return MISSING
        return f"{value:.{self.digits}f}" if isfinite(value) else "∞"

    def value(self, figures: Figures | None) -> float | None:
        """Return the figure of this column, None if there is none.

        Parameters
        ----------
        figures : Figures, optional
        """
        value: float | None = None if figures is None else getattr(figures, self.name)
        return value


COLUMNS: Final = (
    Column(
        "brightness",
        "Brightness",
        3,
        "The mean, where the window is 0 to 1. Brighter is not better.",
    ),
    Column(
        "noise",
        "Noise",
        4,
        "Robust standard deviation of the noise (Immerkær 1996, with a median), where the window "
        "is 0 to 1. Brightening amplifies noise with the signal; less noise may also mean less "
        "texture.",
    ),
    Column(
        "rank_correlation",
        "Rank correlation",
        3,
        "Spearman's, with the source: 1 if the order of intensities is kept, below 0 if it is "
        "inverted. It says nothing about what was invented or lost in places.",
    ),
    Column(
        "ssim",
        "SSIM",
        3,
        "Structural similarity with the reference (Wang et al. 2004: Gaussian window, sigma 1.5; "
        "data range 1, each image in its own window).",
    ),
    Column(
        "psnr",
        "PSNR",
        2,
        "Peak signal-to-noise ratio against the reference (data range 1, each image in its own "
        "window). A wrong brightness lowers it more than a wrong texture.",
        "dB",
    ),
)

SECONDS: Final = Column(
    "seconds",
    "Time",
    2,
    "Wall-clock time of one run, without loading the checkpoint.",
    "s",
)

ALL_COLUMNS: Final = (*COLUMNS, SECONDS)
