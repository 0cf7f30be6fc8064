"""What each module of an image format has, so that a further format is one module and one row."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from napari_zerodce.imaging.files.image_file import ImageFile


class ImageFormat(Protocol):
    """A module that reads and writes one kind of image file, or several with the same library."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802  a constant of the module
        """Of its files, lower-case and with the dot."""
        ...

    def read(self, path: Path) -> ImageFile:
        """Read an image; raises anything if the file is damaged, `ImageError` to say why not."""
        ...

    def can_hold(self, image: ImageFile, suffix: str) -> bool:
        """Whether a file with that suffix, lower-case, can hold the image without loss of shape."""
        ...

    def write(self, path: Path, image: ImageFile) -> None:
        """Write an image that such a file can hold; the path's suffix is one of the module's."""
        ...
