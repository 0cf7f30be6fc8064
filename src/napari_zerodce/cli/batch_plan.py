"""The plan of a batch: which image becomes which, for paths that are valid on each worker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.cli.file_plan import FileJob, plan_files
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES


def plan_batch(inputs: Sequence[str], output: str) -> tuple[BatchImage, ...]:
    """Return the images of a batch.

    Parameters
    ----------
    inputs : sequence of str
        Image files, and folders that are searched with their subfolders.
    output : str
        A folder.

    Raises
    ------
    RequestError
        As `plan_files`.
    """
    folder = f"{output.rstrip(os.sep)}{os.sep}"
    jobs = plan_files(inputs, folder, suffixes=READABLE_SUFFIXES)
    return tuple(_image_of(job, Path(output)) for job in jobs)


def _image_of(job: FileJob, output: Path) -> BatchImage:
    name = job.target.relative_to(output).as_posix()
    return BatchImage(str(job.source.absolute()), str(job.target.absolute()), "file", name)
