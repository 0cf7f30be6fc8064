"""The plan of a command: which file becomes which, and whether two outputs would collide."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.folders import identity_of, images_below
from napari_zerodce.imaging.files.formats import (
    LISTED,
    READABLE_SUFFIXES,
    result_name,
    title_of,
)
from napari_zerodce.imaging.files.ome_zarr import SUFFIX, is_ome_zarr, ome_zarr_above
from napari_zerodce.imaging.files.urls import Named, Url, named

_SEPARATORS = tuple(separator for separator in (os.sep, os.altsep) if separator)


@dataclass(frozen=True)
class FileJob:
    """The path or URL of one image, and that of its output."""

    source: Named
    target: Named


def plan_files(
    inputs: Sequence[str],
    output: str,
    *,
    suffixes: Collection[str],
    written: Collection[str] = (),
) -> tuple[FileJob, ...]:
    """Return the output path for each image.

    Folders are searched with their subfolders, but without hidden files, links to folders and the
    output folder. The plan contains files that do not exist, too: their failure must not stop the
    others.

    Parameters
    ----------
    inputs : sequence of str
        Files, folders, and URLs of OME-Zarr. The folder of an OME-Zarr is an image.
    output : str
        A file if there is one input and it is not a folder; otherwise a folder. A path that ends
        with a separator, or is an existing folder of files, is always a folder.
    suffixes : collection of str
        Lower-case suffixes of image files, with the dot.
    written : collection of str
        Those of the files that can be written, by default the same.

    Returns
    -------
    tuple of FileJob
        In the order of the inputs; the images of a folder are sorted by name.

    Raises
    ------
    RequestError
        If there is no image, the output has the wrong suffix or must be a folder and is a file, two
        inputs would give the same output, or an output would replace an input.
    """
    if any(not text for text in (*inputs, output)):
        raise RequestError("An input or the output is an empty name; give the path of an image.")
    for text in (*inputs, output):
        _check_url(text)
    target = named(output)
    written = written or suffixes
    if len(inputs) == 1 and not is_folder(named(inputs[0])) and not _means_folder(output):
        _check_suffix(target, written)
        jobs = [FileJob(named(inputs[0]), target)]
    else:
        _check_folder(output, written)
        jobs = [job for text in inputs for job in _jobs_of(named(text), target, suffixes)]
    jobs = with_whole_names(_without_repetitions(jobs))
    check_collisions(jobs)
    return tuple(jobs)


def image_files(
    inputs: Sequence[str], output: str, *, suffixes: Collection[str]
) -> tuple[Path, ...]:
    """Return the paths of all images, each once.

    Parameters
    ----------
    inputs : sequence of str
        Files and folders; folders are searched as in `plan_files`.
    output : str
        A folder that is not searched.
    suffixes : collection of str
        Lower-case suffixes of image files, with the dot.

    Returns
    -------
    tuple of Path
        In the order of the inputs.

    Raises
    ------
    RequestError
        If a name is empty, or a folder has no image.
    """
    if any(not text for text in inputs):
        raise RequestError("An input is an empty name; give the path of an image.")
    jobs = [job for text in inputs for job in _jobs_of(Path(text), Path(output), suffixes)]
    paths = {identity_of(job.source): job.source for job in jobs}
    return tuple(path for path in paths.values() if isinstance(path, Path))


def _check_url(text: str) -> None:
    if isinstance(named(text), Url) and not is_ome_zarr(named(text)):
        raise RequestError(
            f"{text!r} is a URL, and only OME-Zarr is read and written there; give a URL that ends "
            f"with {SUFFIX}, or copy the files."
        )


def _means_folder(output: str) -> bool:
    return output.endswith(_SEPARATORS) or is_folder(named(output))


def is_folder(path: Named) -> bool:
    """Return whether a path is a folder of files. It may be too long or inaccessible.

    Parameters
    ----------
    path : Path or Url
    """
    if isinstance(path, Url):
        return False
    try:
        return path.is_dir() and not is_ome_zarr(path)
    except OSError:  # the parent folder is not accessible, or the name is too long
        return False


def _check_suffix(target: Named, suffixes: Collection[str]) -> None:
    if target.suffix.lower() in suffixes:
        return
    if target.suffix.lower() in READABLE_SUFFIXES:
        raise RequestError(
            f"The output {str(target)!r} cannot be made: {title_of(Path(target.name))} is read, "
            f"but not written; end it with {result_name(Path(target.name)).suffix}."
        )
    raise RequestError(
        f"The output {str(target)!r} has no suffix of an image format; give it one that {LISTED}, "
        f"or end it with {os.sep!r} if it is a folder."
    )


def _check_folder(output: str, suffixes: Collection[str]) -> None:
    target = named(output)
    if os.path.lexists(target) and not is_folder(target):
        raise RequestError(
            f"The output {output!r} is a file, and several images need a folder; give a folder."
        )
    if target.suffix.lower() in suffixes and not _means_folder(output):
        raise RequestError(
            f"The output {output!r} has the suffix of a file, and several images need a folder; "
            f"end it with {os.sep!r} if it is a folder."
        )


def _jobs_of(source: Named, output: Named, suffixes: Collection[str]) -> Iterator[FileJob]:
    if isinstance(source, Url) or not is_folder(source):
        yield FileJob(source, output / result_name(Path(source.name)).as_posix())
        return
    found = False
    for path in images_below(source, suffixes, skip=Path(output)):
        found = True
        yield FileJob(path, output / result_name(path.relative_to(source)).as_posix())
    if not found:
        _refuse_part_of_zarr(source)
        raise RequestError(
            f"There is no image in the folder {str(source)!r}; give a folder of files of the kinds "
            f"that {LISTED}."
        )


def _refuse_part_of_zarr(folder: Path) -> None:
    if whole := ome_zarr_above(folder):
        raise RequestError(
            f"The folder {str(folder)!r} is a part of the OME-Zarr {whole.name}; give the whole "
            f"image, {str(whole)!r}."
        )


def _without_repetitions(jobs: Sequence[FileJob]) -> list[FileJob]:
    # `enhance photos photos/best.jpg` names one file twice, which does no harm.
    distinct: dict[tuple[str, str], FileJob] = {}
    for job in jobs:
        distinct.setdefault((identity_of(job.source), identity_of(job.target)), job)
    return list(distinct.values())


def with_whole_names(jobs: Sequence[FileJob]) -> list[FileJob]:
    """Return jobs of which those keep their old suffix whose output would be that of another.

    The files night.png and night.qoi, a kind that is not written, become night.png and
    night.qoi.png.

    Parameters
    ----------
    jobs : sequence of FileJob
        Each once.
    """
    counts = Counter(identity_of(job.target) for job in jobs)
    return [
        replace(job, target=_whole_name(job)) if counts[identity_of(job.target)] > 1 else job
        for job in jobs
    ]


def _whole_name(job: FileJob) -> Named:
    source, target = job.source, job.target
    has_new_suffix = result_name(Path(source.name)).name == target.name != source.name
    if isinstance(target, Url) or not has_new_suffix:
        return target
    return target.with_name(f"{source.name}{target.suffix}")


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
                f"{str(job.target)!r}; write them to different folders."
            )
