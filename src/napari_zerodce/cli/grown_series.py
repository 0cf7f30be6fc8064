"""Whether a series has grown since some of its outputs were made, so that windows may differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.cli.in_memory import SharedRun


def notes_about_growth(run: SharedRun, finished: Collection[FileJob]) -> Iterator[str]:
    """Yield a sentence for each series of which files came after outputs were finished.

    Parameters
    ----------
    run : SharedRun
        After all files.
    finished : collection of FileJob
        Those that were skipped, because their outputs are older than this run.
    """
    for series, sentence in run.told.items():
        jobs = {job for job, frame in run.frames.items() if frame.series is series}
        before = jobs & {*finished}
        if sentence and before and _came_later(jobs - before, before):
            count = f"{len(before)} of the files in {series.folder.absolute().name!r}"
            yield (
                f"{count} were finished before others came, perhaps with another window; give "
                "--overwrite in place of --skip-existing to make all with one."
            )


def _came_later(made: Collection[FileJob], before: Collection[FileJob]) -> bool:
    """Return whether a source that was enhanced now came after an output of an earlier run."""
    first = min(Path(job.target).stat().st_mtime_ns for job in before)
    return any(_arrival(Path(job.source)) > first for job in made)


def _arrival(path: Path) -> int:
    """Return when a file came to its place: a copy may keep the older time of its content."""
    if not path.exists():
        return 0
    known = path.stat()
    return max(known.st_mtime_ns, known.st_ctime_ns)
