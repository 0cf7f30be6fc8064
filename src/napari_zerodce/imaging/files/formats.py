"""Which formats there are, and which one a file has, by its suffix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import (
    dicom,
    hdf5,
    imaris,
    microscopes,
    npy,
    npz,
    openexr,
    photos,
    raw,
    tiff,
    video,
)
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.image_format import ImageFormat

FORMATS: Final[tuple[ImageFormat, ...]] = (
    *(photos, raw, tiff, npy, npz),
    *(microscopes, imaris, hdf5, openexr, dicom),
    video,
)
"""All formats. To add one, write one module and add it here."""

BY_SUFFIX: Final = {
    suffix: (form, kind) for form in FORMATS for kind in form.KINDS for suffix in kind.suffixes
}
"""Of each suffix, the module that reads it, and the kind."""

READABLE_SUFFIXES: Final = tuple(BY_SUFFIX)
"""The suffixes of all kinds, also of those whose extra packages are not installed."""

WRITABLE_SUFFIXES: Final = tuple(
    suffix for suffix, (_, kind) in BY_SUFFIX.items() if kind.is_written
)

LISTED: Final = "`napari-zerodce formats` lists"
"""The end of sentences about kinds that are not supported: they are too many to name."""


def installed_suffixes() -> tuple[str, ...]:
    """Return the suffixes of the kinds that can be read here."""
    return tuple(suffix for suffix, (_, kind) in BY_SUFFIX.items() if kind.is_installed)


def result_name(path: Path) -> Path:
    """Return the name of the result of a file: its own, unless its kind is not written.

    Parameters
    ----------
    path : Path
    """
    known = BY_SUFFIX.get(path.suffix.lower())
    return path if known is None or known[1].is_written else path.with_suffix(known[1].result)


def title_of(path: Path) -> str:
    """Return the title of the kind of a file, or its suffix if that is unknown.

    Parameters
    ----------
    path : Path
    """
    known = BY_SUFFIX.get(path.suffix.lower())
    return path.suffix if known is None else known[1].title


def kind_of(path: str | Path) -> FileKind:
    """Return the kind of a file, by its suffix.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ImageError
        If there is no such kind.
    """
    return format_of(Path(path))[1]


def check_installed(path: str | Path) -> None:
    """Raise an `ImageError` if the kind of a file needs a package that is not installed.

    Parameters
    ----------
    path : str or Path
        The file need not exist.
    """
    path = Path(path)
    kind_of(path).check_installed(path.name)


def only_in_others(images: Sequence[ImageFile], suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that only files of other kinds can hold, such as "GeoTIFF".

    Parameters
    ----------
    images : sequence of ImageFile
        From files of any kind.
    suffix : str
        Of a file that is to hold them; also one of no format here, such as ".zarr".
    """
    own, _ = BY_SUFFIX.get(suffix, (None, None))
    asked = (getattr(form, "only_here", None) for form in FORMATS if form is not own)
    return tuple(name for ask in asked if ask for name in ask(images))


def format_of(path: Path) -> tuple[ImageFormat, FileKind]:
    """Return the module and the kind of a file, by its suffix.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ImageError
        If there is no such kind.
    """
    try:
        return BY_SUFFIX[path.suffix.lower()]
    except KeyError:
        raise ImageError(
            f"{path.name} has the suffix {path.suffix!r}, which is not supported; use one that "
            f"{LISTED}."
        ) from None
