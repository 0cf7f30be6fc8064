"""Which file becomes which: decided, and refused if two would collide, before anything starts."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.folders import identity_of, images_below

_SEPARATORS = tuple(separator for separator in (os.sep, os.altsep) if separator)


@dataclass(frozen=True)
class FileJob:
    """One image, and where what is made of it goes."""

    source: Path
    target: Path


def plan_files(
    inputs: Sequence[str], output: str, *, suffixes: Collection[str]
) -> tuple[FileJob, ...]:
    """Decide what is made of what.

    Folders are searched with their subfolders, without hidden files, without links to folders and
    without the output folder. A file that does not exist is planned all the same: its failure must
    not keep the others from being done.

    Parameters
    ----------
    inputs : sequence of str
        Files and folders.
    output : str
        A file if there is one input and that is no folder, unless it ends with a separator or is a
        folder already; otherwise a folder.
    suffixes : collection of str
        Lower-case suffixes of image files, with the dot.

    Returns
    -------
    tuple of FileJob
        In the order of the inputs, those of a folder sorted by name.

    Raises
    ------
    RequestError
        If there is nothing to do, the output is the wrong kind of thing, two inputs would give the
        same output, or an output would replace an input.
    """
    if any(not text for text in (*inputs, output)):
        raise RequestError("An input or the output is an empty name; give the path of an image.")
    target = Path(output)
    if len(inputs) == 1 and not is_folder(Path(inputs[0])) and not _means_folder(output):
        _check_suffix(target, suffixes)
        jobs = [FileJob(Path(inputs[0]), target)]
    else:
        _check_folder(output, suffixes)
        jobs = [job for text in inputs for job in _jobs_of(Path(text), target, suffixes)]
    jobs = _without_repetitions(jobs)
    check_collisions(jobs)
    return tuple(jobs)


def image_files(
    inputs: Sequence[str], output: str, *, suffixes: Collection[str]
) -> tuple[Path, ...]:
    """Return the images among files and in folders, each once; folders as in `plan_files`.

    Raises
    ------
    RequestError
        If a name is empty, or a folder has no image.
    """
    if any(not text for text in inputs):
        raise RequestError("An input is an empty name; give the path of an image.")
    jobs = [job for text in inputs for job in _jobs_of(Path(text), Path(output), suffixes)]
    return tuple({identity_of(job.source): job.source for job in jobs}.values())


def _means_folder(output: str) -> bool:
    return output.endswith(_SEPARATORS) or is_folder(Path(output))


def is_folder(path: Path) -> bool:
    """Say whether there is a folder, of any name whatever."""
    try:
        return path.is_dir()
    except OSError:  # its folder may not be looked into, or its name is too long
        return False


def _check_suffix(target: Path, suffixes: Collection[str]) -> None:
    if target.suffix.lower() not in suffixes:
        raise RequestError(
            f"The output {str(target)!r} has no suffix of an image format ({_listed(suffixes)}); "
            f"give it one, or end it with {os.sep!r} if it shall be a folder."
        )


def _check_folder(output: str, suffixes: Collection[str]) -> None:
    target = Path(output)
    if os.path.lexists(target) and not is_folder(target):
        raise RequestError(
            f"The output {output!r} is a file, and several images need a folder; name a folder."
        )
    if target.suffix.lower() in suffixes and not _means_folder(output):
        raise RequestError(
            f"The output {output!r} is named like a file, and several images need a folder; "
            f"end it with {os.sep!r} if a folder shall have this name."
        )


def _jobs_of(source: Path, output: Path, suffixes: Collection[str]) -> Iterator[FileJob]:
    if not is_folder(source):
        yield FileJob(source, output / source.name)
        return
    found = False
    for path in images_below(source, suffixes, skip=output):
        found = True
        yield FileJob(path, output / path.relative_to(source))
    if not found:
        raise RequestError(
            f"There is no image in the folder {str(source)!r}; expected are files named "
            f"{_listed(suffixes)}."
        )


def _without_repetitions(jobs: Sequence[FileJob]) -> list[FileJob]:
    # `enhance photos photos/best.jpg` names one file twice, which harms nobody.
    distinct: dict[tuple[str, str], FileJob] = {}
    for job in jobs:
        distinct.setdefault((identity_of(job.source), identity_of(job.target)), job)
    return list(distinct.values())


def check_collisions(jobs: Sequence[FileJob]) -> None:
    """Raise a `RequestError` if an output would replace an input or another output."""
    sources = {identity_of(job.source): job.source for job in jobs}
    targets: dict[str, FileJob] = {}
    for job in jobs:
        identity = identity_of(job.target)
        if source := sources.get(identity):
            raise RequestError(
                f"The output {str(job.target)!r} would replace the input {str(source)!r}; "
                "choose another output."
            )
        other = targets.setdefault(identity, job)
        if other is not job:
            raise RequestError(
                f"{str(other.source)!r} and {str(job.source)!r} would both become "
                f"{str(job.target)!r}; enhance them into different folders."
            )


def _listed(suffixes: Collection[str]) -> str:
    return ", ".join(sorted(suffixes))
