"""What a report says about an image: plain frozen values, without its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from napari_zerodce.compare.columns import SECONDS, Column
from napari_zerodce.compare.comparison import Compared
from napari_zerodce.compare.figures import Figures
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.imaging.planes import Channels
from napari_zerodce.imaging.windows import Window


@dataclass(frozen=True)
class Pictures:
    """The pictures of an image in the report.

    Parameters
    ----------
    whole : str
        Path of the PNG in the report.
    detail : str
        Path of a part pixel by pixel; empty if the whole is shown so.
    """

    whole: str
    detail: str = ""


@dataclass(frozen=True)
class ResultEntry:
    """A candidate on one image.

    Parameters
    ----------
    title : str
    pictures : Pictures, optional
        None if there is a problem.
    figures : Figures, optional
    seconds : float, optional
    about, problem : str
    provenance : Provenance, optional
    notices : tuple of str
        As in `Compared`.
    """

    title: str
    pictures: Pictures | None = None
    figures: Figures | None = None
    seconds: float | None = None
    about: str = ""
    problem: str = ""
    provenance: Provenance | None = None
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, compared: Compared, pictures: Pictures | None) -> ResultEntry:
        """Return the entry of a result.

        Parameters
        ----------
        compared : Compared
        pictures : Pictures, optional
        """
        return cls(
            compared.title,
            pictures,
            compared.figures,
            compared.seconds,
            compared.about,
            compared.problem,
            compared.provenance,
            compared.notices,
        )

    def value(self, column: Column) -> float | None:
        """Return what stands in a column."""
        return self.seconds if column is SECONDS else column.value(self.figures)


@dataclass(frozen=True)
class PlaneEntry:
    """The compared plane, or the reference.

    Parameters
    ----------
    name : str
        Such as its file.
    window : Window
    channels : {"mono", "rgb", "rgba"}
    dtype : str
    size : tuple of int
        Width and height in pixels.
    index : tuple of int
        Of the plane in the leading axes.
    pictures : Pictures
    """

    name: str
    window: Window
    channels: Channels
    dtype: str
    size: tuple[int, int]
    index: tuple[int, ...]
    pictures: Pictures


@dataclass(frozen=True)
class ImageEntry:
    """An image with all its results, or why it has none.

    Parameters
    ----------
    name : str
        Such as its file.
    source : PlaneEntry, optional
    reference : PlaneEntry, optional
    results : tuple of ResultEntry
    notices : tuple of str
    problem : str
    """

    name: str
    source: PlaneEntry | None = None
    reference: PlaneEntry | None = None
    results: tuple[ResultEntry, ...] = ()
    notices: tuple[str, ...] = ()
    problem: str = ""
