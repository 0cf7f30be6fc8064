"""What a format module has in place of writing, if its kinds are only read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_zerodce.imaging.files.image_file import ImageFile

__all__ = ["can_hold", "left_out", "write"]


def can_hold(_images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return False: no file is written.

    Parameters
    ----------
    _images : sequence of ImageFile
    _suffix : str
    """
    return False


def left_out(_images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return nothing: no file is written.

    Parameters
    ----------
    _images : sequence of ImageFile
    _suffix : str
    """
    return ()


def write(path: Path, _images: Sequence[ImageFile]) -> None:
    """Refuse to write.

    Parameters
    ----------
    path : Path
    _images : sequence of ImageFile

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(f"{path.suffix} files are not written")
