"""Where a report goes: into a new folder, or in the place of an earlier report and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from napari_zerodce.errors import RequestError

FIGURES_JSON: Final = "figures.json"
PICTURES: Final = "pictures"

_OF_FILE_MANAGERS: Final = frozenset({".DS_Store", "Thumbs.db"})
"""Files that file managers leave in each folder that they show, with nothing of the user."""


@dataclass(frozen=True)
class ReportPlace:
    """The folder of a report, which may change as long as the comparison runs.

    Parameters
    ----------
    target : Path
        No link.
    overwrite : bool
        Whether an earlier report is replaced.
    """

    target: Path
    overwrite: bool

    @classmethod
    def of(cls, output: Path, *, overwrite: bool) -> ReportPlace:
        """Return the place that a user names: of a link, where it points.

        Parameters
        ----------
        output : Path
        overwrite : bool

        Raises
        ------
        RequestError
            If something is there that must stay.
        """
        target = Path(os.path.realpath(output)) if output.is_symlink() else output
        place = cls(target, overwrite)
        place.check()
        return place

    def check(self) -> None:
        """Refuse a target where something must stay.

        Raises
        ------
        RequestError
        """
        if not os.path.lexists(self.target):
            return
        if not is_replaceable(self.target):
            raise RequestError(
                f"{self.target} exists already and is no report, or holds other files too, and a "
                "report would replace all of it; choose another folder."
            )
        if not self.overwrite and any(self.target.iterdir()):
            raise RequestError(f"{self.target} exists already; use --overwrite to replace it.")

    def now(self) -> tuple[Path, str]:
        """Return where to put the finished report: beside the target, if that must stay by now.

        Returns
        -------
        path : Path
        problem : str
            A sentence if it is not the target, else empty.
        """
        try:
            self.check()
        except RequestError:
            path = _free_beside(self.target)
            return path, (
                f"{self.target} was made or changed during the comparison and is not replaced; "
                f"the report is in {path}."
            )
        return self.target, ""


def _free_beside(target: Path) -> Path:
    """Return a path beside a target where nothing is."""
    paths = (target.with_name(f"{target.name} {number}") for number in count(2))
    return next(path for path in paths if not os.path.lexists(path))


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
