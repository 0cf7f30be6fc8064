"""A report grows image by image; its page and tables are written at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from errno import EEXIST
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.compare.comparison import Comparison
from napari_zerodce.compare.plane import PlaneInWindow
from napari_zerodce.compare.report.entries import ImageEntry, Pictures, PlaneEntry, ResultEntry
from napari_zerodce.compare.report.page import page
from napari_zerodce.compare.report.pictures import detail_of, save_picture, shown
from napari_zerodce.compare.report.tables import MeanRow, as_csv, as_json, mean_rows
from napari_zerodce.imaging.tiling import Region
from napari_zerodce.whole_file import whole_folder

Array = np.ndarray[Any, Any]

PAGE: Final = "index.html"
FIGURES_JSON: Final = "figures.json"
FIGURES_CSV: Final = "figures.csv"
PICTURES: Final = "pictures"

_OF_FILE_MANAGERS: Final = frozenset({".DS_Store", "Thumbs.db"})
"""Files that file managers leave in each folder that they show, with nothing of the user."""


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
        If it cannot be written, or if something that is no report is in its place.
    """
    with whole_folder(folder) as part:
        writer = ReportWriter(part)
        writer.add(name, comparison, **names)
        writer.write()
        if os.path.lexists(folder) and not is_replaceable(folder):
            raise FileExistsError(EEXIST, os.strerror(EEXIST), str(folder))


def is_replaceable(folder: Path) -> bool:
    """Return whether a folder holds an earlier report and nothing else, or nothing.

    Hidden files, and files between the pictures, are something else too.

    Parameters
    ----------
    folder : Path
    """
    try:
        found = set(_files_in(folder))
    except OSError:  # a file, or nobody may look into it
        return False
    return not found or found <= _files_of_report(folder)


def _files_in(folder: Path) -> Iterator[str]:
    """Yield the paths in a folder of all that would be lost with it."""
    for entry in folder.iterdir():
        is_own = not entry.is_symlink()
        if is_own and entry.is_dir() and entry.name == PICTURES:
            yield from (f"{PICTURES}/{each}" for each in _files_in(entry))
        elif not (is_own and entry.is_file()):
            yield f"{entry.name}/"  # which no report has
        elif entry.name not in _OF_FILE_MANAGERS:
            yield entry.name


def _files_of_report(folder: Path) -> set[str]:
    """Return the files that a report says it has; none if the folder holds no report."""
    try:
        return set(json.loads((folder / FIGURES_JSON).read_text("utf-8"))["files"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return set()


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
