"""A report grows image by image; its page and tables are written at the end."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.compare.comparison import Comparison
from napari_zerodce.compare.plane import PlaneInWindow
from napari_zerodce.compare.report.entries import ImageEntry, Pictures, PlaneEntry, ResultEntry
from napari_zerodce.compare.report.page import page
from napari_zerodce.compare.report.pictures import detail_of, save_picture, shown
from napari_zerodce.compare.report.place import FIGURES_JSON, PICTURES, ReportPlace
from napari_zerodce.compare.report.tables import MeanRow, as_csv, as_json, mean_rows
from napari_zerodce.imaging.tiling import Region
from napari_zerodce.whole_file import whole_folder

Array = np.ndarray[Any, Any]

PAGE: Final = "index.html"
FIGURES_CSV: Final = "figures.csv"


class ReportWriter:
    """Writes a report into a folder; only figures and names of finished images stay in memory.

    Parameters
    ----------
    folder : Path
        It is created. The caller moves it to its place when it is complete.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._images: list[ImageEntry] = []
        self._pictures: list[str] = []

    @property
    def means(self) -> tuple[MeanRow, ...]:
        """The means over the images so far."""
        return mean_rows(self._images)

    def add(self, name: str, comparison: Comparison, *, reference_name: str = "") -> None:
        """Write the pictures of an image, and keep its figures.

        Parameters
        ----------
        name, reference_name : str
            What to call the image and its reference, such as their files.
        comparison : Comparison

        Raises
        ------
        OSError
            If a picture cannot be written.
        """
        source, reference = comparison.source, comparison.reference
        detail = detail_of(shown(source, source.samples))
        results = tuple(
            ResultEntry.of(each, self._result_pictures(f"{place:02}", source, each.image, detail))
            for place, each in enumerate(comparison.compared)
        )
        own = results[0].pictures
        assert own is not None  # the source has no problem
        other = self._reference(reference_name, reference, source, detail) if reference else None
        entry = _entry(name, source, own)
        self._images.append(ImageEntry(name, entry, other, results, comparison.notices))

    def add_problem(self, name: str, problem: str) -> None:
        """Say why an image is not compared.

        Parameters
        ----------
        name, problem : str
        """
        self._images.append(ImageEntry(name, problem=problem))

    def write(self, *, command: str = "") -> None:
        """Write the page and the tables.

        Parameters
        ----------
        command : str
            The command that makes the report again, if there is one.

        Raises
        ------
        OSError
            If a file cannot be written.
        """
        software = f"napari-zerodce {version('napari-zerodce')}"
        self._folder.mkdir(parents=True, exist_ok=True)
        files = (PAGE, FIGURES_CSV, FIGURES_JSON, *self._pictures)
        content = {
            PAGE: page(self._images, software=software, command=command),
            FIGURES_CSV: as_csv(self._images),
            FIGURES_JSON: as_json(self._images, software=software, command=command, files=files),
        }
        for name, text in content.items():
            (self._folder / name).write_text(text, encoding="utf-8")

    def _result_pictures(
        self, which: str, source: PlaneInWindow, image: Array | None, detail: Region | None
    ) -> Pictures | None:
        return None if image is None else self._save(which, shown(source, image), detail)

    def _reference(
        self, name: str, reference: PlaneInWindow, source: PlaneInWindow, detail: Region | None
    ) -> PlaneEntry:
        same = reference.samples.shape[:2] == source.samples.shape[:2]
        picture = shown(reference, reference.samples)
        return _entry(name, reference, self._save("reference", picture, detail if same else None))

    def _save(self, which: str, picture: Array, detail: Region | None) -> Pictures:
        """Save the pictures of the next image, and return their paths in the report."""
        start = f"{PICTURES}/{len(self._images) + 1:04}-{which}"
        whole, part = f"{start}.png", "" if detail is None else f"{start}-detail.png"
        (self._folder / PICTURES).mkdir(parents=True, exist_ok=True)
        save_picture(self._folder / whole, picture)
        if detail is not None:
            save_picture(self._folder / part, picture[detail])
        self._pictures += [path for path in (whole, part) if path]
        return Pictures(whole, part)


def write_report(folder: Path, name: str, comparison: Comparison, **names: str) -> None:
    """Write the report of one comparison as a folder that appears whole or not at all.

    Parameters
    ----------
    folder : Path
        Replaced if it is an earlier report.
    name : str
        What to call the image.
    comparison : Comparison
    **names
        As in `ReportWriter.add`.

    Raises
    ------
    OSError
        If it cannot be written.
    RequestError
        If something that is no report is in its place.
    """
    with whole_folder(folder) as part:
        writer = ReportWriter(part)
        writer.add(name, comparison, **names)
        writer.write()
        ReportPlace(folder, overwrite=True).check()


def _entry(name: str, plane: PlaneInWindow, pictures: Pictures) -> PlaneEntry:
    height, width = plane.samples.shape[:2]
    return PlaneEntry(
        name,
        plane.window,
        plane.channels,
        plane.samples.dtype.name,
        (width, height),
        plane.index,
        pictures,
    )
