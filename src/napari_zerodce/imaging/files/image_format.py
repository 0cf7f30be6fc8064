"""The interface of each module that reads and writes one kind of image file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile


class ImageFormat(Protocol):
    """A module that reads and writes one kind of image file, or several kinds with one library.

    It may have two more functions. ``outline`` returns what `read` does, but without the pixels:
    their arrays have the right shapes and dtypes, and their values mean nothing. ``only_here``
    returns, for images of any kind, the names of the facts that no other format's files can hold.
    """

    @property
    def KINDS(self) -> tuple[FileKind, ...]:  # noqa: N802  a constant of the module
        """The kinds of its files."""
        ...

    def read(self, path: Path) -> tuple[ImageFile, ...]:
        """Read all images of a file.

        Images of one shape, dtype and kind of channels are one image with an axis more.

        Raises
        ------
        ImageError
            If the file cannot be read for a reason that the user can remove.
        Exception
            Any other, if the file is damaged.
        """
        ...

    def can_hold(self, images: Sequence[ImageFile], suffix: str) -> bool:
        """Return whether one file can hold images with their shapes and their dtypes.

        Parameters
        ----------
        images : sequence of ImageFile
            At least one.
        suffix : str
            One of a kind that is written.
        """
        ...

    def left_out(self, images: Sequence[ImageFile], suffix: str) -> tuple[str, ...]:
        """Return names of the facts in `details` that a file cannot hold, such as "IPTC".

        Parameters
        ----------
        images : sequence of ImageFile
            Images that `can_hold` accepts.
        suffix : str
        """
        ...

    def write(self, path: Path, images: Sequence[ImageFile]) -> None:
        """Write images into one file.

        Parameters
        ----------
        path : Path
            With a suffix of a kind that is written.
        images : sequence of ImageFile
            Images that `can_hold` accepts.
        """
        ...
