"""The interface of each module that reads and writes one kind of image file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from napari_zerodce.imaging.files.image_file import ImageFile


class ImageFormat(Protocol):
    """A module that reads and writes one kind of image file, or several kinds with one library."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802  a constant of the module
        """Suffixes of its files, lower-case and with the dot."""
        ...

    @property
    def LOSSY(self) -> tuple[str, ...]:  # noqa: N802
        """The suffixes whose files hold only nearly the samples that are written."""
        ...

    def read(self, path: Path) -> ImageFile:
        """Read an image.

        Raises
        ------
        ImageError
            If the file cannot be read for a reason that the user can remove.
        Exception
            Any other, if the file is damaged.
        """
        ...

    def can_hold(self, image: ImageFile, suffix: str) -> bool:
        """Return whether a file can hold an image with its shape and its dtype.

        Parameters
        ----------
        image : ImageFile
        suffix : str
            One of `SUFFIXES`.
        """
        ...

    def write(self, path: Path, image: ImageFile) -> None:
        """Write an image.

        Parameters
        ----------
        path : Path
            With one of `SUFFIXES`.
        image : ImageFile
            An image that `can_hold` accepts.
        """
        ...
