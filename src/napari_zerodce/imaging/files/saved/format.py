"""The interface of each module that saves images in one kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from napari_zerodce.imaging.files.saved.image import Follow, SavedImage


class SavedFormat(Protocol):
    """A module that writes images with all that belongs to them, and reads them again."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802  a constant of the module
        """Endings of its files, lower-case; the first one is added to a name without any."""
        ...

    def write(self, path: Path, image: SavedImage, follow: Follow) -> None:
        """Write an image whole or not at all; an old file is replaced.

        Parameters
        ----------
        path : Path
            Its folder exists.
        image : SavedImage
        follow : callable
            Called after each plane or block.

        Raises
        ------
        ImageError
            If the format cannot hold the image, or must not replace what is there.
        OSError
            If the file cannot be written.
        """
        ...

    def mark_of(self, path: Path) -> Mapping[str, Any] | None:
        """Return the mark in a file, without its pixels; None if this program did not save it.

        Raises
        ------
        Exception
            Any, if the file is missing or damaged.
        """
        ...

    def read(self, path: Path) -> SavedImage:
        """Read a file that has a mark; large pixels stay on disk.

        Raises
        ------
        Exception
            Any, if the file is damaged.
        """
        ...
