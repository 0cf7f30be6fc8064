"""Where a report goes: into a new folder, or in the place of an earlier report and nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from napari_zerodce.compare.report.writer import is_replaceable
from napari_zerodce.errors import RequestError


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
