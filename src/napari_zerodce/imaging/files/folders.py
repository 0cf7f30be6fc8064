"""The images in a folder, and whether two paths are the same file."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.urls import Named, Url


def images_below(
    folder: Path,
    suffixes: Collection[str],
    *,
    skip: Path | None = None,
) -> Iterator[Path]:
    """Yield the images in a folder and its subfolders, sorted by name.

    The function ignores hidden files and folders, and links to folders. A folder with one of the
    suffixes, such as .zarr, is an image.

    Parameters
    ----------
    folder : Path
    suffixes : collection of str
        Lower-case, with the dot.
    skip : Path, optional
        A folder to ignore, because earlier results are not input.

    Raises
    ------
    RequestError
        If a folder cannot be read.
    """
    return (path for path, is_image in _files_below(folder, suffixes, skip) if is_image)


def others_below(
    folder: Path, suffixes: Collection[str], *, skip: Path | None = None
) -> list[Path]:
    """Return the files in a folder and its subfolders that are no images.

    Parameters
    ----------
    folder, suffixes, skip
        As in `images_below`.

    Raises
    ------
    RequestError
        As in `images_below`.
    """
    return [path for path, is_image in _files_below(folder, suffixes, skip) if not is_image]


def _files_below(
    folder: Path, suffixes: Collection[str], skip: Path | None
) -> Iterator[tuple[Path, bool]]:
    """Yield each file, and each folder with one of the suffixes, and whether it is an image."""
    skipped = None if skip is None else identity_of(skip)
    for parent, folders, files in os.walk(folder, onerror=_refuse_folder):
        # os.walk goes only into the folders that stay in this list.
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and identity_of(Path(parent, name)) != skipped
        )
        images = [name for name in folders if Path(name).suffix.lower() in suffixes]
        folders[:] = [name for name in folders if name not in images]
        for name in sorted([*images, *files]):
            # macOS writes "._photo.jpg" beside "photo.jpg" on disks with another file system.
            if not name.startswith("."):
                yield Path(parent, name), Path(name).suffix.lower() in suffixes


def identity_of(path: Named) -> str:
    """Return a text that is equal for two paths to the same file, or for equal URLs."""
    if isinstance(path, Url):
        return path.rstrip("/")
    resolved = os.path.realpath(path)  # unlike Path.resolve, accepts a link that leads to itself
    # On these systems two names that differ only in case are the same file.
    return resolved.casefold() if sys.platform in {"darwin", "win32"} else resolved


def _refuse_folder(err: OSError) -> None:
    raise RequestError(
        f"The folder {err.filename!r} cannot be read: {err.strerror}; ask its owner for access."
    ) from err
